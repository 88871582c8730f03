// SPDX-License-Identifier: MIT
//
// A directory's entries, one after the other.
//
//   struct fat_cursor cursor = {.directory = directory};
//   while ((more = fat_next_entry(&cursor, &position, &found)) > 0) ...
//   fat_cursor_end(&cursor);
//
// Entries have 32 bytes and never lie in two blocks. Those of a long name come before their
// file's, and are put together here. Chapter 19.
#include "endian.h"
#include "error.h"
#include "fs/fat_inode.h"
#include "string.h"

int fat_cursor_at(struct fat_cursor *cursor, uint64_t position, uint8_t **entry)
{
    struct fat *fat = cursor->directory->fat;
    if (position < cursor->position || position >= cursor->end) {
        uint64_t length;
        cursor->end = 0;
        int error = fat_map(cursor->directory, position, CACHE_BLOCK_SIZE, &cursor->offset,
                            &length);
        if (error)
            return error;
        cursor->position = position;
        cursor->end = position + length;
    }
    cursor->place = cursor->offset + (position - cursor->position);
    uint64_t number = cursor->place / CACHE_BLOCK_SIZE;
    if (!cursor->block || cursor->block->number != number) {
        fat_cursor_end(cursor);
        int error = cache_get(fat->device, number, &cursor->block);
        if (error) {
            cursor->block = NULL;
            return error;
        }
    }
    *entry = cursor->block->data + cursor->place % CACHE_BLOCK_SIZE;
    return 0;
}

void fat_cursor_end(struct fat_cursor *cursor)
{
    cache_put(cursor->block);
    cursor->block = NULL;
}

static bool is_long_piece(const uint8_t *entry)
{
    return (entry[FAT_ATTRIBUTES] & FAT_LONG_MASK) == FAT_IS_LONG;
}

// Whether it stands for a file or directory that has a name here.
static bool is_file(const uint8_t *entry)
{
    return entry[0] != FAT_REMOVED && entry[0] != '.' && entry[0] != ' ' &&
           !(entry[FAT_ATTRIBUTES] & FAT_IS_VOLUME);
}

int fat_next_entry(struct fat_cursor *cursor, uint64_t *position, struct fat_found *found)
{
    found->name.count = 0;
    while (*position < cursor->directory->inode.size) {
        uint8_t *entry;
        int error = fat_cursor_at(cursor, *position, &entry);
        if (error)
            return error;
        if (entry[0] == FAT_NO_ENTRY)
            return 0;
        uint64_t here = *position;
        *position += FAT_ENTRY_SIZE;
        if (entry[0] != FAT_REMOVED && is_long_piece(entry)) {
            fat_add_long_piece(&found->name, entry, here);
        } else if (is_file(entry)) {
            fat_end_long_name(&found->name, entry);
            found->position = here;
            found->place = cursor->place;
            memcpy(found->entry, entry, FAT_ENTRY_SIZE);
            return 1;
        } else {
            found->name.count = 0;
        }
    }
    return 0;
}
