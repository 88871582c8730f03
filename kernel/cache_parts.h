// SPDX-License-Identifier: MIT
//
// What the parts of the block cache owe each other. Nobody else includes it: everyone
// else's interface is cache.h.
//
//   cache.c            references, changes, holds; whole disks
//   cache_table.c      which blocks are in memory, and which of them has to leave
//   cache_transfer.c   requests to devices: many blocks, one request
//   cache_writer.c     when dirty blocks are written
//   cache_ahead.c      what is read, and how much ahead of it
//   cache_bytes.c      bytes: copied
//   cache_direct.c     or past the cache
//
// Chapter 16.
#pragma once

#include "cache.h"

enum {
    CACHE_STREAMS = 8,          // readers of one disk that are told apart
    CACHE_TRANSFER_BLOCKS = 128 // the most blocks of one request
};

// A reader in sequence: it is in [start, end], and all up to end is read or on its way.
struct cache_stream {
    uint64_t start, end;
    unsigned window; // blocks, of the last piece
};

// What the cache knows of one device: device->cache. Made at its first use, kept for ever.
struct cache_disk {
    struct block_device *device;
    struct list all;
    struct list dirty;   // blocks to be written, by dirty_since_ns; none with holds
    struct list failed;  // those that could not be
    size_t failed_count;
    unsigned retries;    // blocks that failed together and got another chance
    struct list writing; // transfers of cached blocks under way, in the order they started
    struct list direct;  // struct cache_range: written past the cache now
    struct wait_queue write_waiters;  // for the end of any of those that write
    struct wait_queue direct_waiters; // and of any past the cache
    struct cache_stream streams[CACHE_STREAMS];
    unsigned next_stream; // the one to be replaced next
    int error;            // of late writes, for the next cache_sync()
    bool lost;            // it is gone, and what that means was said
    uint64_t suspect_first, suspect_count; // the last that could not be read together
};

// Why a block was not transferred: its request had neighbours, and the error may be theirs.
#define CACHE_TRY_ALONE (-EAGAIN)

// ---- cache.c ----------------------------------------------------------------------------
// Makes it at its first use. 0; -ENOMEM; -EINVAL: the device's blocks are larger than ours,
// or one of ours is more than a request of it can hold.
int cache_disk_of(struct block_device *device, struct cache_disk **disk);
// Of a block that is in memory: it has one.
static inline struct cache_disk *cache_disk_of_block(const struct cache_block *block)
{
    return block->device->cache;
}
// Why a thread waits for it.
static inline struct wait_reason cache_wait_reason(const struct block_device *device)
{
    return (struct wait_reason){
        .what = "disk", .name = device->name, .external = true, .uninterruptible = true};
}
struct cache_disk *cache_disk_next(struct cache_disk *disk); // after it (NULL: the first)
// A device's bytes, and its blocks with the one that may be cut short.
uint64_t cache_device_bytes(const struct block_device *device);
uint64_t cache_device_blocks(const struct block_device *device);

// What cache_obtain() does with a block that is not in the cache.
enum cache_need {
    CACHE_READ,      // read it
    CACHE_OVERWRITE, // nothing: the caller writes all of it before anything sleeps
};
// How far a read wants to go: blocks from this one on that the caller needs in any case, and
// how far the cache may read ahead.
struct cache_reach {
    uint64_t wanted, ahead;
    bool sequential; // it is known to be
};
// A reference to a block that is not busy, and valid unless it is to be overwritten. *block is
// what cache_look_up() gave just now.
int cache_obtain(struct cache_disk *disk, uint64_t number, enum cache_need need,
                 const struct cache_reach *reach, struct cache_block **block);
void cache_wait_while_busy(struct cache_block *block); // sleeps

// ---- cache_table.c ----------------------------------------------------------------------
void cache_table_init(size_t blocks_max);
struct cache_block *cache_find(const struct block_device *device, uint64_t number);
// cache_find() for whoever asked for the block: counts, and notes that it is in use.
struct cache_block *cache_look_up(const struct block_device *device, uint64_t number);
// A new block, not valid, without a reference. NULL: no memory for it now. Never sleeps.
struct cache_block *cache_add(struct cache_disk *disk, uint64_t number);
// It cannot be found any more, and goes as soon as it has no references.
void cache_remove(struct cache_block *block);
// After the last reference: gives back the memory of one that was removed.
void cache_release(struct cache_block *block);
// Waits until something has changed that may make room. -ENOMEM: nothing will.
int cache_make_room(void);
void cache_room_made(void); // wakes those who wait for that
// The next block of the device (any, when NULL) after `block` (NULL: the first) in no order.
struct cache_block *cache_next(const struct block_device *device, struct cache_block *block);
void cache_table_statistics(struct cache_statistics *statistics);
size_t cache_blocks_max(void);

// ---- cache_transfer.c -------------------------------------------------------------------
struct cache_transfer;
void cache_transfer_init(void);
// One to be filled. Never fails, but sleeps until one is free; _try() gives NULL instead.
struct cache_transfer *cache_transfer_get(void);
struct cache_transfer *cache_transfer_try(void);
void cache_transfer_put(struct cache_transfer *transfer); // nothing was put in
void cache_transfer_begin(struct cache_transfer *transfer, struct cache_disk *disk,
                          enum block_operation operation, uint64_t number);
// Puts the next block in, which becomes busy. False: it has no room for more.
bool cache_transfer_add(struct cache_transfer *transfer, struct cache_block *block);
// Off it goes. Never sleeps; it may have ended when this returns.
void cache_transfer_start(struct cache_transfer *transfer);
// Waits for all writes of cached blocks that have been started.
void cache_transfer_wait_for_writes(struct cache_disk *disk);
size_t cache_transfer_writing(const struct cache_disk *disk); // blocks on their way to it
bool cache_transfer_any(void); // whether any is under way
void cache_transfer_statistics(struct cache_statistics *statistics);

// ---- cache_writer.c ---------------------------------------------------------------------
void cache_writer_init(size_t blocks_max);
// The block is dirty and may be written: puts it on its disk's list, and off.
void cache_writer_add(struct cache_block *block);
void cache_writer_remove(struct cache_block *block);
// A write of the block has ended. One that failed keeps it dirty.
void cache_writer_done(struct cache_block *block, int error);
// Waits as long as too much is dirty. An error: it cannot be written.
int cache_writer_throttle(struct cache_disk *disk);
// Starts writing something, so that memory becomes free. False: there is nothing to write.
bool cache_writer_start_some(void);

// ---- cache_ahead.c ----------------------------------------------------------------------
// Starts reading a block that is not in the cache, and more behind it. Sleeps. *block: the
// caller's reference to it, or NULL when something has happened that it has to look at.
// -ENOMEM.
int cache_fetch(struct cache_disk *disk, uint64_t number, const struct cache_reach *reach,
                struct cache_block **block);
// A block with a mark was asked for: reads on. Never sleeps.
void cache_read_on(struct cache_disk *disk, struct cache_block *block,
                   const struct cache_reach *reach);
void cache_ahead_statistics(struct cache_statistics *statistics);

// ---- cache_direct.c ---------------------------------------------------------------------
// Blocks that are being written past the cache: none of them may enter it meanwhile.
struct cache_range {
    struct list link; // on disk->direct
    uint64_t first, count;
};
bool cache_is_blocked(const struct cache_disk *disk, uint64_t number);
void cache_wait_while_blocked(struct cache_disk *disk, uint64_t number);
// Who wants fewer bytes than that need not ask.
enum { CACHE_DIRECT_LEAST = 32 * CACHE_BLOCK_SIZE };
// How many blocks from this one on may go past the cache, of at most `count`; 0 when it is
// not worth it.
uint64_t cache_direct_run(const struct cache_disk *disk, enum block_operation operation,
                          uint64_t number, uint64_t count);
// Moves that many between the device and the caller's memory. Sleeps.
int cache_direct(struct cache_disk *disk, enum block_operation operation, uint64_t number,
                 void *memory, uint64_t count);
void cache_direct_statistics(struct cache_statistics *statistics);
