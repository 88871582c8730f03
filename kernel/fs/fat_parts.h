// SPDX-License-Identifier: MIT
//
// What FAT's files share with each other. The format is that of Microsoft's "FAT: General
// Overview of On-Disk Format", 1.03 ("the specification" in the comments).
//
//   boot sector | FAT | its copy | root directory (12, 16) | cluster 2 | cluster 3 | ...
//
// The data area is cut into clusters. The FAT has a number for each: of the cluster that
// comes after it in its file, or one that says "end", "free" or "bad". A directory is a file
// of entries of 32 bytes, each with a name, a size and the number of a first cluster.
//
//   fat_mount.c      the boot sector, checked; mounting           fat_table.c   the FAT
//   fat_order.c      what reaches the disk before what            fat_name.c    long names
//   fat_short.c      names of 8 and 3 characters                  fat_time.c    dates
//   fat_entry.c      entries of a directory, one by one           fat_inode.c   inodes
//   fat_directory.c  finding, adding and removing names           fat_file.c    contents
//   fat_change.c     create, unlink, rename               fat_writer.c  syncing, later
//
// Chapter 19.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cache.h"
#include "fs/vfs.h"
#include "list.h"

enum {
    FAT_FIRST_CLUSTER = 2, // the FAT's first two numbers are no clusters
    FAT_ENTRY_SIZE = 32,
    FAT_NAME_UNITS = 255,  // of UTF-16, in a long name
    FAT_SHORT_SIZE = 11,
    FAT_DIRECTORY_MAX = 2 << 20, // bytes: 65536 entries
    FAT_ROOT_NUMBER = 1,         // of the inode
    FAT_HELD_MAX = 64,
    FAT_FREED_MAX = 128,
};
// What the FAT says of a cluster, if not which one is next. Those of 32 bits: smaller ones
// are cut.
#define FAT_FREE 0u
#define FAT_BAD 0x0ffffff7u
#define FAT_END 0x0fffffffu

// An entry's fields (the specification, "Directory Structure").
enum fat_field {
    FAT_NAME = 0,
    FAT_ATTRIBUTES = 11,
    FAT_CASE = 12, // Windows NT's note that a short name is in lower case
    FAT_CREATED_TENTH = 13, FAT_CREATED_TIME = 14, FAT_CREATED_DATE = 16,
    FAT_ACCESSED_DATE = 18,
    FAT_CLUSTER_HIGH = 20,
    FAT_MODIFIED_TIME = 22, FAT_MODIFIED_DATE = 24,
    FAT_CLUSTER_LOW = 26,
    FAT_SIZE = 28,
};
enum {
    FAT_IS_VOLUME = 0x08, FAT_IS_DIRECTORY = 0x10, FAT_IS_ARCHIVE = 0x20,
    FAT_IS_LONG = 0x0f, FAT_LONG_MASK = 0x3f, // a piece of a long name
    FAT_LOWER_BASE = 0x08, FAT_LOWER_EXTENSION = 0x10, // in FAT_CASE
    FAT_NO_ENTRY = 0x00,  // in the name's first byte: here and behind is nothing
    FAT_REMOVED = 0xe5,
    FAT_REALLY_E5 = 0x05, // stands for 0xe5
};

// A mounted volume.
struct fat {
    // Set once by mounting; offsets and sizes are bytes on the device:
    struct mount *mount;
    struct block_device *device;
    unsigned bits;          // 12, 16 or 32
    unsigned cluster_shift; // a cluster has 1 << cluster_shift bytes
    uint32_t clusters;      // their numbers are 2 to clusters + 1
    unsigned tables;        // copies of the FAT that are kept
    uint64_t table, table_size;
    uint64_t root, root_size; // of FAT12 and FAT16; elsewhere the root is
    uint32_t root_cluster;    // a file like others, and this is not 0
    uint64_t data;            // where cluster 2 is
    uint64_t info;            // the FSInfo sector, or 0
    bool was_dirty;           // it had not been unmounted: only a check may change that note
    // While it lives:
    bool is_dirty;            // we have noted on it that it is being changed
    bool has_changes;         // since all of it was written last
    struct cache_block *window; // the block of the FAT that was read last, or NULL
    uint32_t free_count;      // once counted
    bool is_counted;
    uint32_t next_free;       // where to look first
    uint64_t orphans;         // numbers given to files without a name
    unsigned complaints;
    struct cache_block *held[FAT_HELD_MAX]; // changed directories that have to wait
    unsigned held_count;
    uint32_t freed[FAT_FREED_MAX]; // first clusters of what nobody has any more
    unsigned freed_count;
};

struct fat_inode {
    struct inode inode;
    struct fat *fat;
    uint32_t first;  // cluster, or 0: none
    uint64_t place;  // of its entry on the device; 0: it has none (any more)
    // The clusters found last: those of the file from run_index on are run_first and behind.
    uint32_t run_index, run_first, run_count;
};

static inline struct fat_inode *fat_inode_of(struct inode *inode)
{
    return container_of(inode, struct fat_inode, inode);
}

// Something on the disk is not as it must be: says so and ends writing. -EIO.
int fat_corrupt(struct fat *fat, const char *format, ...) __attribute__((format(printf, 2, 3)));

// ---- fat_table.c -----------------------------------------------------------------------
static inline bool fat_is_cluster(const struct fat *fat, uint32_t cluster)
{
    return cluster - FAT_FIRST_CLUSTER < fat->clusters; // what is below 2 wraps around
}
static inline uint64_t fat_cluster_offset(const struct fat *fat, uint32_t cluster)
{
    return fat->data + ((uint64_t)(cluster - FAT_FIRST_CLUSTER) << fat->cluster_shift);
}
int fat_get(struct fat *fat, uint32_t cluster, uint32_t *value);
int fat_set(struct fat *fat, uint32_t cluster, uint32_t value); // in all copies
// The cluster that comes after one, or FAT_END. -EIO: none can.
int fat_next(struct fat *fat, uint32_t cluster, uint32_t *next);
// A free cluster, near `after` if that is not 0, becomes the end of a chain.
int fat_alloc(struct fat *fat, uint32_t after, uint32_t *cluster);
int fat_free_chain(struct fat *fat, uint32_t first);
int fat_count_free(struct fat *fat);
void fat_drop_window(struct fat *fat);

// ---- fat_order.c -----------------------------------------------------------------------
int fat_begin(struct fat *fat); // before every change
void fat_hold(struct fat *fat, struct cache_block *block); // a directory's block was changed
int fat_free_later(struct fat *fat, uint32_t first);
int fat_settle(struct fat *fat); // what is not held is on the disk
// The same, with these bytes, which may share a block with something that is held.
int fat_settle_at(struct fat *fat, uint64_t offset, uint64_t size);
int fat_commit(struct fat *fat); // and then what is held
int fat_sync(struct mount *mount);
void fat_release_holds(struct fat *fat);
void fat_write_later(struct fat *fat); // fat_writer.c: fat_sync() in some seconds

// ---- fat_name.c, fat_short.c, fat_time.c -----------------------------------------------
// Names are compared as UTF-16, as they are on the disk. Returns how many units, or -EINVAL:
// no FAT has such a name.
int fat_units_of_name(const char *name, size_t length, uint16_t units[FAT_NAME_UNITS]);
// The length; 0: we cannot have such a name. Not terminated.
size_t fat_name_of_units(const uint16_t *units, unsigned count, char name[VFS_NAME_MAX]);
bool fat_is_same_name(const uint16_t *a, unsigned a_count, const uint16_t *b, unsigned b_count);
uint16_t fat_upper_case(uint16_t unit);
uint16_t fat_lower_case(uint16_t unit);

// A long name while its pieces are read, the last one first.
struct fat_long_name {
    uint16_t units[20 * 13];
    unsigned count;      // 0: there is none
    unsigned next_piece; // which has to come; 0: it is complete
    uint8_t checksum;    // of the short name that it belongs to
    uint64_t position;   // in the directory, of its first entry
};
void fat_add_long_piece(struct fat_long_name *name, const uint8_t *entry, uint64_t position);
// The short entry has come: whether the name is complete, and its.
bool fat_end_long_name(struct fat_long_name *name, const uint8_t *entry);
// Fills in piece `piece` (1: the first) of a name.
void fat_make_long_piece(uint8_t *entry, const uint16_t *units, unsigned count, unsigned piece,
                         uint8_t checksum);
static inline unsigned fat_long_pieces(unsigned count)
{
    return (count + 12) / 13;
}

unsigned fat_units_of_short(const uint8_t *entry, uint16_t units[13]);
uint8_t fat_short_checksum(const uint8_t *entry);
// Fills in the entry's name and case note if that says all of the name.
bool fat_fits_short(const uint16_t *units, unsigned count, uint8_t *entry);
// One that is like it, with a number: "LONGNA~1TXT" for try 1.
void fat_make_short(const uint16_t *units, unsigned count, unsigned try, uint8_t *entry);

uint64_t fat_time_read(const uint8_t *entry, enum fat_field date, enum fat_field time);
void fat_time_write(uint8_t *entry, enum fat_field date, enum fat_field time, uint64_t ns);

// fat_inode.h: what is built on these.
