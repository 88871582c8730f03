// SPDX-License-Identifier: MIT
//
// Names while trees are copied: the path so far, and files that have several.
#include "copy.h"
#include "error.h"
#include "heap.h"
#include "string.h"

int place_set(struct place *place, const char *path)
{
    place->length = strlen(path);
    if (place->length >= PLACE_SIZE)
        return -ENAMETOOLONG;
    memcpy(place->path, path, place->length + 1);
    return 0;
}

int place_enter(struct place *place, const char *name, size_t *before)
{
    size_t length = strlen(name), at = place->length;
    *before = at;
    if (at + 1 + length >= PLACE_SIZE)
        return -ENAMETOOLONG;
    if (at == 0 || place->path[at - 1] != '/')
        place->path[at++] = '/';
    memcpy(place->path + at, name, length + 1);
    place->length = at + length;
    return 0;
}

void place_leave(struct place *place, size_t before)
{
    place->length = before;
    place->path[before] = '\0';
}

const char *linked_find(const struct linked_files *files, uint64_t device, uint64_t number)
{
    for (size_t i = 0; i < files->count; i++) {
        const struct linked_file *file = &files->list[i];
        if (file->device == device && file->number == number)
            return file->copy;
    }
    return NULL;
}

int linked_add(struct linked_files *files, uint64_t device, uint64_t number, const char *copy)
{
    if (files->count == files->room) {
        size_t room = files->room ? files->room * 2 : 64;
        struct linked_file *list = heap_resize(files->list, room * sizeof(*list));
        if (!list)
            return -ENOMEM;
        files->list = list;
        files->room = room;
    }
    char *name = heap_copy_string(copy);
    if (!name)
        return -ENOMEM;
    files->list[files->count++] = (struct linked_file){device, number, name};
    return 0;
}

void linked_free(struct linked_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        heap_free(files->list[i].copy);
    heap_free(files->list);
    *files = (struct linked_files){0};
}
