// SPDX-License-Identifier: MIT
//
// FAT's files and directories: see fat_parts.h, which this belongs to. Chapter 19.
#pragma once

#include "fs/fat_parts.h"

// ---- fat_inode.c -----------------------------------------------------------------------
int fat_read_inode(struct mount *mount, uint64_t number, struct inode **inode);
void fat_release_inode(struct inode *inode);
// A directory whose chain begins there (0: the root), without its entry.
int fat_open_directory(struct fat *fat, uint32_t first, struct fat_inode *directory);
// Its size, times and first cluster go into its entry.
int fat_update_entry(struct fat_inode *inode);
void fat_touch(struct fat_inode *inode); // modified now; fat_update_entry() is the caller's
int fat_set_times(struct inode *inode, const uint64_t times_ns[2]);
void fat_status(struct inode *inode, struct os_status *status);
uint32_t fat_entry_cluster(const struct fat *fat, const uint8_t *entry);
void fat_set_entry_cluster(const struct fat *fat, uint8_t *entry, uint32_t cluster);
// It has no name any more, and a number that no place has.
void fat_make_orphan(struct fat_inode *inode);

// ---- fat_file.c ------------------------------------------------------------------------
// Where the bytes from `position` on lie: the offset on the device, and how many of them,
// up to `wanted`, are there in one piece. -EIO: its clusters end before.
int fat_map(struct fat_inode *inode, uint64_t position, uint64_t wanted, uint64_t *offset,
            uint64_t *length);
// The number of the file's cluster with that index.
int fat_cluster_at(struct fat_inode *inode, uint32_t index, uint32_t *cluster);
int fat_cut_tail(struct fat_inode *inode); // makes its chain end where the file does
int fat_write_zeros(struct fat *fat, uint64_t offset, uint64_t size);
int fat_read(struct inode *inode, uint64_t offset, void *buffer, size_t size);
int fat_write(struct inode *inode, uint64_t offset, const void *bytes, size_t size);
int fat_truncate(struct inode *inode, uint64_t size);

// ---- fat_entry.c -----------------------------------------------------------------------
// Goes over a directory's entries; keeps a reference to the block that it is in.
struct fat_cursor {
    struct fat_inode *directory;
    struct cache_block *block;
    uint64_t position, end, offset; // this piece of the directory, and where it lies
    uint64_t place;                 // of the entry found last
};
// The entry at a position. 0, with a pointer into the block.
int fat_cursor_at(struct fat_cursor *cursor, uint64_t position, uint8_t **entry);
void fat_cursor_end(struct fat_cursor *cursor);

// A file as its directory has it.
struct fat_found {
    uint64_t position;          // in the directory, of its short entry
    uint64_t place;             // of that on the device
    uint8_t entry[FAT_ENTRY_SIZE];
    struct fat_long_name name;  // count 0: it has only the short one
};
// The next one from *position on, which moves behind it. 1; 0: the end. Without volume
// names, ".", "..".
int fat_next_entry(struct fat_cursor *cursor, uint64_t *position, struct fat_found *found);
static inline uint64_t fat_first_position(const struct fat_found *found)
{
    return found->name.count > 0 ? found->name.position : found->position;
}

// ---- fat_directory.c -------------------------------------------------------------------
int fat_find(struct fat_inode *directory, const char *name, size_t length,
             struct fat_found *found); // 0, -ENOENT
int fat_lookup(struct inode *directory, const char *name, size_t length, uint64_t *number);
int fat_list(struct inode *directory, uint64_t *position, struct os_entry *entry);
int fat_is_empty(struct inode *directory);
// Adds a name with the entry's attributes, cluster, size and times. *place: where it is.
int fat_add(struct fat_inode *directory, const char *name, size_t length,
            const uint8_t *entry, uint64_t *place);
int fat_remove(struct fat_inode *directory, const struct fat_found *found);

// ---- fat_change.c ----------------------------------------------------------------------
int fat_create(struct inode *directory, const char *name, size_t length,
               enum os_file_type type, const char *target, uint64_t *number);
int fat_unlink(struct inode *directory, const char *name, size_t length, struct inode *inode);
int fat_rename(const struct rename *rename);
