// SPDX-License-Identifier: MIT
//
// The block cache: what is read is what was written, with as few requests as there should
// be; what may leave, and what may not.
#include "cached_disk.h"
#include "error.h"
#include "page.h"
#include "test.h"
#include "threads.h"
#include "unit.h"

void unit_setup(const struct boot_info *boot)
{
    unit_start_time(boot);
    cache_init(LIMIT * CACHE_BLOCK_SIZE);
}

// ---- Reading --------------------------------------------------------------------------

static void the_second_read_is_free(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    uint64_t offset = 9 * CACHE_BLOCK_SIZE - 100; // the end of one block, the start of another
    CHECK_EQUAL(cache_read(&disk->device, offset, buffer, 200), 0);
    CHECK(is_original(buffer, offset, 200));
    unsigned reads = reads_of(disk);
    CHECK_EQUAL(reads, 1);
    memset(buffer, 0, 200);
    CHECK_EQUAL(cache_read(&disk->device, offset, buffer, 200), 0);
    CHECK(is_original(buffer, offset, 200));
    CHECK_EQUAL(reads_of(disk), reads);
    CHECK_EQUAL(cache_read(&disk->device, offset, buffer, 0), 0);
    CHECK_EQUAL(cache_drop(&disk->device), 0);
}

static void the_end_of_the_disk_is_the_end(void)
{
    uint64_t bytes = (DISK_SECTORS + 3) * SECTOR_SIZE;
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS + 3);
    struct block_device *device = &disk->device;
    struct cache_block *block;
    CHECK_EQUAL(cache_read(device, bytes - 10, buffer, 10), 0);
    CHECK(is_original(buffer, bytes - 10, 10));
    CHECK_EQUAL(cache_read(device, bytes - 10, buffer, 11), -EINVAL);
    CHECK_EQUAL(cache_read(device, bytes + 1, buffer, 0), -EINVAL);
    CHECK_EQUAL(cache_write(device, UINT64_MAX - 5, buffer, 10), -EINVAL);
    CHECK_EQUAL(cache_get(device, DISK_BLOCKS + 1, &block), -EINVAL);
    CHECK_EQUAL(cache_get(device, DISK_BLOCKS, &block), 0);
    CHECK(is_original(block->data, DISK_BLOCKS * CACHE_BLOCK_SIZE, 3 * SECTOR_SIZE));
    CHECK(is_filled(block->data + 3 * SECTOR_SIZE, 0, 5 * SECTOR_SIZE));
    memset(block->data, 'x', CACHE_BLOCK_SIZE); // beyond the end it goes nowhere
    cache_mark_dirty(block);
    cache_put(block);
    CHECK_EQUAL(cache_drop(device), 0);
    CHECK_EQUAL(disk->last_sectors, 3);
    CHECK_EQUAL(cache_read(device, bytes - 3 * SECTOR_SIZE, buffer, 3 * SECTOR_SIZE), 0);
    CHECK(is_filled(buffer, 'x', 3 * SECTOR_SIZE));
    CHECK_EQUAL(cache_drop(device), 0);
}

static void a_sequence_is_read_ahead_of(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    struct cache_statistics before = now();
    for (unsigned i = 0; i < 256; i++) {
        CHECK_EQUAL(cache_read(&disk->device, i * CACHE_BLOCK_SIZE, buffer, CACHE_BLOCK_SIZE),
                    0);
        CHECK(is_original(buffer, i * CACHE_BLOCK_SIZE, CACHE_BLOCK_SIZE));
    }
    struct cache_statistics after = now();
    CHECK(reads_of(disk) < 256 / 6); // 8 at a time, as small as the cache is
    CHECK(after.read_ahead_used - before.read_ahead_used > 240);
    CHECK(after.read_ahead_blocks - before.read_ahead_blocks <= 256 + 16);
    CHECK_EQUAL(cache_drop(&disk->device), 0);
}

static void what_is_read_at_random_is_not(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    uint64_t before = now().read_ahead_blocks;
    for (unsigned i = 0; i < 50; i++)
        CHECK_EQUAL(cache_read(&disk->device, i * 97 % 512 * CACHE_BLOCK_SIZE, buffer, 10), 0);
    CHECK_EQUAL(now().read_ahead_blocks, before);
    CHECK_EQUAL(reads_of(disk), 50);
    CHECK_EQUAL(cache_drop(&disk->device), 0);
}

static void a_hint_limits_what_is_read(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    uint64_t end = 23 * CACHE_BLOCK_SIZE;
    for (uint64_t at = 3 * CACHE_BLOCK_SIZE; at < end; at += 1000) {
        size_t size = end - at < 1000 ? (size_t)(end - at) : 1000;
        CHECK_EQUAL(cache_read_sequential(&disk->device, at, buffer, size, end - at), 0);
        CHECK(is_original(buffer, at, size));
    }
    CHECK(reads_of(disk) <= 5);
    CHECK_EQUAL(disk->last_sector + disk->last_sectors, 23 * CACHE_BLOCK_SECTORS);
    CHECK_EQUAL(cache_drop(&disk->device), 0);
}

// ---- Writing --------------------------------------------------------------------------

static void neighbours_are_written_together(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    static const uint8_t order[] = {3, 1, 2, 0, 7, 4, 5, 6};
    memset(buffer, 'n', CACHE_BLOCK_SIZE);
    for (unsigned i = 0; i < sizeof(order); i++)
        CHECK_EQUAL(cache_write(&disk->device, (20 + order[i]) * CACHE_BLOCK_SIZE, buffer,
                                CACHE_BLOCK_SIZE),
                    0);
    CHECK_EQUAL(disk->requests[BLOCK_READ] + disk->requests[BLOCK_WRITE], 0);
    CHECK_EQUAL(now().dirty, 8);
    CHECK_EQUAL(cache_sync(&disk->device), 0);
    CHECK_EQUAL(writes_of(disk), 1);
    CHECK_EQUAL(disk->requests[BLOCK_FLUSH], 1);
    CHECK(is_filled(disk->bytes + 20 * CACHE_BLOCK_SIZE, 'n', 8 * CACHE_BLOCK_SIZE));
    CHECK_EQUAL(now().dirty, 0);
    CHECK_EQUAL(cache_sync(&disk->device), 0);
    CHECK_EQUAL(writes_of(disk), 1);
    CHECK_EQUAL(cache_drop(&disk->device), 0);
}

static void limits_of_the_device_are_kept(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    disk->device.segments_max = 3;
    disk->device.segment_size_max = 3000; // not even whole sectors
    disk->device.sectors_max = 12;
    memset(buffer, 'l', sizeof(buffer));
    CHECK_EQUAL(cache_write(&disk->device, 0, buffer, 20 * CACHE_BLOCK_SIZE), 0);
    CHECK_EQUAL(cache_sync(&disk->device), 0);
    CHECK_EQUAL(cache_write(&disk->device, 30 * CACHE_BLOCK_SIZE, buffer, sizeof(buffer)), 0);
    CHECK_EQUAL(cache_read(&disk->device, 100 * CACHE_BLOCK_SIZE, buffer, sizeof(buffer)), 0);
    CHECK(is_original(buffer, 100 * CACHE_BLOCK_SIZE, sizeof(buffer)));
    CHECK(is_filled(disk->bytes, 'l', 20 * CACHE_BLOCK_SIZE));
    CHECK(is_filled(disk->bytes + 30 * CACHE_BLOCK_SIZE, 'l', sizeof(buffer)));
    CHECK(disk->most_sectors <= 12);
    CHECK_EQUAL(cache_drop(&disk->device), 0);
}

static void blocks_of_4096_bytes(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    disk->device.block_size = 4096;
    CHECK_EQUAL(cache_write(&disk->device, 4095, "ab", 2), 0);
    CHECK_EQUAL(cache_read(&disk->device, 4094, buffer, 4), 0);
    CHECK(buffer[1] == 'a' && buffer[2] == 'b' && buffer[0] == ram_disk_byte(4094));
    CHECK_EQUAL(cache_drop(&disk->device), 0);
    CHECK_EQUAL(disk->bytes[4095], 'a');
    disk = ram_disk_create(DISK_SECTORS);
    disk->device.block_size = 8192;
    CHECK_EQUAL(cache_read(&disk->device, 0, buffer, 1), -EINVAL);
}

static void too_many_dirty_blocks_are_written(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    memset(buffer, 'd', CACHE_BLOCK_SIZE);
    for (unsigned i = 0; i < 200; i++) {
        CHECK_EQUAL(cache_write(&disk->device, i * 2 * CACHE_BLOCK_SIZE, buffer, 5000), 0);
        CHECK(now().dirty <= LIMIT / 2);
    }
    CHECK(writes_of(disk) > 0);
    CHECK_EQUAL(cache_drop(&disk->device), 0);
    CHECK_EQUAL(now().blocks, 0);
}

static void old_ones_too(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    fill(disk, 3, 'o');
    while (writes_of(disk) == 0) // or the test never ends
        timer_sleep(100000000);
    CHECK_EQUAL(writes_of(disk), 1);
    timer_sleep(1000000);
    CHECK_EQUAL(now().dirty, 0);
    CHECK_EQUAL(cache_drop(&disk->device), 0);
}

static void change_block(void *block)
{
    cache_prepare(block);
    memset(((struct cache_block *)block)->data, '2', CACHE_BLOCK_SIZE);
    cache_mark_dirty(block);
}

static void a_block_on_its_way_is_not_changed(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    struct cache_block *block;
    fill(disk, 1, '1');
    disk->delay_ns = 0;
    CHECK_EQUAL(cache_get(&disk->device, 0, &block), 0);
    struct thread *syncing = thread_create("sync", sync_disk, &disk->device);
    thread_yield();
    CHECK(block->busy && !block->dirty);
    CHECK_EQUAL(cache_read(&disk->device, 0, buffer, 1), 0); // reading does not wait
    struct thread *changing = thread_create("change", change_block, block);
    thread_yield();
    CHECK_EQUAL(block->data[0], '1');
    CHECK_EQUAL(finish_until_end(disk, syncing), 0);
    finish_until_end(disk, changing);
    CHECK(block->dirty && !block->busy);
    CHECK_EQUAL(disk->bytes[0], '1');
    CHECK_EQUAL(disk->torn, 0);
    cache_put(block);
    disk->delay_ns = 1000;
    CHECK_EQUAL(cache_drop(&disk->device), 0);
    CHECK_EQUAL(disk->bytes[0], '2');
}

static void a_change_on_the_way_is_not_lost(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    struct cache_block *block;
    fill(disk, 2, '1');
    disk->delay_ns = 0;
    CHECK_EQUAL(cache_get(&disk->device, 1, &block), 0);
    struct thread *first = thread_create("sync", sync_disk, &disk->device);
    thread_yield();
    CHECK_EQUAL(cache_write(&disk->device, 2 * CACHE_BLOCK_SIZE, buffer, 4096), 0);
    cache_mark_dirty(block); // without cache_prepare()
    CHECK(block->busy && block->dirty);
    struct thread *second = thread_create("sync", sync_disk, &disk->device);
    thread_yield();
    CHECK_EQUAL(writes_of(disk), 2); // the neighbour, alone
    CHECK_EQUAL(disk->last_sector, 2 * CACHE_BLOCK_SECTORS);
    CHECK_EQUAL(finish_until_end(disk, first), 0);
    CHECK_EQUAL(finish_until_end(disk, second), 0);
    CHECK_EQUAL(writes_of(disk), 3);
    CHECK(!block->dirty);
    cache_put(block);
    disk->delay_ns = 1000;
    CHECK_EQUAL(cache_drop(&disk->device), 0);
}

// ---- Holds, and what is forgotten -------------------------------------------------------

static void what_is_held_is_not_written(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    struct cache_block *block;
    fill(disk, 5, 'h');
    CHECK_EQUAL(cache_get(&disk->device, 2, &block), 0);
    cache_hold(block);
    cache_hold(block);
    cache_put(block); // a hold is a reference
    CHECK_EQUAL(cache_sync(&disk->device), 0);
    CHECK_EQUAL(writes_of(disk), 2); // those before, and those behind
    CHECK_EQUAL(now().dirty, 1);
    CHECK_EQUAL(now().held, 1);
    CHECK(is_original(disk->bytes + 2 * CACHE_BLOCK_SIZE, 2 * CACHE_BLOCK_SIZE, 4096));
    for (unsigned i = 0; i < 200; i++) // nor does it leave
        CHECK_EQUAL(cache_read(&disk->device, (100 + i) * CACHE_BLOCK_SIZE, buffer, 1), 0);
    cache_release_hold(block);
    CHECK_EQUAL(cache_sync(&disk->device), 0);
    CHECK_EQUAL(writes_of(disk), 2);
    CHECK_EQUAL(block->data[0], 'h');
    cache_release_hold(block);
    CHECK_EQUAL(cache_sync(&disk->device), 0);
    CHECK_EQUAL(writes_of(disk), 3);
    CHECK_EQUAL(disk->bytes[2 * CACHE_BLOCK_SIZE], 'h');
    CHECK_EQUAL(cache_drop(&disk->device), 0);
}

static void forget_two(void *device)
{
    cache_forget(device, 0, 2);
}

static void what_is_forgotten_is_not_written(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    struct cache_block *block;
    fill(disk, 10, 'f');
    CHECK_EQUAL(cache_get(&disk->device, 3, &block), 0);
    cache_forget(&disk->device, 2, 3);
    CHECK(block->valid && !block->dirty);
    CHECK_EQUAL(now().blocks, 8);
    cache_put(block);
    cache_forget(&disk->device, 7, UINT64_MAX - 7); // more than there are
    CHECK_EQUAL(now().dirty, 4);

    disk->delay_ns = 0; // and those on their way are waited for
    struct thread *syncing = thread_create("sync", sync_disk, &disk->device);
    thread_yield();
    struct thread *forgetting = thread_create("forget", forget_two, &disk->device);
    thread_yield();
    CHECK_EQUAL(forgetting->state, THREAD_WAITING);
    CHECK_EQUAL(finish_until_end(disk, syncing), 0);
    finish_until_end(disk, forgetting);
    CHECK_EQUAL(now().blocks, 3);
    disk->delay_ns = 1000;
    CHECK_EQUAL(cache_drop(&disk->device), 0);
    CHECK(is_filled(disk->bytes, 'f', 2 * CACHE_BLOCK_SIZE));
    CHECK(is_original(disk->bytes + 2 * CACHE_BLOCK_SIZE, 2 * CACHE_BLOCK_SIZE, 3 * 4096));
    CHECK(is_filled(disk->bytes + 5 * CACHE_BLOCK_SIZE, 'f', 2 * CACHE_BLOCK_SIZE));
    CHECK(is_original(disk->bytes + 7 * CACHE_BLOCK_SIZE, 7 * CACHE_BLOCK_SIZE, 3 * 4096));
}

static void a_new_block_is_zeros_and_is_not_read(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    struct cache_block *block;
    CHECK_EQUAL(cache_get_new(&disk->device, 5, &block), 0);
    CHECK(is_filled(block->data, 0, CACHE_BLOCK_SIZE) && block->valid && !block->dirty);
    block->data[0] = 'z';
    cache_put(block);
    CHECK_EQUAL(cache_get_new(&disk->device, 5, &block), 0);
    CHECK_EQUAL(block->data[0], 0);
    cache_put(block);
    CHECK_EQUAL(reads_of(disk), 0);
    CHECK_EQUAL(cache_drop(&disk->device), 0);
}

// ---- Memory -----------------------------------------------------------------------------

static void everything_is_in_use(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    struct cache_block *blocks[LIMIT], *more;
    for (unsigned i = 0; i < LIMIT; i++)
        CHECK_EQUAL(cache_get(&disk->device, i, &blocks[i]), 0);
    CHECK_EQUAL(cache_get(&disk->device, LIMIT, &more), -ENOMEM);
    CHECK_EQUAL(cache_read(&disk->device, 0, buffer, sizeof(buffer)), 0);
    cache_hold(blocks[7]);
    cache_mark_dirty(blocks[7]);
    cache_put(blocks[7]);
    CHECK_EQUAL(cache_get_new(&disk->device, LIMIT, &more), -ENOMEM);
    cache_release_hold(blocks[7]); // dirty, but it can be written
    CHECK_EQUAL(cache_get_new(&disk->device, LIMIT, &more), 0);
    cache_put(more);
    for (unsigned i = 0; i < LIMIT; i++)
        cache_put(i == 7 ? NULL : blocks[i]);
    CHECK_EQUAL(writes_of(disk), 1);
    CHECK_EQUAL(cache_drop(&disk->device), 0);
}

static void memory_is_given_back(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    struct page_statistics pages;
    fill(disk, 5, 'm');
    for (unsigned i = 0; i < LIMIT; i++)
        CHECK_EQUAL(cache_read(&disk->device, (8 + i) * CACHE_BLOCK_SIZE, buffer, 1), 0);
    CHECK(now().blocks > LIMIT / 2);
    timer_sleep(1000000); // nothing is on its way any more
    page_statistics(&pages);
    void *taken = NULL, *page;
    size_t count = 0;
    for (; (page = page_alloc_dirty(1)); count++) {
        *(void **)page = taken;
        taken = page;
    }
    CHECK(count > pages.free);
    CHECK_EQUAL(now().blocks, 5); // dirty
    CHECK_EQUAL(cache_read(&disk->device, 9 * CACHE_BLOCK_SIZE, buffer, 1), 0); // writes one
    CHECK(is_original(buffer, 9 * CACHE_BLOCK_SIZE, 1));
    for (; taken; taken = page) {
        page = *(void **)taken;
        page_free(taken, 1);
    }
    CHECK_EQUAL(cache_drop(&disk->device), 0);
    CHECK(is_filled(disk->bytes, 'm', 5 * CACHE_BLOCK_SIZE));
}

const struct test unit_tests[] = {
    {"the second read is free", the_second_read_is_free},
    {"the end of the disk is the end", the_end_of_the_disk_is_the_end},
    {"a sequence is read ahead of", a_sequence_is_read_ahead_of},
    {"what is read at random is not", what_is_read_at_random_is_not},
    {"a hint limits what is read", a_hint_limits_what_is_read},
    {"neighbours are written together", neighbours_are_written_together},
    {"limits of the device are kept", limits_of_the_device_are_kept},
    {"blocks of 4096 bytes", blocks_of_4096_bytes},
    {"too many dirty blocks are written", too_many_dirty_blocks_are_written},
    {"old ones too", old_ones_too},
    {"a block on its way is not changed", a_block_on_its_way_is_not_changed},
    {"a change on the way is not lost", a_change_on_the_way_is_not_lost},
    {"what is held is not written", what_is_held_is_not_written},
    {"what is forgotten is not written", what_is_forgotten_is_not_written},
    {"a new block is zeros and is not read", a_new_block_is_zeros_and_is_not_read},
    {"everything is in use", everything_is_in_use},
    {"memory is given back", memory_is_given_back},
    {0},
};
