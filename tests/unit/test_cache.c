// SPDX-License-Identifier: MIT
//
// The block cache: what is read is what was written, with as few requests as there should
// be, whatever the disk does.
#include "cache.h"

#include "error.h"
#include "heap.h"
#include "machine.h"
#include "page.h"
#include "print.h"
#include "ram_disk.h"
#include "string.h"
#include "test.h"
#include "threads.h"
#include "unit.h"

enum {
    LIMIT = 64,       // blocks of the cache
    DISK_BLOCKS = 512,
    DISK_SECTORS = DISK_BLOCKS * CACHE_BLOCK_SECTORS,
};

static uint8_t buffer[LIMIT * CACHE_BLOCK_SIZE];

void unit_setup(const struct boot_info *boot)
{
    unit_start_time(boot);
    cache_init(LIMIT * CACHE_BLOCK_SIZE);
}

static unsigned reads_of(const struct ram_disk *disk)
{
    return disk->requests[BLOCK_READ];
}

static unsigned writes_of(const struct ram_disk *disk)
{
    return disk->requests[BLOCK_WRITE];
}

static struct cache_statistics now(void)
{
    struct cache_statistics statistics;
    cache_statistics(&statistics);
    return statistics;
}

// Whether the buffer holds what a new disk has there.
static bool is_original(const uint8_t *bytes, uint64_t offset, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != ram_disk_byte(offset + i))
            return false;
    return true;
}

static bool is_filled(const uint8_t *bytes, uint8_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != value)
            return false;
    return true;
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

const struct test unit_tests[] = {
    {"the second read is free", the_second_read_is_free},
    {"the end of the disk is the end", the_end_of_the_disk_is_the_end},
    {"a sequence is read ahead of", a_sequence_is_read_ahead_of},
    {"what is read at random is not", what_is_read_at_random_is_not},
    {"a hint limits what is read", a_hint_limits_what_is_read},
    {"neighbours are written together", neighbours_are_written_together},
    {"limits of the device are kept", limits_of_the_device_are_kept},
    {"blocks of 4096 bytes", blocks_of_4096_bytes},
    {0},
};
