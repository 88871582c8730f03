// SPDX-License-Identifier: MIT
//
// tsfs: the journal's area on the disk.
//
// Written past the cache, since nobody reads it before a crash. The list and the copies lie
// one after the other, so they go out as few large requests, straight from where the blocks
// are in the cache.
// Chapter 18.
#include "block.h"
#include "error.h"
#include "heap.h"
#include "string.h"
#include "thread.h"
#include "tsfs_change.h"
#include "tsfs_make.h"
#include "wait.h"

enum { SEGMENTS_MAX = 64 }; // blocks of one request

// A request and who waits for it.
struct transfer {
    struct block_request request;
    struct wait_queue waiter;
    bool done;
};

static void finish(struct block_request *request)
{
    struct transfer *transfer = container_of(request, struct transfer, request);
    transfer->done = true;
    wait_queue_wake_all(&transfer->waiter, 0);
}

static int write_segments(struct tsfs *fs, uint32_t block, const struct segment *segments,
                          unsigned count)
{
    static const struct wait_reason reason = {
        .what = "the journal to be written", .external = true, .uninterruptible = true};
    struct transfer transfer = {
        .request = {
            .operation = BLOCK_WRITE,
            .sector = (uint64_t)block * CACHE_BLOCK_SECTORS,
            .sectors = (uint64_t)count * CACHE_BLOCK_SECTORS,
            .segments = segments,
            .segment_count = count,
            .done = finish,
        },
    };
    wait_queue_init(&transfer.waiter);
    int error = block_submit(fs->device, &transfer.request);
    if (error)
        return error;
    block_start(fs->device);
    while (!transfer.done)
        wait_queue_wait(&transfer.waiter, &reason, MACHINE_NEVER);
    return transfer.request.error;
}

// How many blocks one request may have.
static unsigned request_limit(const struct block_device *device)
{
    uint64_t limit = SEGMENTS_MAX;
    if (limit > device->segments_max)
        limit = device->segments_max;
    if (limit > device->sectors_max / CACHE_BLOCK_SECTORS)
        limit = device->sectors_max / CACHE_BLOCK_SECTORS;
    return limit > 0 ? (unsigned)limit : 1;
}

int tsfs_log_write(struct tsfs *fs, uint32_t position, struct cache_block *const *blocks,
                   unsigned count)
{
    struct segment segments[SEGMENTS_MAX];
    unsigned limit = request_limit(fs->device), filled = 1;
    uint32_t block = fs->super.journal + position;
    segments[0] = (struct segment){fs->journal->list, TSFS_BLOCK_SIZE};
    for (unsigned i = 0; i <= count; i++) {
        if (filled == limit || i == count) {
            int error = write_segments(fs, block, segments, filled);
            if (error)
                return error;
            block += filled;
            filled = 0;
        }
        if (i < count)
            segments[filled++] = (struct segment){blocks[i]->data, TSFS_BLOCK_SIZE};
    }
    return 0;
}

// The flush before it: all is at home. The one after it: the next transaction must not be
// there before the head that makes it the first.
int tsfs_log_write_head(struct tsfs *fs, uint32_t sequence)
{
    struct tsfs_journal_head *head = heap_alloc(TSFS_BLOCK_SIZE);
    if (!head)
        return -ENOMEM;
    head->header.magic = TSFS_MAGIC_JOURNAL;
    head->header.block = fs->super.journal;
    head->sequence = sequence;
    tsfs_seal(fs->seed, head, sizeof(*head));
    int error = block_flush(fs->device);
    if (!error)
        error = block_write(fs->device, (uint64_t)fs->super.journal * CACHE_BLOCK_SECTORS, head,
                            TSFS_BLOCK_SIZE);
    if (!error)
        error = block_flush(fs->device);
    heap_free(head);
    return error;
}
