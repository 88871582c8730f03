// SPDX-License-Identifier: MIT
//
// The block cache: what was read lately, and what is still to be written.
//
//   cache_read(device, offset, buffer, size)     any bytes, copied out of the cache
//   cache_write(device, offset, bytes, size)     into it; on the disk later
//   cache_get(device, number, &block)            a block in place: block->data
//   cache_put(block)
//   cache_sync(device)                           all of it on the disk, for good
//
// Blocks are 4 KiB, found by device and number (of the device's start). A device's last
// block may reach beyond its end: there are zeros, and what is written there is nowhere.
//
// Dirty blocks are written when they are old, when there are too many, and when
// somebody asks; neighbours go out as one request. Reads in sequence are read ahead of.
// A block with holds is not written: a journal has to say so first. Errors of late writes
// are kept for the device and returned by the next cache_sync().
// Chapter 16.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "block.h"
#include "list.h"
#include "wait.h"

enum { CACHE_BLOCK_SIZE = 4096, CACHE_BLOCK_SECTORS = CACHE_BLOCK_SIZE / SECTOR_SIZE };

struct cache_block {
    struct block_device *device;
    uint64_t number;
    uint8_t *data;       // CACHE_BLOCK_SIZE bytes, aligned to a page
    unsigned references; // cache_get() without cache_put() so far: it stays where it is
    unsigned holds;      // cache_hold(): it must not be written
    bool valid;          // data is what the disk has, or newer
    bool dirty;          // newer than what the disk has, and than what is on its way there
    bool busy;           // on its way from or to the disk: do not change it
    int error;           // of the last transfer
    uint64_t dirty_since_ns;
    void *owner;         // a file system's: its journal's note. NULL in a new one
    // The cache's (cache_parts.h):
    bool cached;         // can be found; otherwise it goes with its last reference
    bool used;           // since it was last considered for leaving
    bool read_ahead;     // and nobody has asked for it yet
    bool is_mark;        // whoever asks for it reads in sequence: time to read on
    struct cache_block *hash_next;
    struct list ring, dirty_link;
    struct wait_queue waiters; // for the end of busy
};

// Up to `limit` bytes of memory (0: a quarter of what is free now, an eighth where that is
// little), taken as it is used, and given back when page_alloc() finds nothing else. Starts
// the thread that writes.
void cache_init(size_t limit);

// ---- Blocks in place --------------------------------------------------------------------
// These sleep. A block that they give is valid and not busy, and stays in memory until
// cache_put(); several may have references to the same one. 0; -EIO; -ENXIO; -EINVAL:
// beyond the device's end, or a device with blocks larger than ours; -ENOMEM: everything
// else is in use.
int cache_get(struct block_device *device, uint64_t number, struct cache_block **block);
// Without reading it: all zeros, for a block whose contents nobody needs. Not dirty yet.
int cache_get_new(struct block_device *device, uint64_t number, struct cache_block **block);
void cache_put(struct cache_block *block); // NULL may be given
// Before changing data[], when anything has slept since cache_get(): waits until the block
// is not on its way to the disk, which is to get one state of it, not half of the next.
void cache_prepare(struct cache_block *block);
// After every change, before anything that sleeps. Never sleeps.
void cache_mark_dirty(struct cache_block *block);
// As long as there are holds it is not written, even when asked to, and does not leave
// memory. A hold is a reference as well. Never sleep. One that is on its way to the disk
// already gets there: cache_prepare() first.
void cache_hold(struct cache_block *block);
void cache_release_hold(struct cache_block *block);

// ---- Bytes ------------------------------------------------------------------------------
// These sleep. 0 or an error as above, or -EROFS; then a part may have been done. Large
// reads and writes of whole blocks that are not in the cache go between the device and the
// caller's memory directly, with many requests in flight; so do pieces of them.
int cache_read(struct block_device *device, uint64_t offset, void *buffer, size_t size);
int cache_write(struct block_device *device, uint64_t offset, const void *bytes, size_t size);
// The same with a hint: `ahead` bytes from `offset` on belong together, are contiguous on
// the disk, and are read in sequence. Read-ahead begins at once, and goes that far at most.
int cache_read_sequential(struct block_device *device, uint64_t offset, void *buffer,
                          size_t size, uint64_t ahead);

// ---- Whole disks ------------------------------------------------------------------------
// Writes all blocks of the device that are dirty now and have no holds, and waits for it; no
// flush. 0, or the first error since the last time. Blocks stay dirty after -EIO; those of
// a device that is gone are lost.
int cache_write_back(struct block_device *device);
// The same, then a flush.
int cache_sync(struct block_device *device);
// Forgets blocks, dirty or not: they have been freed. Those with references stay, clean.
// Waits for those on their way.
void cache_forget(struct block_device *device, uint64_t number, uint64_t count);
// All of a device's, after cache_sync(), whatever that said: when it is unmounted. 0 or as
// cache_sync().
int cache_drop(struct block_device *device);

struct cache_statistics {
    uint64_t lookups, hits;         // of blocks
    uint64_t reads, read_blocks;    // requests to devices, and blocks in them
    uint64_t read_ahead_blocks, read_ahead_used;
    uint64_t writes, written_blocks;
    uint64_t direct_read_blocks, direct_written_blocks; // past the cache
    size_t blocks, blocks_max, dirty, held; // now
};
void cache_statistics(struct cache_statistics *statistics);
