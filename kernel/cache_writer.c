// SPDX-License-Identifier: MIT
//
// The block cache's writer: when dirty blocks reach the disk.
//
//   cache_writer_add(block)        it is dirty: it will be written
//   cache_write_back(device)       now, please
//
// A block that was changed is likely to be changed again, and its neighbours too: waiting
// saves writes and joins them. So a thread writes what has been dirty for AGE_NS, or all
// when more than a quarter of the cache is dirty. Above a half, whoever makes more of them
// waits.
//
// Each disk has a list of its dirty blocks, oldest change first. One is taken from its
// start, and with it go those of its neighbours on the disk that are dirty as well.
//
// After an error a block stays dirty and goes to the end of the list. The error is kept for
// cache_sync(). When the request had more blocks than one, nobody is to blame yet: they go
// to the start of the list, each for a request of its own.
// Chapter 16.
#include "cache_parts.h"

#include "error.h"
#include "machine.h"
#include "panic.h"
#include "print.h"
#include "thread.h"

#define AGE_NS 3000000000u

static struct {
    size_t dirty;                  // blocks on the disks' lists
    size_t start_above, most;      // the quarter and the half
    bool asked;                    // the thread has something to do
    struct wait_queue thread;      // where it waits
    struct wait_queue throttled;   // who waits for it
} writer;

static const struct wait_reason idle_reason = {.what = "dirty blocks",
                                               .uninterruptible = true};
static const struct wait_reason throttle_reason = {
    .what = "dirty blocks to be written", .external = true, .uninterruptible = true};

static void ask_thread(void)
{
    writer.asked = true;
    wait_queue_wake_one(&writer.thread);
}

static struct cache_block *oldest(const struct cache_disk *disk)
{
    if (list_is_empty(&disk->dirty))
        return NULL;
    return container_of(disk->dirty.next, struct cache_block, dirty_link);
}

// ---- The lists ------------------------------------------------------------------------

void cache_writer_add(struct cache_block *block)
{
    if (block->device->gone) {
        block->dirty = false;
        return;
    }
    block->dirty_since_ns = machine_clock_ns() + 1; // later than a pass that goes on now
    list_append(&cache_disk_of_block(block)->dirty, &block->dirty_link);
    writer.dirty++;
    if (writer.dirty == 1 || writer.dirty == writer.start_above + 1)
        ask_thread();
}

void cache_writer_remove(struct cache_block *block)
{
    if (list_is_empty(&block->dirty_link))
        return;
    list_remove(&block->dirty_link);
    writer.dirty--;
    wait_queue_wake_all(&writer.throttled, 0);
}

// ---- Writing --------------------------------------------------------------------------

// Whether it goes with a neighbour. One that failed is no company for others.
static bool may_be_joined(const struct cache_block *block)
{
    return block && !list_is_empty(&block->dirty_link) && !block->busy && !block->error;
}

// The first of the row of neighbours that goes with a block in one request.
static struct cache_block *first_of_row(struct cache_block *block)
{
    for (unsigned i = 1; i < CACHE_TRANSFER_BLOCKS && block->number > 0; i++) {
        struct cache_block *previous = cache_find(block->device, block->number - 1);
        if (!may_be_joined(previous))
            break;
        block = previous;
    }
    return block;
}

// A block that is to go is no longer dirty: what is changed from now on is for next time.
// With neighbours it goes only as long as it has not failed.
static void start_write(struct cache_disk *disk, struct cache_block *block,
                        struct cache_transfer *transfer)
{
    bool alone = block->error != 0;
    if (!alone)
        block = first_of_row(block);
    cache_transfer_begin(transfer, disk, BLOCK_WRITE, block->number);
    while (block && cache_transfer_add(transfer, block)) {
        block->dirty = false;
        cache_writer_remove(block);
        block = alone ? NULL : cache_find(disk->device, block->number + 1);
        if (!may_be_joined(block))
            break;
    }
    cache_transfer_start(transfer);
}

// Starts writing what became dirty up to a moment. Sleeps until all of it is on its way.
static void start_writes(struct cache_disk *disk, uint64_t until_ns)
{
    struct cache_block *block;
    while ((block = oldest(disk)) && block->dirty_since_ns <= until_ns) {
        if (block->busy) { // changed while it was written: that has to end first
            cache_wait_while_busy(block);
            continue;
        }
        struct cache_transfer *transfer = cache_transfer_get();
        block = oldest(disk); // that may have slept
        if (block && !block->busy)
            start_write(disk, block, transfer);
        else
            cache_transfer_put(transfer);
    }
}

// A device that is gone takes no more: nothing may wait for what was to be written there.
static void lose_all(struct cache_disk *disk)
{
    struct cache_block *block;
    size_t count = cache_transfer_writing(disk);
    for (; (block = oldest(disk)); count++) {
        block->dirty = false;
        cache_writer_remove(block);
    }
    if (!disk->lost)
        log_error("cache: %s is gone, and with it the changes of %zu blocks",
                  disk->device->name, count);
    disk->lost = true;
}

// The block is dirty again, unless it has been changed since and is so anyway.
static void keep_dirty(struct cache_block *block, int error)
{
    if (!block->dirty && block->holds == 0)
        cache_writer_add(block);
    block->dirty = true;
    if (error != CACHE_TRY_ALONE || block->holds > 0)
        return;
    list_remove(&block->dirty_link);
    list_prepend(&cache_disk_of_block(block)->dirty, &block->dirty_link);
    block->dirty_since_ns = 0;
    ask_thread();
}

void cache_writer_done(struct cache_block *block, int error)
{
    struct cache_disk *disk = cache_disk_of_block(block);
    block->error = error;
    if (!error)
        return;
    if (error != CACHE_TRY_ALONE && !disk->error)
        disk->error = error;
    if (error == -ENXIO)
        lose_all(disk);
    else
        keep_dirty(block, error);
}

// ---- On demand ------------------------------------------------------------------------

int cache_write_back(struct block_device *device)
{
    struct cache_disk *disk = device->cache;
    if (!disk)
        return 0;
    uint64_t now_ns = machine_clock_ns();
    do { // once more for those that go alone
        start_writes(disk, now_ns);
        cache_transfer_wait_for_writes(disk);
    } while (oldest(disk) && oldest(disk)->dirty_since_ns <= now_ns);
    int error = disk->error;
    disk->error = 0;
    return error;
}

// Any block will do but one that could not be written: that would not make room this time
// either.
bool cache_writer_start_some(void)
{
    for (struct cache_disk *disk = cache_disk_next(NULL); disk; disk = cache_disk_next(disk)) {
        list_for_each(struct cache_block, block, &disk->dirty, dirty_link) {
            if (block->busy || (block->error && block->error != CACHE_TRY_ALONE))
                continue;
            struct cache_transfer *transfer = cache_transfer_try();
            if (!transfer)
                return false;
            start_write(disk, block, transfer);
            return true;
        }
    }
    return false;
}

int cache_writer_throttle(struct cache_disk *disk)
{
    while (writer.dirty > writer.most) {
        if (disk->error)
            return disk->error; // it stays for cache_sync()
        ask_thread();
        wait_queue_wait(&writer.throttled, &throttle_reason, MACHINE_NEVER);
    }
    return 0;
}

// ---- The thread -----------------------------------------------------------------------

// Starts what is due. Returns when something will be next.
static uint64_t write_due(void)
{
    uint64_t now_ns = machine_clock_ns(), next_ns = MACHINE_NEVER;
    uint64_t until_ns = now_ns;
    if (writer.dirty <= writer.start_above)
        until_ns = now_ns > AGE_NS ? now_ns - AGE_NS : 0;
    for (struct cache_disk *disk = cache_disk_next(NULL); disk; disk = cache_disk_next(disk)) {
        start_writes(disk, until_ns);
        const struct cache_block *left = oldest(disk);
        if (left && left->dirty_since_ns + AGE_NS < next_ns)
            next_ns = left->dirty_since_ns + AGE_NS;
    }
    return next_ns;
}

static void run_writer(void *unused)
{
    for (;;) {
        writer.asked = false;
        uint64_t next_ns = write_due();
        if (!writer.asked)
            wait_queue_wait(&writer.thread, &idle_reason, next_ns);
    }
}

void cache_writer_init(size_t blocks_max)
{
    writer.start_above = blocks_max / 4;
    writer.most = blocks_max / 2;
    wait_queue_init(&writer.thread);
    wait_queue_init(&writer.throttled);
    struct thread *thread = thread_create("cache", run_writer, NULL);
    if (!thread)
        panic("cache: no memory for the thread that writes: start with more memory");
    thread_detach(thread);
}
