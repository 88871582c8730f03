// SPDX-License-Identifier: MIT
//
// A directory's names, sorted.
// Chapter 13.
#include "directory.h"

enum { ROOM_FIRST = 16 };

// ---- Sorting ----------------------------------------------------------------------------
// Merges two sorted runs that lie side by side; equal ones keep their order.
static void merge(void **from, size_t middle, size_t count, void **to,
                  bool (*before)(const void *b, const void *a))
{
    size_t left = 0, right = middle;
    for (size_t i = 0; i < count; i++) {
        bool take_right = right < count && (left == middle || before(from[right], from[left]));
        to[i] = from[take_right ? right++ : left++];
    }
}

// Runs of 1, 2, 4 ... are merged, to and fro between two arrays.
int sort_pointers(void **items, size_t count, bool (*before)(const void *b, const void *a))
{
    void **other = os_alloc((count + 1) * sizeof(void *)), **from = items, **to = other;
    if (!other)
        return -ENOMEM;
    for (size_t run = 1; run < count; run *= 2) {
        for (size_t i = 0; i < count; i += 2 * run) {
            size_t length = count - i < 2 * run ? count - i : 2 * run;
            merge(from + i, run < length ? run : length, length, to + i, before);
        }
        void **swap = from;
        from = to;
        to = swap;
    }
    if (from != items)
        memcpy(items, from, count * sizeof(void *));
    os_free(other);
    return 0;
}

static bool name_is_before(const void *b, const void *a)
{
    const struct directory_entry *second = b, *first = a;
    return strcmp(second->name, first->name) < 0;
}

// ---- Reading ----------------------------------------------------------------------------
static int append(struct directory *directory, const struct os_entry *entry)
{
    if (directory->count == directory->room) {
        size_t room = directory->room ? directory->room * 2 : ROOM_FIRST;
        void *larger = os_resize(directory->entries, room * sizeof(directory->entries[0]));
        if (!larger)
            return -ENOMEM;
        directory->entries = larger;
        directory->room = room;
    }
    size_t size = strlen(entry->name) + 1;
    struct directory_entry *copy = os_alloc(sizeof(*copy) + size);
    if (!copy)
        return -ENOMEM;
    copy->type = entry->type;
    memcpy(copy->name, entry->name, size);
    directory->entries[directory->count++] = copy;
    return 0;
}

static int read_entries(int handle, struct directory *directory)
{
    struct os_entry entry;
    int result;
    while ((result = os_read_directory(handle, &entry)) > 0) {
        result = append(directory, &entry);
        if (result)
            break;
    }
    if (result == 0)
        result = sort_pointers((void **)directory->entries, directory->count, name_is_before);
    return result;
}

int directory_read(const char *path, struct directory *directory)
{
    memset(directory, 0, sizeof(*directory));
    int handle = os_open(path, OS_READ_ONLY | OS_DIRECTORY);
    if (handle < 0)
        return handle;
    int error = read_entries(handle, directory);
    os_close(handle);
    if (error)
        directory_free(directory);
    return error;
}

void directory_free(struct directory *directory)
{
    for (size_t i = 0; i < directory->count; i++)
        os_free(directory->entries[i]);
    os_free(directory->entries);
    memset(directory, 0, sizeof(*directory));
}
