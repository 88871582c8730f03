// SPDX-License-Identifier: MIT
//
// Past the block cache: large pieces do not go through it, and agree with what is in it.
#include "cached_disk.h"
#include "error.h"
#include "test.h"
#include "threads.h"
#include "unit.h"

enum { MANY = 40, MANY_BYTES = MANY * CACHE_BLOCK_SIZE }; // blocks: enough to go past it

void unit_setup(const struct boot_info *boot)
{
    unit_start_time(boot);
    cache_init(LIMIT * CACHE_BLOCK_SIZE);
}

static void large_pieces_leave_the_cache_alone(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    struct cache_statistics before = now();
    CHECK_EQUAL(cache_read(&disk->device, 0, buffer, MANY_BYTES), 0);
    CHECK(is_original(buffer, 0, MANY_BYTES));
    CHECK_EQUAL(reads_of(disk), 1);
    CHECK_EQUAL(now().direct_read_blocks - before.direct_read_blocks, MANY);
    memset(buffer, 'x', MANY_BYTES);
    CHECK_EQUAL(cache_write(&disk->device, 0, buffer, MANY_BYTES), 0);
    CHECK_EQUAL(writes_of(disk), 1);
    CHECK(is_filled(disk->bytes, 'x', MANY_BYTES));
    CHECK_EQUAL(now().direct_written_blocks - before.direct_written_blocks, MANY);
    CHECK_EQUAL(now().blocks, 0);
}

static void ends_of_blocks_do_not(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    memset(buffer, 'e', sizeof(buffer));
    CHECK_EQUAL(cache_write(&disk->device, 100, buffer, MANY_BYTES), 0);
    CHECK_EQUAL(now().dirty, 2);
    CHECK_EQUAL(cache_read(&disk->device, 0, buffer, MANY_BYTES + 200), 0);
    CHECK(is_original(buffer, 0, 100));
    CHECK(is_filled(buffer + 100, 'e', MANY_BYTES));
    CHECK(is_original(buffer + 100 + MANY_BYTES, 100 + MANY_BYTES, 100));
    CHECK_EQUAL(cache_drop(&disk->device), 0);
    CHECK(is_filled(disk->bytes + 100, 'e', MANY_BYTES));
}

static void what_is_newer_in_the_cache_is_seen(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    CHECK_EQUAL(cache_write(&disk->device, 39 * CACHE_BLOCK_SIZE, "new", 3), 0);
    CHECK_EQUAL(cache_read(&disk->device, 0, buffer, MANY_BYTES), 0);
    CHECK(memcmp(buffer + 39 * CACHE_BLOCK_SIZE, "new", 3) == 0);
    CHECK(is_original(buffer, 0, 39 * CACHE_BLOCK_SIZE));
    CHECK_EQUAL(cache_drop(&disk->device), 0);
}

static void what_is_in_the_cache_does_not_stay_old(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    struct cache_block *used;
    CHECK_EQUAL(cache_write(&disk->device, 2 * CACHE_BLOCK_SIZE, "dirty", 5), 0);
    CHECK_EQUAL(cache_read(&disk->device, 3 * CACHE_BLOCK_SIZE, buffer, 5), 0);
    CHECK_EQUAL(cache_get(&disk->device, 36, &used), 0);
    memset(buffer, 'y', MANY_BYTES);
    CHECK_EQUAL(cache_write(&disk->device, 0, buffer, MANY_BYTES), 0);
    CHECK(is_filled(used->data, 'y', CACHE_BLOCK_SIZE));
    cache_put(used);
    for (unsigned i = 0; i < MANY; i++) {
        CHECK_EQUAL(cache_read(&disk->device, i * CACHE_BLOCK_SIZE, buffer, 4096), 0);
        CHECK(is_filled(buffer, 'y', CACHE_BLOCK_SIZE));
    }
    CHECK_EQUAL(cache_drop(&disk->device), 0);
    CHECK(is_filled(disk->bytes, 'y', MANY_BYTES));
}

static void write_many(void *device)
{
    memset(buffer, 'w', MANY_BYTES);
    thread_exit(cache_write(device, 0, buffer, MANY_BYTES));
}

static uint8_t seen[3];

static void read_byte(void *device)
{
    thread_exit(cache_read(device, 7 * CACHE_BLOCK_SIZE, &seen[0], 1));
}

static void write_byte(void *device)
{
    thread_exit(cache_write(device, 9 * CACHE_BLOCK_SIZE, "b", 1));
}

// A read that overtakes the write would keep what was there before.
static void nothing_enters_the_cache_meanwhile(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    struct block_device *device = &disk->device;
    disk->delay_ns = 0;
    disk->in_any_order = true;
    struct thread *writing = thread_create("write", write_many, device);
    thread_yield();
    CHECK_EQUAL(writes_of(disk), 1);
    struct thread *reading = thread_create("read", read_byte, device);
    struct thread *changing = thread_create("change", write_byte, device);
    thread_yield();
    CHECK_EQUAL(reads_of(disk), 0); // they wait
    CHECK_EQUAL(finish_until_end(disk, writing), 0);
    CHECK_EQUAL(finish_until_end(disk, reading), 0);
    CHECK_EQUAL(finish_until_end(disk, changing), 0);
    CHECK_EQUAL(seen[0], 'w');
    disk->delay_ns = 1000;
    CHECK_EQUAL(cache_read(device, 7 * CACHE_BLOCK_SIZE, &seen[0], 1), 0);
    CHECK_EQUAL(cache_read(device, 9 * CACHE_BLOCK_SIZE, &seen[1], 2), 0);
    CHECK(seen[0] == 'w' && seen[1] == 'b' && seen[2] == 'w');
    CHECK_EQUAL(cache_drop(device), 0);
    CHECK_EQUAL(disk->bytes[9 * CACHE_BLOCK_SIZE], 'b');
}

static void errors_are_the_callers(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    disk->fail_operation = BLOCK_WRITE;
    disk->fail_first = 77;
    disk->fail_count = 1;
    CHECK_EQUAL(cache_write(&disk->device, 0, buffer, MANY_BYTES), -EIO);
    disk->fail_operation = BLOCK_READ;
    CHECK_EQUAL(cache_read(&disk->device, 0, buffer, MANY_BYTES), -EIO);
    CHECK_EQUAL(cache_sync(&disk->device), 0); // they have been told
    disk->device.read_only = true;
    CHECK_EQUAL(cache_write(&disk->device, 0, buffer, MANY_BYTES), -EROFS);
    CHECK_EQUAL(cache_write(&disk->device, 0, buffer, 1), -EROFS);
    CHECK_EQUAL(cache_drop(&disk->device), 0);
}

const struct test unit_tests[] = {
    {"large pieces leave the cache alone", large_pieces_leave_the_cache_alone},
    {"ends of blocks do not", ends_of_blocks_do_not},
    {"what is newer in the cache is seen", what_is_newer_in_the_cache_is_seen},
    {"what is in the cache does not stay old", what_is_in_the_cache_does_not_stay_old},
    {"nothing enters the cache meanwhile", nothing_enters_the_cache_meanwhile},
    {"errors are the caller's", errors_are_the_callers},
    {0},
};
