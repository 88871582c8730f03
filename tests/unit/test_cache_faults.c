// SPDX-License-Identifier: MIT
//
// The block cache over disks that fail: who is told, and who is not troubled.
#include "cached_disk.h"
#include "error.h"
#include "test.h"
#include "threads.h"
#include "unit.h"

void unit_setup(const struct boot_info *boot)
{
    unit_start_time(boot);
    cache_init(LIMIT * CACHE_BLOCK_SIZE);
}

static void read_block_1(void *device)
{
    char byte;
    thread_exit(cache_read(device, CACHE_BLOCK_SIZE, &byte, 1));
}

static void a_failed_read_fails_for_all_who_wait(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    struct thread *readers[4];
    int result;
    disk->fail_operation = BLOCK_READ;
    disk->fail_first = CACHE_BLOCK_SECTORS;
    disk->fail_count = 1;
    disk->delay_ns = 0;
    for (unsigned i = 0; i < 4; i++)
        readers[i] = thread_create("reader", read_block_1, &disk->device);
    thread_yield();
    CHECK(ram_disk_finish(disk));
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQUAL(thread_join(readers[i], &result, MACHINE_NEVER), 0);
        CHECK_EQUAL(result, -EIO);
    }
    CHECK_EQUAL(reads_of(disk), 1);
    CHECK_EQUAL(now().blocks, 0);
    disk->fail_count = 0; // it was a loose cable
    disk->delay_ns = 1000;
    CHECK_EQUAL(cache_read(&disk->device, CACHE_BLOCK_SIZE, buffer, 1), 0);
    CHECK_EQUAL(cache_drop(&disk->device), 0);
}

// Read ahead, in one request with others, or past the cache: only who asks for the bad
// sector's block is told.
static void a_bad_sector_is_no_trouble_to_others(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    disk->fail_operation = BLOCK_READ;
    disk->fail_first = 20 * CACHE_BLOCK_SECTORS + 3;
    disk->fail_count = 1;
    for (unsigned i = 0; i < 40; i++) {
        int error = cache_read(&disk->device, i * CACHE_BLOCK_SIZE, buffer, CACHE_BLOCK_SIZE);
        CHECK_EQUAL(error, i == 20 ? -EIO : 0);
        CHECK(i == 20 || is_original(buffer, i * CACHE_BLOCK_SIZE, CACHE_BLOCK_SIZE));
    }
    CHECK_EQUAL(cache_read(&disk->device, 0, buffer, 40 * CACHE_BLOCK_SIZE), -EIO);
    CHECK_EQUAL(cache_read(&disk->device, 21 * CACHE_BLOCK_SIZE, buffer, 40), 0);
    CHECK_EQUAL(cache_drop(&disk->device), 0);
}

static void a_failed_write_is_told_once_and_tried_again(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    disk->fail_operation = BLOCK_WRITE;
    disk->fail_first = 4 * CACHE_BLOCK_SECTORS;
    disk->fail_count = 2 * CACHE_BLOCK_SECTORS;
    fill(disk, 10, 'w');
    CHECK_EQUAL(cache_write_back(&disk->device), -EIO);
    CHECK(is_filled(disk->bytes, 'w', 4 * CACHE_BLOCK_SIZE)); // the others are there
    CHECK(is_filled(disk->bytes + 6 * CACHE_BLOCK_SIZE, 'w', 4 * CACHE_BLOCK_SIZE));
    CHECK_EQUAL(now().dirty, 2);
    CHECK_EQUAL(cache_sync(&disk->device), -EIO);
    disk->fail_count = 0;
    CHECK_EQUAL(cache_sync(&disk->device), 0);
    CHECK_EQUAL(cache_sync(&disk->device), 0);
    CHECK(is_filled(disk->bytes, 'w', 10 * CACHE_BLOCK_SIZE));
    CHECK_EQUAL(cache_drop(&disk->device), 0);
}

// Late: nobody waits for the write that fails. Then memory is full of what cannot be
// written; others still get theirs.
static void a_disk_that_takes_nothing_does_not_stop_others(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    struct ram_disk *good = ram_disk_create(DISK_SECTORS);
    disk->fail_operation = BLOCK_WRITE;
    disk->fail_count = DISK_SECTORS;
    memset(buffer, 'b', CACHE_BLOCK_SIZE);
    int error = 0;
    for (unsigned i = 0; i < 2 * LIMIT && !error; i++)
        error = cache_write(&disk->device, i * CACHE_BLOCK_SIZE, buffer, CACHE_BLOCK_SIZE);
    CHECK_EQUAL(error, -EIO);
    for (unsigned i = 0; i < 2 * LIMIT; i++)
        CHECK_EQUAL(cache_write(&good->device, i * CACHE_BLOCK_SIZE, buffer, CACHE_BLOCK_SIZE),
                    0);
    CHECK_EQUAL(cache_drop(&good->device), 0);
    CHECK(is_filled(good->bytes, 'b', 2 * LIMIT * CACHE_BLOCK_SIZE));
    CHECK_EQUAL(cache_drop(&disk->device), -EIO);
    CHECK_EQUAL(now().blocks, 0);
}

static void a_disk_that_goes_takes_its_changes_along(void)
{
    struct ram_disk *disk = ram_disk_create(DISK_SECTORS);
    struct cache_block *held;
    fill(disk, 10, 'g');
    CHECK_EQUAL(cache_get(&disk->device, 3, &held), 0);
    cache_hold(held);
    disk->delay_ns = 0;
    struct thread *syncing = thread_create("sync", sync_disk, &disk->device);
    thread_yield();
    block_device_gone(&disk->device);
    CHECK_EQUAL(finish_until_end(disk, syncing), -ENXIO);
    CHECK_EQUAL(cache_read(&disk->device, 0, buffer, 10), 0); // what is there is there
    CHECK_EQUAL(cache_read(&disk->device, 100 * CACHE_BLOCK_SIZE, buffer, 10), -ENXIO);
    CHECK_EQUAL(cache_read(&disk->device, 100 * CACHE_BLOCK_SIZE, buffer, sizeof(buffer)),
                -ENXIO);
    CHECK_EQUAL(cache_write(&disk->device, 0, buffer, 10), -ENXIO);
    CHECK_EQUAL(now().dirty, 1);
    cache_release_hold(held);
    cache_put(held);
    CHECK_EQUAL(now().dirty, 0);
    CHECK_EQUAL(cache_drop(&disk->device), -ENXIO);
    CHECK_EQUAL(now().blocks, 0);
}

const struct test unit_tests[] = {
    {"a failed read fails for all who wait", a_failed_read_fails_for_all_who_wait},
    {"a bad sector is no trouble to others", a_bad_sector_is_no_trouble_to_others},
    {"a failed write is told once and tried again",
     a_failed_write_is_told_once_and_tried_again},
    {"a disk that takes nothing does not stop others",
     a_disk_that_takes_nothing_does_not_stop_others},
    {"a disk that goes takes its changes along", a_disk_that_goes_takes_its_changes_along},
    {0},
};
