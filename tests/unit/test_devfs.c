// SPDX-License-Identifier: MIT
//
// devfs and procfs: devices, and the state of the kernel, as files.
#include "files.h"

#include "block.h"
#include "cache.h"
#include "fs/devfs.h"
#include "fs/procfs.h"

static const struct file_system *const file_systems[] = {&ramfs_file_system, &devfs_file_system,
                                                         &procfs_file_system, NULL};

// ---- A disk of memory -------------------------------------------------------------------
enum { DISK_SECTORS = 100 }; // no whole number of the cache's blocks

static uint8_t disk_bytes[DISK_SECTORS * SECTOR_SIZE];

static int disk_submit(struct block_device *device, struct block_request *request)
{
    uint8_t *place = disk_bytes + request->sector * SECTOR_SIZE;
    for (unsigned i = 0; i < request->segment_count; i++) {
        const struct segment *segment = &request->segments[i];
        if (request->operation == BLOCK_READ)
            memcpy(segment->data, place, segment->size);
        else if (request->operation == BLOCK_WRITE)
            memcpy(place, segment->data, segment->size);
        place += segment->size;
    }
    block_complete(device, request, 0);
    return 0;
}

static void disk_start(struct block_device *device)
{
}

static const struct block_operations disk_operations = {.submit = disk_submit,
                                                        .start = disk_start};
static struct block_device disk = {
    .operations = &disk_operations,
    .sectors = DISK_SECTORS,
    .block_size = SECTOR_SIZE,
    .can_flush = true,
    .segments_max = 16,
    .sectors_max = 1024,
    .segment_size_max = 1 << 20,
};

void unit_setup(const struct boot_info *boot)
{
    unit_start_files(boot, file_systems);
    cache_init(0);
    block_add(&disk);
    vfs_mount("memory", "/", "ramfs", 0);
    os_mkdir("/dev");
    os_mkdir("/proc");
    os_mount("devices", "/dev", "devfs", 0);
    os_mount("kernel", "/proc", "procfs", 0);
}

// ---- Devices ----------------------------------------------------------------------------
static void streams(void)
{
    char bytes[64];
    int null = os_open("/dev/null", OS_READ_WRITE | OS_CREATE | OS_TRUNCATE);
    int zero = os_open("/dev/zero", OS_READ_ONLY);
    int random = os_open("/dev/random", OS_READ_ONLY);
    CHECK_EQUAL(os_write(null, "gone", 4), 4);
    CHECK_EQUAL(os_read(null, bytes, sizeof(bytes)), 0);
    memset(bytes, 1, sizeof(bytes));
    CHECK_EQUAL(os_read(zero, bytes, sizeof(bytes)), sizeof(bytes));
    for (unsigned i = 0; i < sizeof(bytes); i++)
        CHECK_EQUAL(bytes[i], 0);
    CHECK_EQUAL(os_write(zero, "x", 1), -EBADF);
    CHECK_EQUAL(os_read(random, bytes, sizeof(bytes)), sizeof(bytes));
    unsigned zeros = 0;
    for (unsigned i = 0; i < sizeof(bytes); i++)
        zeros += bytes[i] == 0;
    CHECK(zeros < sizeof(bytes) / 2);
    CHECK_EQUAL(os_seek(null, 0, OS_SEEK_SET), -ESPIPE);
    CHECK(!os_close(null) && !os_close(zero) && !os_close(random));
}

static void the_console_is_the_console(void)
{
    struct os_status status;
    int console = os_open("/dev/console", OS_READ_WRITE);
    CHECK(console >= 0 && os_is_console(console));
    CHECK_EQUAL(os_fstat(console, &status), 0);
    CHECK_EQUAL(status.type, OS_TYPE_DEVICE);
    CHECK_EQUAL(unit_type_of("/dev/console"), OS_TYPE_DEVICE);
    CHECK_EQUAL(os_close(console), 0);
}

static void disks_have_positions_and_an_end(void)
{
    static char bytes[sizeof(disk_bytes) + 1];
    struct os_status status;
    CHECK_EQUAL(os_stat("/dev/vda", &status), 0);
    CHECK(status.type == OS_TYPE_DISK && status.size == sizeof(disk_bytes));
    int handle = os_open("/dev/vda", OS_READ_WRITE);
    CHECK_EQUAL(os_seek(handle, -3, OS_SEEK_END), sizeof(disk_bytes) - 3);
    CHECK_EQUAL(os_write(handle, "abcdef", 6), 3); // what there is room for
    CHECK_EQUAL(os_write(handle, "def", 3), -ENOSPC);
    CHECK_EQUAL(os_read(handle, bytes, 1), 0);
    CHECK_EQUAL(os_write_at(handle, 700, "in the middle", 13), 13);
    CHECK_EQUAL(os_read_at(handle, 0, bytes, sizeof(bytes)), sizeof(disk_bytes));
    CHECK_EQUAL(memcmp(bytes + 700, "in the middle", 13), 0);
    CHECK_EQUAL(memcmp(bytes + sizeof(disk_bytes) - 3, "abc", 3), 0);
    CHECK_EQUAL(os_fsync(handle), 0);
    CHECK_EQUAL(memcmp(disk_bytes, bytes, sizeof(disk_bytes)), 0);
    CHECK_EQUAL(os_truncate(handle, 0), -EINVAL);
    CHECK_EQUAL(os_close(handle), 0);
}

static void a_mounted_disk_is_not_written(void)
{
    char byte;
    int early = os_open("/dev/vda", OS_READ_WRITE);
    CHECK_EQUAL(block_claim(&disk, "a test"), 0);
    CHECK_EQUAL(os_write(early, "x", 1), -EBUSY);
    CHECK_EQUAL(unit_try_open("/dev/vda", OS_WRITE_ONLY), -EBUSY);
    CHECK_EQUAL(os_read(early, &byte, 1), 1);
    CHECK_EQUAL(unit_try_open("/dev/vda", OS_READ_ONLY), 0);
    CHECK_EQUAL(os_mount("/dev/vda", "/dev", NULL, 0), -EBUSY);
    block_release(&disk);
    CHECK_EQUAL(os_write(early, &byte, 1), 1);
    CHECK_EQUAL(os_close(early), 0);
    disk.read_only = true;
    CHECK_EQUAL(unit_try_open("/dev/vda", OS_WRITE_ONLY), -EROFS);
    disk.read_only = false;
}

// What sync() means, also of disks that nobody has mounted.
static void sync_writes_disks(void)
{
    int handle = os_open("/dev/vda", OS_WRITE_ONLY);
    CHECK_EQUAL(os_write(handle, "synced", 6), 6);
    CHECK_EQUAL(os_close(handle), 0);
    CHECK(memcmp(disk_bytes, "synced", 6) != 0);
    CHECK_EQUAL(os_sync(), 0);
    CHECK_EQUAL(memcmp(disk_bytes, "synced", 6), 0);
}

static void nothing_is_made_or_removed(void)
{
    CHECK_EQUAL(os_mkdir("/dev/x"), -EROFS);
    CHECK_EQUAL(os_mkdir("/dev/null"), -EEXIST);
    CHECK_EQUAL(os_unlink("/dev/null"), -EROFS);
    CHECK_EQUAL(os_rename("/dev/null", "/dev/nil"), -EROFS);
    CHECK_EQUAL(os_link("/dev/null", "/dev/nil"), -EPERM);
    CHECK_EQUAL(os_set_times("/dev/null", 0, 0), -EROFS);
    CHECK_EQUAL(unit_try_open("/dev/null/x", OS_READ_ONLY), -ENOTDIR);
    CHECK_EQUAL(unit_try_open("/proc/uptime", OS_WRITE_ONLY), -EROFS);
    CHECK_EQUAL(unit_try_open("/proc/x", OS_WRITE_ONLY | OS_CREATE), -EROFS);
    CHECK_EQUAL(os_rmdir("/proc"), -EBUSY);
}

// ---- The kernel's state -----------------------------------------------------------------
static void every_file_says_something(void)
{
    struct os_entry entry;
    char path[OS_NAME_MAX + 8];
    unsigned count = 0;
    int handle = os_open("/proc", OS_READ_ONLY);
    while (os_read_directory(handle, &entry) == 1) {
        snprintf(path, sizeof(path), "/proc/%s", entry.name);
        CHECK(strchr(unit_read_file(path), '\n'));
        CHECK_EQUAL(unit_type_of(path), OS_TYPE_FILE);
        count++;
    }
    CHECK_EQUAL(count, 8);
    CHECK_EQUAL(os_close(handle), 0);
}

static void a_handle_keeps_what_it_saw(void)
{
    static char whole[2048], pieces[2048];
    struct os_status status;
    int handle = os_open("/proc/memory", OS_READ_ONLY);
    int size = os_read_at(handle, 0, whole, sizeof(whole));
    CHECK(size > 0);
    void *more = os_alloc(100000);
    int got = 0, count;
    while ((count = os_read(handle, pieces + got, 7)) > 0)
        got += count;
    CHECK_EQUAL(got, size);
    CHECK_STRING(pieces, whole);
    CHECK_EQUAL(os_fstat(handle, &status), 0);
    CHECK_EQUAL(status.size, (uint64_t)size);
    CHECK_EQUAL(os_seek(handle, -1, OS_SEEK_END), size - 1);
    int later = os_open("/proc/memory", OS_READ_ONLY);
    CHECK(os_read(later, pieces, sizeof(pieces)) > 0 && strcmp(pieces, whole) != 0);
    os_free(more);
    CHECK(!os_close(handle) && !os_close(later));
}

static void mounts_and_threads_are_there(void)
{
    CHECK(strstr(unit_read_file("/proc/mounts"), "kernel /proc procfs ro\n"));
    CHECK(strstr(unit_read_file("/proc/threads"), "1 kernel main running "));
}

const struct test unit_tests[] = {
    {"streams", streams},
    {"the console is the console", the_console_is_the_console},
    {"disks have positions and an end", disks_have_positions_and_an_end},
    {"a mounted disk is not written", a_mounted_disk_is_not_written},
    {"sync writes disks", sync_writes_disks},
    {"nothing is made or removed", nothing_is_made_or_removed},
    {"every file says something", every_file_says_something},
    {"a handle keeps what it saw", a_handle_keeps_what_it_saw},
    {"mounts and threads are there", mounts_and_threads_are_there},
    {0},
};
