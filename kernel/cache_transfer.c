// SPDX-License-Identifier: MIT
//
// The block cache's requests: many blocks, one request.
//
//   transfer = cache_transfer_get()
//   cache_transfer_begin(transfer, disk, BLOCK_READ, number)
//   while (cache_transfer_add(transfer, block)) ...
//   cache_transfer_start(transfer)
//
// A transfer is a page: a request, its list of segments, and the blocks it is about, which
// are neighbours on the disk. The blocks are busy until it ends. They lie scattered in
// memory, so each is a segment of its own, unless it happens to follow the one before.
//
// There is always one transfer, made at the start: whatever memory is like, dirty blocks can
// be written. More are made when they are needed and kept.
// Chapter 16.
#include "cache_parts.h"

#include "error.h"
#include "machine.h"
#include "page.h"
#include "panic.h"
#include "string.h"

enum { TRANSFERS_MAX = 16 };

struct cache_transfer {
    struct block_request request;
    struct cache_disk *disk;
    struct list link; // with those that are free, or on disk->writing
    uint64_t order;   // of starting
    unsigned blocks_max, block_count;
    struct cache_block *blocks[CACHE_TRANSFER_BLOCKS];
    struct segment segments[CACHE_TRANSFER_BLOCKS];
};

_Static_assert(sizeof(struct cache_transfer) <= PAGE_SIZE, "a transfer is a page");

static struct {
    struct list free;
    unsigned count, under_way;
    uint64_t last_order;
    struct wait_queue free_waiters; // for one that is free
    uint64_t reads, read_blocks, writes, written_blocks;
} transfers;

static const struct wait_reason free_reason = {
    .what = "disk", .name = "a request to end", .external = true, .uninterruptible = true};

// ---- Having one -----------------------------------------------------------------------

struct cache_transfer *cache_transfer_try(void)
{
    struct list *first = list_take_first(&transfers.free);
    if (first)
        return container_of(first, struct cache_transfer, link);
    struct cache_transfer *transfer =
        transfers.count < TRANSFERS_MAX ? page_alloc_dirty(1) : NULL;
    if (transfer) {
        list_init(&transfer->link);
        transfers.count++;
    }
    return transfer;
}

struct cache_transfer *cache_transfer_get(void)
{
    struct cache_transfer *transfer;
    while (!(transfer = cache_transfer_try()))
        wait_queue_wait(&transfers.free_waiters, &free_reason, MACHINE_NEVER);
    return transfer;
}

void cache_transfer_put(struct cache_transfer *transfer)
{
    list_remove(&transfer->link);
    list_prepend(&transfers.free, &transfer->link);
    wait_queue_wake_one(&transfers.free_waiters);
}

// ---- Filling it -----------------------------------------------------------------------

void cache_transfer_begin(struct cache_transfer *transfer, struct cache_disk *disk,
                          enum block_operation operation, uint64_t number)
{
    transfer->disk = disk;
    transfer->block_count = 0;
    transfer->request = (struct block_request){
        .operation = operation,
        .sector = number * CACHE_BLOCK_SECTORS,
        .segments = transfer->segments,
    };
}

// How much of a block the disk has: less than all only of its last.
static size_t bytes_on_disk(const struct cache_block *block)
{
    uint64_t left = cache_device_bytes(block->device) - block->number * CACHE_BLOCK_SIZE;
    return left < CACHE_BLOCK_SIZE ? (size_t)left : CACHE_BLOCK_SIZE;
}

// Puts memory behind what is there already, in as few segments as the device allows. False,
// with nothing changed, when it does not fit.
static bool add_memory(struct block_request *request, struct segment *segments,
                       const struct block_device *device, struct segment piece)
{
    size_t most = device->segment_size_max / SECTOR_SIZE * SECTOR_SIZE;
    unsigned count = request->segment_count;
    struct segment *last = count > 0 ? &segments[count - 1] : NULL;
    if (last && (uint8_t *)last->data + last->size == piece.data &&
        last->size + piece.size <= most) {
        last->size += piece.size;
        return true;
    }
    unsigned needed = (unsigned)((piece.size - 1) / most + 1);
    if (count + needed > device->segments_max || count + needed > CACHE_TRANSFER_BLOCKS)
        return false;
    for (size_t done = 0; done < piece.size; done += segments[count++].size) {
        size_t left = piece.size - done, size = left < most ? left : most;
        segments[count] = (struct segment){(uint8_t *)piece.data + done, size};
    }
    request->segment_count = count;
    return true;
}

bool cache_transfer_add(struct cache_transfer *transfer, struct cache_block *block)
{
    const struct block_device *device = block->device;
    size_t bytes = bytes_on_disk(block);
    uint64_t sectors = transfer->request.sectors + bytes / SECTOR_SIZE;
    if (transfer->block_count == CACHE_TRANSFER_BLOCKS || sectors > device->sectors_max ||
        !add_memory(&transfer->request, transfer->segments, device,
                    (struct segment){block->data, bytes}))
        return false;
    transfer->request.sectors = sectors;
    transfer->blocks[transfer->block_count++] = block;
    block->busy = true;
    return true;
}

// ---- On its way -------------------------------------------------------------------------

// Who waits for it looks at what has become of it.
static void finish_read(struct cache_block *block, int error)
{
    size_t size = bytes_on_disk(block);
    if (size < CACHE_BLOCK_SIZE)
        memset(block->data + size, 0, CACHE_BLOCK_SIZE - size);
    block->valid = !error;
    block->error = error;
    if (error)
        cache_remove(block);
}

// An error of several blocks together may be that of one: each gets another chance, alone.
static int error_of_each(const struct cache_transfer *transfer)
{
    int error = transfer->request.error;
    return error && error != -ENXIO && transfer->block_count > 1 ? CACHE_TRY_ALONE : error;
}

static void finish(struct block_request *request)
{
    struct cache_transfer *transfer = container_of(request, struct cache_transfer, request);
    struct cache_disk *disk = transfer->disk;
    int error = error_of_each(transfer);
    if (error == CACHE_TRY_ALONE && request->operation == BLOCK_READ) {
        disk->suspect_first = transfer->blocks[0]->number;
        disk->suspect_count = transfer->block_count;
    }
    transfers.under_way--;
    for (unsigned i = 0; i < transfer->block_count; i++) {
        struct cache_block *block = transfer->blocks[i];
        block->busy = false;
        wait_queue_wake_all(&block->waiters, 0);
        if (request->operation == BLOCK_READ)
            finish_read(block, error);
        else
            cache_writer_done(block, error);
    }
    list_remove(&transfer->link);
    wait_queue_wake_all(&disk->write_waiters, 0);
    cache_transfer_put(transfer);
    cache_room_made();
}

void cache_transfer_start(struct cache_transfer *transfer)
{
    struct block_request *request = &transfer->request;
    struct cache_disk *disk = transfer->disk;
    if (request->operation == BLOCK_READ) {
        transfers.reads++;
        transfers.read_blocks += transfer->block_count;
    } else {
        transfers.writes++;
        transfers.written_blocks += transfer->block_count;
        list_append(&disk->writing, &transfer->link);
    }
    transfer->order = ++transfers.last_order;
    transfers.under_way++;
    request->done = finish;
    int error = block_submit(disk->device, request);
    if (!error) {
        block_start(disk->device);
        return;
    }
    request->error = error;
    finish(request);
}

bool cache_transfer_any(void)
{
    return transfers.under_way > 0;
}

void cache_transfer_wait_for_writes(struct cache_disk *disk)
{
    const struct wait_reason reason = cache_wait_reason(disk->device);
    uint64_t last = transfers.last_order;
    while (!list_is_empty(&disk->writing) &&
           container_of(disk->writing.next, struct cache_transfer, link)->order <= last)
        wait_queue_wait(&disk->write_waiters, &reason, MACHINE_NEVER);
}

size_t cache_transfer_writing(const struct cache_disk *disk)
{
    size_t count = 0;
    list_for_each(struct cache_transfer, transfer, &disk->writing, link)
        count += transfer->block_count;
    return count;
}

// ---- Starting, and looking ------------------------------------------------------------

void cache_transfer_init(void)
{
    list_init(&transfers.free);
    wait_queue_init(&transfers.free_waiters);
    struct cache_transfer *first = cache_transfer_try();
    if (!first)
        panic("cache: no page for a request: start with more memory");
    cache_transfer_put(first);
}

void cache_transfer_statistics(struct cache_statistics *statistics)
{
    statistics->reads = transfers.reads;
    statistics->read_blocks = transfers.read_blocks;
    statistics->writes = transfers.writes;
    statistics->written_blocks = transfers.written_blocks;
}
