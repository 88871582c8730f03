// SPDX-License-Identifier: MIT
//
// The block layer for those who wait: large transfers in pieces, errors, and no Ctrl-C.
#include "fake_disk.h"

void unit_setup(const struct boot_info *boot)
{
    unit_start_time(boot);
    fake_create();
}

static void fill(uint8_t *bytes, size_t size, uint64_t seed)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)unit_random(&seed);
}

static void large_transfers_are_split(void)
{
    enum { SIZE = 200 * SECTOR_SIZE };
    fake_reset(0);
    fill(buffer, SIZE, 7);
    CHECK_EQUAL(block_write(&fake.device, 11, buffer, SIZE), 0);
    CHECK_EQUAL(fake.submits, 7); // 32 sectors a piece
    CHECK_EQUAL(fake.sector, 11 + 6 * 32);
    CHECK(memcmp(fake.bytes + 11 * SECTOR_SIZE, buffer, SIZE) == 0);
    memset(buffer, 0, SIZE);
    CHECK_EQUAL(block_read(&fake.device, 11, buffer, SIZE), 0);
    CHECK(memcmp(fake.bytes + 11 * SECTOR_SIZE, buffer, SIZE) == 0);
    CHECK_EQUAL(fake.submits, 14);
    CHECK_EQUAL(fake.starts, 14);
    CHECK_EQUAL(fake.device.counters.sectors[BLOCK_WRITE], 200);
}

static void what_does_not_fit_is_not_begun(void)
{
    fake_reset(0);
    CHECK_EQUAL(block_write(&fake.device, DISK_SECTORS - 40, buffer, 41 * SECTOR_SIZE),
                -EINVAL);
    CHECK_EQUAL(block_read(&fake.device, 0, buffer, 100), -EINVAL);
    CHECK_EQUAL(block_read(&fake.device, 0, buffer, 40 * SECTOR_SIZE + 1), -EINVAL);
    CHECK_EQUAL(block_discard(&fake.device, 1, UINT64_MAX), -EINVAL);
    CHECK_EQUAL(block_write_zeroes(&fake.device, DISK_SECTORS + 1, 0), -EINVAL);
    CHECK_EQUAL(fake.submits, 0);
    CHECK_EQUAL(block_read(&fake.device, DISK_SECTORS, buffer, 0), 0); // nothing, at the end
}

static void zeros_come_from_the_disk_or_from_us(void)
{
    fake_reset(0);
    for (int can = 0; can < 2; can++) {
        fake.device.can_write_zeroes = can;
        fake.device.write_zeroes_sectors_max = 50;
        memset(fake.bytes, 0xff, sizeof(fake.bytes));
        fake.submits = 0;
        CHECK_EQUAL(block_write_zeroes(&fake.device, 5, 101), 0);
        for (int i = 0; i < DISK_SECTORS * SECTOR_SIZE; i++) {
            bool inside = i / SECTOR_SIZE >= 5 && i / SECTOR_SIZE < 106;
            CHECK_EQUAL(fake.bytes[i], inside ? 0 : 0xff);
        }
        CHECK_EQUAL(fake.submits, can ? 3 : 4); // 50 a time; 4 pages a time
    }
    fake_reset(0);
}

static int disk_error;

// Plays the disk for those that sleep: ends the oldest request, now and then.
static void play_disk(void *count)
{
    for (int left = *(int *)count; left > 0; left--) {
        timer_sleep(100000);
        if (fake.count > 0)
            fake_end(0, left == 1 ? disk_error : 0);
    }
}

static void sleeps_until_it_is_done(void)
{
    int count = 3;
    fake_reset(1);
    disk_error = 0;
    fill(fake.bytes, 96 * SECTOR_SIZE, 9);
    struct thread *disk = thread_create("disk", play_disk, &count);
    CHECK_EQUAL(block_read(&fake.device, 0, buffer, 96 * SECTOR_SIZE), 0);
    CHECK(memcmp(fake.bytes, buffer, 96 * SECTOR_SIZE) == 0);
    thread_join(disk, NULL, MACHINE_NEVER);
}

static void the_first_error_ends_it(void)
{
    int count = 2;
    fake_reset(1);
    disk_error = -EIO;
    struct thread *disk = thread_create("disk", play_disk, &count);
    CHECK_EQUAL(block_write(&fake.device, 0, buffer, 96 * SECTOR_SIZE), -EIO);
    CHECK_EQUAL(fake.submits, 2); // the third piece was not begun, the second not repeated
    thread_join(disk, NULL, MACHINE_NEVER);
}

static int read_result;

static void read_one(void *unused)
{
    read_result = block_read(&fake.device, 3, buffer, SECTOR_SIZE);
}

// The disk still writes into the caller's memory: Ctrl-C has to wait.
static void cannot_be_interrupted(void)
{
    fake_reset(1);
    read_result = 1;
    struct thread *reader = thread_create("reader", read_one, NULL);
    thread_yield();
    thread_interrupt(reader);
    thread_yield();
    CHECK_EQUAL(read_result, 1);
    fake_end(0, 0);
    thread_join(reader, NULL, MACHINE_NEVER);
    CHECK_EQUAL(read_result, 0);
}

const struct test unit_tests[] = {
    {"large transfers are split", large_transfers_are_split},
    {"what does not fit is not begun", what_does_not_fit_is_not_begun},
    {"zeros come from the disk or from us", zeros_come_from_the_disk_or_from_us},
    {"sleeps until it is done", sleeps_until_it_is_done},
    {"the first error ends it", the_first_error_ends_it},
    {"cannot be interrupted", cannot_be_interrupted},
    {0},
};
