// SPDX-License-Identifier: MIT
//
// What is in an image: lines for `tsfs IMAGE ls`, and all that is known, for `stat`.
#include "list.h"

#include <stddef.h>

#include "copy.h"
#include "error.h"
#include "format.h"
#include "fs/vfs.h"
#include "heap.h"
#include "string.h"
#include "tool.h"
#include "wallclock.h"

static int complain(const char *path, int error)
{
    tool_complain("%s: %s", path, error_text(error));
    return error;
}

int image_status(const char *path, bool follow, struct os_status *status)
{
    struct inode *inode;
    int error = vfs_find(path, follow, &inode);
    if (error)
        return error;
    *status = (struct os_status){0};
    vfs_fill_status(inode, status);
    inode_put(inode);
    return 0;
}

// ---- One file ---------------------------------------------------------------------------
static const char *kind_of(enum os_file_type type)
{
    return type == OS_TYPE_DIRECTORY ? "folder" : type == OS_TYPE_SYMLINK ? "link" : "file";
}

static void format_time(uint64_t ns, char text[32])
{
    struct wallclock_date date;
    wallclock_to_date(ns / 1000000000, &date);
    snprintf(text, 32, "%04d-%02d-%02d %02d:%02d:%02d", date.year, date.month, date.day,
             date.hour, date.minute, date.second);
}

static int print_line(const char *path, const char *name, const struct os_status *status)
{
    char time[32];
    format_time(status->modified_ns, time);
    tool_print("%-6s %4u %12llu  %s  %s", kind_of(status->type), (unsigned)status->links,
               (unsigned long long)status->size, time, name);
    if (status->type == OS_TYPE_SYMLINK) {
        char *target = heap_alloc(OS_PATH_MAX);
        int length = target ? vfs_read_link(path, target, OS_PATH_MAX) : -ENOMEM;
        if (length >= 0)
            tool_print(" -> %s", target);
        heap_free(target);
        if (length < 0)
            return complain(path, length);
    }
    tool_print("\n");
    return 0;
}

// Names of a folder, sorted by bytes.
struct listing {
    char **names;
    size_t count, room;
};

static void free_listing(struct listing *listing)
{
    for (size_t i = 0; i < listing->count; i++)
        heap_free(listing->names[i]);
    heap_free(listing->names);
}

static int add_name(struct listing *listing, const char *name)
{
    if (listing->count == listing->room) {
        size_t room = listing->room ? listing->room * 2 : 64;
        char **names = heap_resize(listing->names, room * sizeof(*names));
        if (!names)
            return -ENOMEM;
        listing->names = names;
        listing->room = room;
    }
    char *copy = heap_copy_string(name);
    if (!copy)
        return -ENOMEM;
    listing->names[listing->count++] = copy;
    return 0;
}

// Sinks the name at i to where it belongs in the heap of the first `count`.
static void sink(char **names, size_t i, size_t count)
{
    for (size_t child; (child = 2 * i + 1) < count; i = child) {
        if (child + 1 < count && strcmp(names[child], names[child + 1]) < 0)
            child++;
        if (strcmp(names[i], names[child]) >= 0)
            return;
        char *name = names[i];
        names[i] = names[child];
        names[child] = name;
    }
}

static void sort(const struct listing *listing)
{
    char **names = listing->names;
    for (size_t i = listing->count / 2; i-- > 0;)
        sink(names, i, listing->count);
    for (size_t left = listing->count; left > 1; left--) {
        char *largest = names[0];
        names[0] = names[left - 1];
        names[left - 1] = largest;
        sink(names, 0, left - 1);
    }
}

static int read_names(const char *path, struct listing *listing)
{
    struct file *folder;
    struct os_entry *entry = heap_alloc(sizeof(*entry));
    int found = entry ? vfs_open(path, OS_READ_ONLY | OS_DIRECTORY, &folder) : -ENOMEM;
    if (!found) {
        while ((found = file_list(folder, entry)) > 0 && found == 1) {
            int error = add_name(listing, entry->name);
            if (error)
                found = error;
            if (error)
                break;
        }
        file_put(folder);
    }
    heap_free(entry);
    sort(listing);
    return found;
}

static int list_folder(struct place *place, bool recursive);

static int list_entry(struct place *place, const char *name, bool recursive, bool headings)
{
    struct os_status status;
    size_t before;
    int error = place_enter(place, name, &before);
    error = error ? error : image_status(place->path, false, &status);
    if (error)
        complain(place->path, error);
    else if (!headings)
        error = print_line(place->path, name, &status);
    else if (recursive && status.type == OS_TYPE_DIRECTORY)
        error = list_folder(place, true);
    place_leave(place, before);
    return error;
}

static int list_folder(struct place *place, bool recursive)
{
    struct listing listing = {0};
    int error = read_names(place->path, &listing);
    if (error)
        complain(place->path, error);
    if (recursive)
        tool_print("%s:\n", place->path);
    for (int headings = 0; headings < 1 + recursive; headings++) {
        for (size_t i = 0; i < listing.count && !error; i++)
            error = list_entry(place, listing.names[i], recursive, headings);
    }
    free_listing(&listing);
    return error;
}

int list_path(struct place *place, bool recursive)
{
    struct os_status status;
    int error = image_status(place->path, false, &status);
    if (error)
        return complain(place->path, error);
    return status.type == OS_TYPE_DIRECTORY ? list_folder(place, recursive)
                                            : print_line(place->path, place->path, &status);
}

// ---- All that is known ------------------------------------------------------------------
static void print_time(const char *what, uint64_t ns)
{
    char time[32];
    format_time(ns, time);
    tool_print("%-9s %s\n", what, time);
}

int list_status(const char *path)
{
    struct os_status status;
    int error = image_status(path, false, &status);
    if (error)
        return complain(path, error);
    tool_print("%-9s %s\n", kind_of(status.type), path);
    tool_print("number    %llu\n", (unsigned long long)status.number);
    tool_print("names     %u\n", (unsigned)status.links);
    tool_print("size      %llu bytes\n", (unsigned long long)status.size);
    tool_print("takes     %llu sectors of 512 bytes\n", (unsigned long long)status.blocks);
    print_time("modified", status.modified_ns);
    print_time("changed", status.changed_ns);
    print_time("accessed", status.accessed_ns);
    return 0;
}

int list_file_system(void)
{
    struct os_fs_info info = {0};
    int error = vfs_info("/", &info);
    if (error)
        return complain("/", error);
    tool_print("blocks    %llu of %u bytes, %llu of them free\n",
               (unsigned long long)info.blocks, (unsigned)info.block_size,
               (unsigned long long)info.blocks_free);
    tool_print("files     room for %llu, for %llu more\n", (unsigned long long)info.files,
               (unsigned long long)info.files_free);
    return 0;
}
