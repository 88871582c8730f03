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
// After an error a block stays dirty, and is tried again when somebody asks for it, not by
// the thread. The error is kept for cache_sync(). When the request had more blocks than one,
// nobody is to blame yet: they go to the start of the list, each for a request of its own.
// Chapter 16.
#include "cache_parts.h"

#include "error.h"
#include "machine.h"
#include "panic.h"
#include "print.h"
#include "thread.h"

#define AGE_NS 3000000000u

static struct {
    size_t dirty, on_their_way;  // blocks on the disks' lists; being written
    size_t start_above, most;    // the quarter and the half
    uint64_t moment_ns;          // the last that next_moment() gave
    bool asked;                  // the thread has something to do
    struct wait_queue thread;    // where it waits
    struct wait_queue throttled; // who waits for it
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

// The time, and later than ever before, however slowly the clock ticks: what is changed
// after a pass began is not of that pass, all that was changed before is.
static uint64_t next_moment(void)
{
    uint64_t now_ns = machine_clock_ns();
    writer.moment_ns = now_ns > writer.moment_ns ? now_ns : writer.moment_ns + 1;
    return writer.moment_ns;
}

static struct cache_block *oldest(const struct cache_disk *disk)
{
    if (list_is_empty(&disk->dirty))
        return NULL;
    return container_of(disk->dirty.next, struct cache_block, dirty_link);
}

// ---- The lists ------------------------------------------------------------------------

static bool has_failed(const struct cache_block *block)
{
    return block->error && block->error != CACHE_TRY_ALONE;
}

void cache_writer_add(struct cache_block *block)
{
    struct cache_disk *disk = cache_disk_of_block(block);
    if (block->device->gone) {
        block->dirty = false;
        disk->error = -ENXIO;
        return;
    }
    if (block->error)
        block->error = CACHE_TRY_ALONE;
    block->dirty_since_ns = next_moment();
    list_append(&disk->dirty, &block->dirty_link);
    writer.dirty++;
    if (writer.dirty == 1 || writer.dirty == writer.start_above + 1)
        ask_thread();
}

void cache_writer_remove(struct cache_block *block)
{
    if (list_is_empty(&block->dirty_link))
        return;
    list_remove(&block->dirty_link);
    if (has_failed(block))
        cache_disk_of_block(block)->failed_count--;
    else
        writer.dirty--;
    wait_queue_wake_all(&writer.throttled, 0);
}

static void add_failed(struct cache_block *block)
{
    struct cache_disk *disk = cache_disk_of_block(block);
    list_append(&disk->failed, &block->dirty_link);
    disk->failed_count++;
}

// They get another chance.
static void add_failed_again(struct cache_disk *disk)
{
    while (!list_is_empty(&disk->failed)) {
        struct cache_block *block =
            container_of(disk->failed.next, struct cache_block, dirty_link);
        cache_writer_remove(block);
        cache_writer_add(block);
    }
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
        writer.on_their_way++;
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
    size_t count = cache_transfer_writing(disk) + disk->failed_count;
    add_failed_again(disk);
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
    struct cache_disk *disk = cache_disk_of_block(block);
    cache_writer_remove(block);
    block->dirty = true;
    block->error = error;
    if (block->holds > 0)
        return;
    if (has_failed(block)) {
        add_failed(block);
        return;
    }
    cache_writer_add(block);
    list_remove(&block->dirty_link);
    list_prepend(&disk->dirty, &block->dirty_link);
    block->dirty_since_ns = 0;
    disk->retries++;
    ask_thread();
}

void cache_writer_done(struct cache_block *block, int error)
{
    struct cache_disk *disk = cache_disk_of_block(block);
    writer.on_their_way--;
    wait_queue_wake_all(&writer.throttled, 0);
    if (!error) {
        block->error = 0;
        return;
    }
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
    unsigned retries;
    add_failed_again(disk);
    uint64_t now_ns = next_moment();
    do { // once more for those that have to go alone
        retries = disk->retries;
        start_writes(disk, now_ns);
        cache_transfer_wait_for_writes(disk);
    } while (disk->retries != retries);
    int error = disk->error;
    disk->error = 0;
    return error;
}

bool cache_writer_start_some(void)
{
    for (struct cache_disk *disk = cache_disk_next(NULL); disk; disk = cache_disk_next(disk)) {
        list_for_each(struct cache_block, block, &disk->dirty, dirty_link) {
            if (block->busy)
                continue;
            struct cache_transfer *transfer = cache_transfer_try();
            if (transfer)
                start_write(disk, block, transfer);
            return transfer;
        }
    }
    return false;
}

// What cannot be written stays in memory: its disk may not fill it with more.
int cache_writer_throttle(struct cache_disk *disk)
{
    while (writer.dirty + writer.on_their_way > writer.most) {
        ask_thread();
        wait_queue_wait(&writer.throttled, &throttle_reason, MACHINE_NEVER);
    }
    return disk->failed_count > writer.most / 4 ? -EIO : 0;
}

// ---- The thread -----------------------------------------------------------------------

// Starts what is due. Returns when something will be next.
static uint64_t write_due(void)
{
    uint64_t now_ns = next_moment(), next_ns = MACHINE_NEVER;
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
        if (!writer.asked && writer.dirty <= writer.start_above)
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
