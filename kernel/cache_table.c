// SPDX-License-Identifier: MIT
//
// The block cache's books: which blocks are in memory, and which has to leave for another.
//
//   cache_find(device, number)      the block, or NULL
//   cache_add(disk, number)         a new one; another one may have to leave
//   cache_remove(block)             it is found no more, and goes with its last reference
//
// Blocks are found by a hash table that doubles when there are as many blocks as buckets,
// so that starting costs one page however much memory there is.
//
// Who leaves is decided by giving everyone a second chance. All blocks stand in a ring. Using
// one sets a mark and moves nothing. When room is needed the ring turns: a block with the
// mark loses it and stays for another turn, one without leaves. What is read once, in
// sequence, never gets the mark, and so passes through without driving out what is used.
//
// Memory that somebody else needs more is given back in the same way (page_set_reclaim()).
// Chapter 16.
#include "cache_parts.h"

#include "error.h"
#include "machine.h"
#include "page.h"
#include "panic.h"
#include "string.h"

enum { BLOCKS_PER_PAGE = PAGE_SIZE / sizeof(struct cache_block) };

static struct {
    struct cache_block **buckets;
    unsigned buckets_log2;
    struct list ring;  // blocks with memory; the first is considered next
    struct list spare; // blocks without
    size_t blocks, blocks_max;
    uint64_t lookups, hits, read_ahead_used;
    struct wait_queue room_waiters;
} table = {.ring = {&table.ring, &table.ring}};

static const struct wait_reason room_reason = {
    .what = "room in the cache", .external = true, .uninterruptible = true};

_Static_assert(CACHE_BLOCK_SIZE == PAGE_SIZE, "a block's data is a page");

// ---- Finding ------------------------------------------------------------------------

// Multiplying by 2^64 over the golden ratio spreads numbers in sequence, and any stride,
// over the highest bits (Knuth, volume 3, 6.4).
static inline struct cache_block **bucket_of(const struct block_device *device,
                                             uint64_t number)
{
    uint64_t key = number ^ (uint64_t)(uintptr_t)device << 16;
    return &table.buckets[key * 0x9e3779b97f4a7c15u >> (64 - table.buckets_log2)];
}

struct cache_block *cache_find(const struct block_device *device, uint64_t number)
{
    struct cache_block *block = *bucket_of(device, number);
    while (block && (block->number != number || block->device != device))
        block = block->hash_next;
    return block;
}

// The first use of a block that was read ahead is what it was read for, no reason to keep it.
struct cache_block *cache_look_up(const struct block_device *device, uint64_t number)
{
    struct cache_block *block = cache_find(device, number);
    table.lookups++;
    if (!block)
        return NULL;
    table.hits++;
    if (block->read_ahead) {
        block->read_ahead = false;
        table.read_ahead_used++;
    } else {
        block->used = true;
    }
    return block;
}

static void enter(struct cache_block *block)
{
    struct cache_block **bucket = bucket_of(block->device, block->number);
    block->hash_next = *bucket;
    *bucket = block;
    block->cached = true;
}

static void take_out(struct cache_block *block)
{
    struct cache_block **place = bucket_of(block->device, block->number);
    while (*place != block)
        place = &(*place)->hash_next;
    *place = block->hash_next;
    block->cached = false;
}

static size_t bucket_pages(unsigned log2)
{
    return ((sizeof(*table.buckets) << log2) + PAGE_SIZE - 1) / PAGE_SIZE;
}

// Twice as many buckets. Without memory for them the old ones still do, slower.
static void grow_table(void)
{
    struct cache_block **old = table.buckets;
    size_t old_pages = bucket_pages(table.buckets_log2);
    struct cache_block **new = page_alloc(bucket_pages(table.buckets_log2 + 1));
    if (!new)
        return;
    table.buckets = new;
    table.buckets_log2++;
    list_for_each(struct cache_block, block, &table.ring, ring) {
        if (block->cached)
            enter(block);
    }
    page_free(old, old_pages);
}

// ---- Coming and going ---------------------------------------------------------------

// A page of blocks without memory for data. They stay blocks for ever.
static bool make_spares(void)
{
    struct cache_block *blocks = page_alloc(1);
    if (!blocks)
        return false;
    for (unsigned i = 0; i < BLOCKS_PER_PAGE; i++) {
        wait_queue_init(&blocks[i].waiters);
        list_append(&table.spare, &blocks[i].ring);
    }
    return true;
}

void cache_release(struct cache_block *block)
{
    ASSERT(block->references == 0 && !block->cached && !block->busy && !block->dirty);

    list_remove(&block->ring);
    list_prepend(&table.spare, &block->ring);
    page_free(block->data, 1);
    block->data = NULL;
    table.blocks--;
    cache_room_made();
}

void cache_remove(struct cache_block *block)
{
    take_out(block);
    if (block->references == 0 && !block->busy)
        cache_release(block);
}

static bool may_leave(const struct cache_block *block)
{
    return block->references == 0 && !block->busy && !block->dirty;
}

// Turns the ring until a block leaves: twice around at most, the second time there are no
// marks. False: all are in use or dirty.
static bool evict(void)
{
    for (size_t left = 2 * table.blocks; left > 0; left--) {
        struct cache_block *block = container_of(table.ring.next, struct cache_block, ring);
        if (may_leave(block)) {
            if (!block->used) {
                cache_remove(block);
                return true;
            }
            block->used = false;
        }
        list_remove(&block->ring);
        list_append(&table.ring, &block->ring);
    }
    return false;
}

// page_alloc() finds nothing: gives back up to so many pages. Returns how many.
static size_t give_back(size_t pages)
{
    size_t given = 0;
    while (given < pages && evict())
        given++;
    return given;
}

struct cache_block *cache_add(struct cache_disk *disk, uint64_t number)
{
    while (table.blocks >= table.blocks_max)
        if (!evict())
            return NULL;
    if (list_is_empty(&table.spare) && !make_spares())
        return NULL;
    void *data = page_alloc_dirty(1); // a block may have to leave for this, too
    if (!data)
        return NULL;
    if (table.blocks >= (size_t)1 << table.buckets_log2)
        grow_table();

    struct cache_block *block =
        container_of(list_take_first(&table.spare), struct cache_block, ring);
    block->device = disk->device;
    block->number = number;
    block->data = data;
    block->valid = block->used = block->read_ahead = block->is_mark = false;
    block->error = 0;
    block->owner = NULL;
    list_init(&block->dirty_link);
    list_append(&table.ring, &block->ring);
    enter(block);
    table.blocks++;
    return block;
}

struct cache_block *cache_next(const struct block_device *device, struct cache_block *block)
{
    struct list *link = block ? block->ring.next : table.ring.next;
    for (; link != &table.ring; link = link->next) {
        struct cache_block *next = container_of(link, struct cache_block, ring);
        if (next->cached && (!device || next->device == device))
            return next;
    }
    return NULL;
}

// ---- Having no room -----------------------------------------------------------------

void cache_room_made(void)
{
    wait_queue_wake_all(&table.room_waiters, 0);
}

// What is on its way will end; what is dirty can be written. Otherwise all that is left is
// in use, perhaps by whoever asks: waiting for that might be for ever.
int cache_make_room(void)
{
    if (!cache_transfer_any() && !cache_writer_start_some())
        return -ENOMEM;
    if (cache_transfer_any())
        wait_queue_wait(&table.room_waiters, &room_reason, MACHINE_NEVER);
    return 0;
}

// ---- Starting, and looking ----------------------------------------------------------

void cache_table_init(size_t blocks_max)
{
    table.buckets = page_alloc(1);
    if (!table.buckets)
        panic("cache: no page for the table of blocks: start with more memory");
    for (size_t buckets = PAGE_SIZE / sizeof(*table.buckets); buckets > 1; buckets /= 2)
        table.buckets_log2++;
    list_init(&table.spare);
    wait_queue_init(&table.room_waiters);
    table.blocks_max = blocks_max;
    page_set_reclaim(give_back);
}

size_t cache_blocks_max(void)
{
    return table.blocks_max;
}

void cache_table_statistics(struct cache_statistics *statistics)
{
    statistics->lookups = table.lookups;
    statistics->hits = table.hits;
    statistics->read_ahead_used = table.read_ahead_used;
    statistics->blocks = table.blocks;
    statistics->blocks_max = table.blocks_max;
}
