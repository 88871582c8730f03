// SPDX-License-Identifier: MIT
//
// tsfs, changing: what the parts that write owe each other.
//
//   tsfs_begin(fs, blocks)     before every operation: is there room, here and in the journal
//   tsfs_change(fs, block)     before every change of a block of metadata
//   tsfs_commit(fs)            all that was done since the last one is on the disk, or nothing
//
//   tsfs_journal.c   transactions       tsfs_log.c     onto the disk    tsfs_replay.c  and back
//   tsfs_alloc.c     blocks, inodes     tsfs_grow.c    trees            tsfs_leaf.c    names
//   tsfs_names.c     what is done with names           tsfs_rename.c
//   tsfs_write.c     contents           tsfs_cut.c     and their end; orphans
//
// Whoever fails leaves things as they were, or says tsfs_half_done().
// Chapter 18.
#pragma once

#include "tsfs.h"

enum {
    TSFS_OPERATION_BLOCKS = 40,  // that one operation changes at most, revokes included
    TSFS_TREE_BLOCKS = TSFS_DEPTH_MAX + 1, // that one new entry takes at most
    TSFS_NAME_BLOCKS = TSFS_TREE_BLOCKS + 2, // and one new name
    TSFS_FREED_MAX = 512,
};

struct tsfs_run {
    uint32_t start, count;
};

// The running transaction, and where the next one goes.
struct tsfs_journal {
    struct cache_block *blocks[TSFS_RECORDS_MAX]; // changed in it; held. Their `owner` points
    unsigned count;                               // here
    uint32_t revokes[TSFS_RECORDS_MAX];           // metadata that was freed
    unsigned revoke_count;
    struct tsfs_run freed[TSFS_FREED_MAX]; // to be free from the commit on, not before: until
    unsigned freed_count;                  // then the disk needs what is in them
    uint64_t freed_blocks; // in them
    unsigned limit;        // of count + revoke_count
    uint32_t position;     // the next free block in the journal's area
    bool data_written;     // contents that the disk may not have yet, without a flush
    bool failed;           // nothing is written any more
    uint64_t started_ns;   // when the first block was changed
    struct tsfs_transaction *list; // one block, for the commit
};

// ---- tsfs_journal.c ---------------------------------------------------------------------
int tsfs_journal_open(struct tsfs *fs); // 0, -ENOMEM
void tsfs_journal_close(struct tsfs *fs);
// May commit. 0; -ENOSPC: fewer than so many blocks are free; -EROFS; or as tsfs_commit().
int tsfs_begin(struct tsfs *fs, uint32_t blocks);
// May sleep, cannot fail. The block needs a reference.
void tsfs_change(struct tsfs *fs, struct cache_block *block);
// A block for metadata, zeroed but for its header, changed already. 0, -ENOMEM, -EIO.
int tsfs_get_new(struct tsfs *fs, uint32_t number, struct tsfs_kind kind,
                 struct cache_block **block);
// A block of metadata is none any more: nothing of it reaches the disk, from here or from
// the journal. Its number is not free by that.
void tsfs_revoke(struct tsfs *fs, uint32_t number);
// An operation has failed when a part of it was done: the transaction must never reach the
// disk, and nothing else can. Returns the error.
int tsfs_half_done(struct tsfs *fs, int error);
// 0; -EIO and others: nothing is lost yet, or the file system is read-only from now on.
int tsfs_commit(struct tsfs *fs);
// Everything at home, the journal empty. For after a commit.
int tsfs_checkpoint(struct tsfs *fs);

// ---- tsfs_commit.c ----------------------------------------------------------------------
void tsfs_commit_later(struct tsfs *fs); // should nobody else do it

// ---- tsfs_log.c -------------------------------------------------------------------------
// Blocks in memory to blocks of the journal that follow each other. Sleeps, does not flush.
int tsfs_log_write(struct tsfs *fs, uint32_t position, struct cache_block *const *blocks,
                   unsigned count);
int tsfs_log_write_head(struct tsfs *fs, uint32_t sequence); // with flushes around it

// ---- tsfs_replay.c ----------------------------------------------------------------------
// Writes home what the journal holds. On a disk that is not to be written, into memory.
int tsfs_replay(struct tsfs *fs);

// ---- tsfs_alloc.c -----------------------------------------------------------------------
// Up to `want` blocks in a row, near `goal` where it can be (0: anywhere); tsfs_begin() has
// seen to it that there are some. 0, -EIO, -ENOMEM.
int tsfs_alloc(struct tsfs *fs, uint32_t goal, uint32_t want, struct tsfs_run *run);
int tsfs_alloc_block(struct tsfs *fs, uint32_t *number);
// Within one block of the bitmap. What the cache has of them is forgotten. Metadata has to
// be revoked first. 0; -EIO: they are not in use (said so), or the bitmap cannot be read.
int tsfs_free(struct tsfs *fs, struct tsfs_run run);
// How many of the blocks before `end`, `count` at most, lie in one block of the bitmap.
uint32_t tsfs_free_limit(uint32_t end, uint32_t count);
// At the commit: what was freed becomes free.
int tsfs_apply_freed(struct tsfs *fs);
// 0; -ENOSPC: all are in use; -EIO, -ENOMEM.
int tsfs_inode_alloc(struct tsfs *fs, uint32_t *number);
int tsfs_inode_free(struct tsfs *fs, uint32_t number);

// ---- tsfs_grow.c ------------------------------------------------------------------------
// An entry with a new key; for files, joined with the one before it where that ends there.
// Takes up to TSFS_TREE_BLOCKS. 0, -EIO, -ENOMEM, -EFBIG: nothing has changed.
int tsfs_tree_insert(struct tsfs_inode *inode, const struct tsfs_entry *entry);
// The entry that a walk led to goes; the walk can only be ended then. 0, or half done.
int tsfs_tree_remove(struct tsfs_walk *walk);

// ---- tsfs_leaf.c ------------------------------------------------------------------------
struct tsfs_text {
    const char *bytes;
    size_t length;
};
// 0; -EIO, -ENOMEM, -ENOSPC: nothing has changed.
int tsfs_name_add(struct tsfs_inode *directory, struct tsfs_text name, uint32_t number,
                  enum tsfs_type type);
// The name stands for another inode. 0, or nothing has changed.
int tsfs_name_set(struct tsfs_inode *directory, struct tsfs_text name, uint32_t number,
                  enum tsfs_type type);
int tsfs_name_remove(struct tsfs_inode *directory, struct tsfs_text name);

// ---- tsfs_cut.c -------------------------------------------------------------------------
// A free place for an orphan. 0, -ENOSPC.
int tsfs_orphan_find(struct tsfs *fs);
void tsfs_orphan_add(struct tsfs_inode *inode);
void tsfs_orphan_remove(struct tsfs_inode *inode);
// Frees the contents from this block on, in as many transactions as it takes.
int tsfs_cut(struct tsfs_inode *inode, uint32_t first);
int tsfs_truncate(struct inode *inode, uint64_t size);
void tsfs_release_inode(struct inode *inode);
// What a crash has left half done.
int tsfs_finish_orphans(struct tsfs *fs);

// ---- tsfs_write.c -----------------------------------------------------------------------
int tsfs_write(struct inode *inode, uint64_t offset, const void *bytes, size_t size);
// What lies behind the end in the last block becomes zeros: before a file grows past it.
int tsfs_clear_tail(struct tsfs_inode *inode);
void tsfs_set_size(struct tsfs_inode *inode, uint64_t size);
// Modified and changed now, or changed only.
void tsfs_touch(struct tsfs_inode *inode, bool modified);

// ---- tsfs_names.c, tsfs_rename.c --------------------------------------------------------
int tsfs_create(struct inode *directory, const char *name, size_t length,
                enum os_file_type type, const char *target, uint64_t *number);
int tsfs_link(struct inode *directory, const char *name, size_t length, struct inode *inode);
int tsfs_unlink(struct inode *directory, const char *name, size_t length, struct inode *inode);
void tsfs_set_links(struct tsfs_inode *inode, uint32_t links);
// The last name is gone, or one of several; a directory's only one. There is a place for
// an orphan.
void tsfs_lose_link(struct tsfs_inode *inode);
int tsfs_rename(const struct rename *rename);
