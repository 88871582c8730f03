// SPDX-License-Identifier: MIT
//
// tsfs in memory: what its parts owe each other. Nobody else includes it but fsck and
// tests; the kernel wants the tables at its end.
//
//   tsfs_mount.c      what is on the disk, and can we live with it
//   tsfs_block.c      a block of metadata in the cache: looked at once, when it is read
//   tsfs_inode.c      inodes       tsfs_tree.c    sorted entries: where things are
//   tsfs_file.c       contents     tsfs_directory.c   names
//
// With chapter 18 it can write: tsfs_journal.c says how changes are made. All of this runs
// under the mount's mutex.
// Chapter 17.
#pragma once

#include "cache.h"
#include "tsfs_format.h"
#include "vfs.h"

struct tsfs_journal;

struct tsfs {
    struct mount *mount;
    struct block_device *device;
    struct tsfs_superblock super;
    uint32_t seed;                  // of checksums
    uint64_t hash_seed;             // of names
    struct cache_block *state_block;
    struct tsfs_state *state;       // in the cache: there as long as we are mounted
    unsigned complaints;            // how many damages were reported
    // For writing (chapter 18):
    struct tsfs_journal *journal;   // NULL: we only read
    uint32_t sequence;              // of the journal's next transaction
    struct cache_block **replayed;  // held: what a journal had that is not written home
    unsigned replayed_count;
    uint32_t next_block, next_inode, next_orphan; // where to look first for free ones
};

// An inode in memory. What the disk knows of it is changed in place, in the cache.
struct tsfs_inode {
    struct inode vfs;
    struct cache_block *block;    // of the inode table; a reference
    struct tsfs_inode_data *data; // in it
    struct tsfs_entry extent;     // of its contents, found last. count 0: none
    uint64_t read_end;            // of the last read: one that begins there continues it
    int orphan;                   // its place in state->orphans, or -1
};

static inline struct tsfs *tsfs_of(const struct mount *mount)
{
    return mount->data;
}

static inline struct tsfs_inode *tsfs_inode_of(struct inode *inode)
{
    return container_of(inode, struct tsfs_inode, vfs);
}

static inline struct tsfs *tsfs_of_inode(const struct tsfs_inode *inode)
{
    return inode->vfs.mount->data;
}

// Whether blocks may belong to files.
static inline bool tsfs_is_data(const struct tsfs *fs, uint64_t block, uint64_t count)
{
    return block >= fs->super.data && block + count < fs->super.blocks;
}

// ---- tsfs_mount.c -----------------------------------------------------------------------
// Reads and checks what describes the rest. 0 and *fs, with mount->read_only perhaps set
// (said why); -EINVAL: no tsfs, or one that we must not touch (said why); -EIO, -ENOMEM.
int tsfs_open(struct mount *mount, struct tsfs **fs);
// The state; after the journal has been replayed.
int tsfs_open_state(struct tsfs *fs);
void tsfs_close(struct tsfs *fs);   // what both have taken
void tsfs_give_up(struct tsfs *fs); // the same, when it will not be mounted
// Whether the journal holds transactions that may not be at home. 0 or an error.
int tsfs_journal_look(struct tsfs *fs, bool *used);
int tsfs_statistics(struct mount *mount, struct os_fs_info *info);

// ---- tsfs_block.c -----------------------------------------------------------------------
struct tsfs_kind {
    uint32_t magic, owner;
};
// A block of metadata: cache_get() and a look at whether it is what it should be. 0; -EIO,
// also for a damaged one (said so); -ENOMEM.
int tsfs_get(struct tsfs *fs, uint32_t number, struct tsfs_kind kind,
             struct cache_block **block);
void tsfs_mark_checked(struct cache_block *block); // it is what it should be: we made it
// Something on the disk makes no sense: says what, and that nothing more will be written.
// -EIO.
int tsfs_damaged(struct tsfs *fs, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *tsfs_kind_name(uint32_t magic); // "directory"
// What is wrong with a block of this kind, whose checksum is right; NULL: nothing.
const char *tsfs_block_fault(const struct tsfs *fs, const void *data);

// ---- tsfs_tree.c ------------------------------------------------------------------------
// A way from the root to the entries at the bottom: on each level, the last entry whose key
// is not above the one sought, or the first.
struct tsfs_level {
    struct cache_block *block; // a reference; NULL: the root, in the inode
    struct tsfs_entry *entries;
    unsigned count, index;
};
struct tsfs_walk {
    struct tsfs_inode *inode;
    unsigned depth; // level[depth] is the bottom
    struct tsfs_level level[TSFS_DEPTH_MAX + 1];
};
#define TSFS_NO_KEY (UINT64_C(1) << 32)
// 0; -EIO, -ENOMEM: nothing has to be ended then. count is 0 in a tree without entries.
int tsfs_walk(struct tsfs_walk *walk, struct tsfs_inode *inode, uint32_t key);
void tsfs_walk_end(struct tsfs_walk *walk);
// The entry that it led to; NULL: there are none. Its key is above the one sought when all
// are.
struct tsfs_entry *tsfs_walk_entry(const struct tsfs_walk *walk);
// The key of the next entry, or TSFS_NO_KEY.
uint64_t tsfs_walk_next(const struct tsfs_walk *walk);
// What is wrong with a list of entries; NULL: nothing.
const char *tsfs_entries_fault(const struct tsfs *fs, const struct tsfs_entry *entries,
                               unsigned count, bool bottom);

// ---- tsfs_inode.c -----------------------------------------------------------------------
int tsfs_read_inode(struct mount *mount, uint64_t number, struct inode **inode);
void tsfs_drop_inode(struct tsfs_inode *inode); // its memory
void tsfs_status(struct inode *inode, struct os_status *status);
// What is wrong with an inode in use; NULL: nothing.
const char *tsfs_inode_fault(const struct tsfs *fs, const struct tsfs_inode_data *data);

// ---- tsfs_directory.c -------------------------------------------------------------------
uint32_t tsfs_name_hash(const struct tsfs *fs, const char *name, size_t length);
const char *tsfs_leaf_fault(const struct tsfs *fs, const struct tsfs_leaf *leaf);
static inline struct tsfs_name *tsfs_name_at(const struct tsfs_leaf *leaf, unsigned offset)
{
    return (struct tsfs_name *)(void *)(leaf->names + offset);
}
// A reference to the leaf where names with this hash belong. -ENOENT: there is no leaf.
int tsfs_leaf_get(struct tsfs_inode *directory, uint32_t hash, struct cache_block **block);
// The offset of a name in its leaf, or -1.
int tsfs_leaf_find(const struct tsfs_leaf *leaf, uint32_t hash, const char *name,
                   size_t length);
int tsfs_lookup(struct inode *directory, const char *name, size_t length, uint64_t *number);
int tsfs_list(struct inode *directory, uint64_t *position, struct os_entry *entry);
int tsfs_is_empty(struct inode *directory);

// ---- tsfs_file.c ------------------------------------------------------------------------
// Where a block of the contents is: the extent that holds it, or, with block 0, the hole,
// from this block on up to the next extent at least.
int tsfs_extent(struct tsfs_inode *inode, uint32_t block, struct tsfs_entry *extent);
int tsfs_read(struct inode *inode, uint64_t offset, void *buffer, size_t size);
int tsfs_lend(struct inode *inode, uint64_t offset, struct file_loan *loans, unsigned count);
int tsfs_read_link(struct inode *inode, char *target, size_t size);

// For the table of vfs_init(): the first knows how to read (chapter 17), the second all (18).
extern const struct file_system tsfs_reading_file_system, tsfs_file_system;
