// SPDX-License-Identifier: MIT
//
// The block cache: blocks in place, and whole disks.
//
//   cache_get(device, number, &block)     a reference to a block that is valid
//   cache_prepare(block)                  nobody is writing it to the disk
//   ...                                   block->data changes
//   cache_mark_dirty(block)               it will be written, some time
//   cache_put(block)
//
// The life of a block. It is added not valid and busy, while its first contents come from
// the disk; then it is clean. Changed, it is dirty, until a write of it starts: then it is
// busy again, no longer dirty, and whoever wants to change it had better wait. What is
// changed all the same makes it dirty once more. Only a clean block without references and
// not busy may leave. One that could not be read is taken out of the table at once, so that
// the next who asks tries again; those who waited for it get the error.
//
// Everything that may sleep looks again afterwards: the block may have gone, or come.
// Chapter 16.
#include "cache_parts.h"

#include "error.h"
#include "heap.h"
#include "machine.h"
#include "page.h"
#include "panic.h"
#include "print.h"
#include "string.h"

enum { BLOCKS_LEAST = 32 }; // with less nothing could be done with it
#define LITTLE_MEMORY (16u << 20)

static struct {
    struct list disks; // that were used so far
} cache = {.disks = {&cache.disks, &cache.disks}};

// ---- Disks ----------------------------------------------------------------------------

uint64_t cache_device_bytes(const struct block_device *device)
{
    return device->sectors * SECTOR_SIZE;
}

uint64_t cache_device_blocks(const struct block_device *device)
{
    return (device->sectors + CACHE_BLOCK_SECTORS - 1) / CACHE_BLOCK_SECTORS;
}

struct cache_disk *cache_disk_next(struct cache_disk *disk)
{
    struct list *next = disk ? disk->all.next : cache.disks.next;
    return next == &cache.disks ? NULL : container_of(next, struct cache_disk, all);
}

static bool can_be_cached(const struct block_device *device)
{
    uint64_t sectors_of_segment = device->segment_size_max / SECTOR_SIZE;
    return device->block_size <= CACHE_BLOCK_SIZE &&
           device->sectors_max >= CACHE_BLOCK_SECTORS &&
           (sectors_of_segment >= CACHE_BLOCK_SECTORS ||
            sectors_of_segment * device->segments_max >= CACHE_BLOCK_SECTORS);
}

int cache_disk_of(struct block_device *device, struct cache_disk **disk)
{
    *disk = device->cache;
    if (*disk)
        return 0;
    if (!can_be_cached(device))
        return -EINVAL;
    *disk = heap_alloc(sizeof(**disk));
    if (!*disk)
        return -ENOMEM;
    (*disk)->device = device;
    list_init(&(*disk)->dirty);
    list_init(&(*disk)->failed);
    list_init(&(*disk)->writing);
    list_init(&(*disk)->direct);
    wait_queue_init(&(*disk)->write_waiters);
    wait_queue_init(&(*disk)->direct_waiters);
    list_append(&cache.disks, &(*disk)->all);
    device->cache = *disk;
    return 0;
}

// ---- References -----------------------------------------------------------------------

void cache_put(struct cache_block *block)
{
    if (!block)
        return;
    ASSERT(block->references > block->holds || !block->cached);
    block->references--;
    if (block->references == 0 && !block->cached && !block->busy)
        cache_release(block);
}

void cache_wait_while_busy(struct cache_block *block)
{
    const struct wait_reason reason = cache_wait_reason(block->device);
    block->references++;
    while (block->busy)
        wait_queue_wait(&block->waiters, &reason, MACHINE_NEVER);
    cache_put(block);
}

// Gets a block that is not in the cache: a reference, or NULL when something has happened
// and it is time to look again.
static int bring(struct cache_disk *disk, uint64_t number, enum cache_need need,
                 const struct cache_reach *reach, struct cache_block **block)
{
    *block = NULL;
    if (cache_is_blocked(disk, number)) {
        cache_wait_while_blocked(disk, number);
        return 0;
    }
    if (need == CACHE_READ)
        return cache_fetch(disk, number, reach, block);
    *block = cache_add(disk, number);
    if (!*block)
        return cache_make_room();
    (*block)->references++;
    (*block)->valid = true; // as soon as the caller has written it
    return 0;
}

int cache_obtain(struct cache_disk *disk, uint64_t number, enum cache_need need,
                 const struct cache_reach *reach, struct cache_block **found)
{
    static const struct cache_reach only_this = {.wanted = 1};
    struct cache_block *block = *found;
    if (block && block->is_mark) {
        block->references++; // it must not leave for what is read
        cache_read_on(disk, block, reach);
        block->references--;
    }
    for (;; block = cache_find(disk->device, number)) {
        int error = 0;
        if (block)
            block->references++;
        else
            error = bring(disk, number, need, reach, &block);
        if (error)
            return error;
        if (!block)
            continue; // look again
        if (block->busy)
            cache_wait_while_busy(block);
        if (block->cached) {
            *found = block;
            return 0;
        }
        // It could not be read. That is nothing to whoever does not need what it was.
        error = need == CACHE_READ ? block->error : 0;
        cache_put(block);
        if (error && error != CACHE_TRY_ALONE)
            return error;
        reach = &only_this;
    }
}

static int get(struct block_device *device, uint64_t number, enum cache_need need,
               struct cache_block **block)
{
    const struct cache_reach reach = {.wanted = 1, .ahead = UINT64_MAX};
    struct cache_disk *disk;
    if (number >= cache_device_blocks(device))
        return -EINVAL;
    int error = cache_disk_of(device, &disk);
    if (error)
        return error;
    *block = cache_look_up(device, number);
    return cache_obtain(disk, number, need, &reach, block);
}

int cache_get(struct block_device *device, uint64_t number, struct cache_block **block)
{
    return get(device, number, CACHE_READ, block);
}

int cache_get_new(struct block_device *device, uint64_t number, struct cache_block **block)
{
    int error = get(device, number, CACHE_OVERWRITE, block);
    if (!error)
        memset((*block)->data, 0, CACHE_BLOCK_SIZE);
    return error;
}

// ---- Changes --------------------------------------------------------------------------

void cache_prepare(struct cache_block *block)
{
    if (block->busy)
        cache_wait_while_busy(block);
}

void cache_mark_dirty(struct cache_block *block)
{
    ASSERT(block->references > 0);
    if (block->dirty)
        return;
    block->dirty = true;
    if (block->holds == 0)
        cache_writer_add(block);
}

void cache_hold(struct cache_block *block)
{
    block->references++;
    if (block->holds++ == 0)
        cache_writer_remove(block);
}

void cache_release_hold(struct cache_block *block)
{
    ASSERT(block->holds > 0);
    if (--block->holds == 0 && block->dirty)
        cache_writer_add(block);
    cache_put(block);
}

// ---- Whole disks ----------------------------------------------------------------------

int cache_sync(struct block_device *device)
{
    int error = cache_write_back(device);
    int flush_error = block_flush(device);
    return error ? error : flush_error;
}

// False: it was on its way, and much may have changed meanwhile.
static bool forget(struct cache_block *block)
{
    if (block->busy) {
        cache_wait_while_busy(block);
        return false;
    }
    if (block->dirty) {
        block->dirty = false;
        cache_writer_remove(block);
    }
    if (block->references == 0)
        cache_remove(block);
    return true;
}

// By number where these are fewer than all blocks there are.
void cache_forget(struct block_device *device, uint64_t number, uint64_t count)
{
    struct cache_block *block, *next;
    if (!device->cache)
        return;
    if (count <= cache_blocks_max() / 4) {
        for (uint64_t i = 0; i < count; i++)
            while ((block = cache_find(device, number + i)) && !forget(block))
                ;
        return;
    }
    for (block = cache_next(device, NULL); block; block = next) {
        next = cache_next(device, block);
        if (block->number - number < count && !forget(block))
            next = cache_next(device, NULL);
    }
}

int cache_drop(struct block_device *device)
{
    int error = cache_sync(device);
    size_t lost = 0;
    for (struct cache_block *block = cache_next(device, NULL); block;
         block = cache_next(device, block))
        lost += block->dirty;
    if (lost > 0)
        log_error("cache: the changes of %zu blocks of %s could not be written and are lost",
                  lost, device->name);
    cache_forget(device, 0, UINT64_MAX);
    // Who reads the disk itself may have references: what a file system thinks of its blocks
    // ends all the same.
    for (struct cache_block *block = cache_next(device, NULL); block;
         block = cache_next(device, block))
        block->owner = NULL;
    return error;
}

// ---- Starting, and looking ------------------------------------------------------------

static size_t default_limit(void)
{
    struct page_statistics pages;
    page_statistics(&pages);
    size_t bytes = pages.free * PAGE_SIZE;
    return bytes < LITTLE_MEMORY ? bytes / 8 : bytes / 4;
}

void cache_init(size_t limit)
{
    size_t blocks_max = (limit ? limit : default_limit()) / CACHE_BLOCK_SIZE;
    if (blocks_max < BLOCKS_LEAST)
        blocks_max = BLOCKS_LEAST;
    cache_table_init(blocks_max);
    cache_transfer_init();
    cache_writer_init(blocks_max);
}

void cache_statistics(struct cache_statistics *statistics)
{
    *statistics = (struct cache_statistics){0};
    cache_table_statistics(statistics);
    cache_transfer_statistics(statistics);
    cache_direct_statistics(statistics);
    cache_ahead_statistics(statistics);
    for (struct cache_block *block = cache_next(NULL, NULL); block;
         block = cache_next(NULL, block)) {
        statistics->dirty += block->dirty;
        statistics->held += block->holds > 0;
    }
}
