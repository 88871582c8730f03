// SPDX-License-Identifier: MIT
//
// ramfs: against a model, with its limit, and what it leaves behind.
#include "fs/ramfs.h"

#include "files.h"
#include "fs_model.h"

static const struct file_system *const file_systems[] = {&ramfs_file_system, NULL};

void unit_setup(const struct boot_info *boot)
{
    unit_start_files(boot, file_systems);
}

static void does_what_a_model_does(void)
{
    static const struct fs_model_options options = {
        .root = "", .steps = 20000, .size_max = 50000};
    uint64_t seed = machine_clock_ns();
    print("seed %llu ", (unsigned long long)seed);
    CHECK_EQUAL(vfs_mount("none", "/", "ramfs", 0), 0);
    CHECK(fs_model_run(&options, seed));
    unit_leave_directory();
    CHECK_EQUAL(vfs_unmount("/"), 0);
}

// ---- Memory -----------------------------------------------------------------------------
static uint64_t free_blocks(void)
{
    struct os_fs_info info;
    return os_fs_info("/", &info) ? 0 : info.blocks_free;
}

static void holes_take_no_memory(void)
{
    struct os_status status;
    char byte = 'x';
    CHECK_EQUAL(vfs_mount("memory", "/", "ramfs", 0), 0);
    uint64_t before = free_blocks();
    int handle = os_open("/f", OS_READ_WRITE | OS_CREATE);
    CHECK_EQUAL(os_truncate(handle, (uint64_t)1 << 40), 0);
    CHECK_EQUAL(os_write_at(handle, (uint64_t)1 << 39, "y", 1), 1);
    CHECK_EQUAL(os_read_at(handle, ((uint64_t)1 << 39) - 1, &byte, 1), 1);
    CHECK_EQUAL(byte, 0);
    CHECK_EQUAL(os_fstat(handle, &status), 0);
    CHECK(status.size == (uint64_t)1 << 40 && status.blocks <= 8 * 8);
    CHECK(before - free_blocks() <= 9);
    CHECK_EQUAL(os_truncate(handle, 100), 0);
    CHECK_EQUAL(os_fstat(handle, &status), 0);
    CHECK_EQUAL(os_truncate(handle, 0), 0);
    CHECK_EQUAL(os_close(handle), 0);
    CHECK_EQUAL(os_unlink("/f"), 0);
    CHECK_EQUAL(free_blocks(), before);
    CHECK_EQUAL(vfs_unmount("/"), 0);
}

// What is left of the last pages: nothing is smaller than a link.
static int fill_up(void)
{
    char name[16];
    int error = 0;
    for (unsigned i = 0; !error; i++) {
        snprintf(name, sizeof(name), "/d%u", i);
        error = os_mkdir(name);
    }
    error = 0;
    for (unsigned i = 0; !error; i++) {
        snprintf(name, sizeof(name), "/l%u", i);
        error = os_link("/f", name);
    }
    return error;
}

// Until there is no more; then everything that is no longer needed is there again.
static void full_is_full(void)
{
    static char bytes[16 * 4096];
    size_t pages_before = unit_free_pages();
    CHECK_EQUAL(vfs_mount("memory", "/", "ramfs", 0), 0);
    uint64_t before = free_blocks(), written = 0;
    int handle = os_open("/f", OS_READ_WRITE | OS_CREATE), count;
    while ((count = os_write(handle, bytes, sizeof(bytes))) > 0)
        written += (uint64_t)count;
    CHECK_EQUAL(count, -ENOSPC);
    CHECK(written / 4096 > before - before / 64 && written / 4096 < before);
    CHECK_EQUAL(unit_size_of("/f"), written);
    CHECK_EQUAL(fill_up(), -ENOSPC);
    CHECK_EQUAL(os_symlink("target", "/s"), -ENOSPC);
    CHECK_EQUAL(os_rename("/f", "/d0/f"), -ENOSPC);
    CHECK_EQUAL(unit_size_of("/f"), written); // it is where it was
    CHECK_EQUAL(os_truncate(handle, 4096), 0);
    CHECK_EQUAL(os_mkdir("/room"), 0);
    CHECK_EQUAL(os_close(handle), 0);
    CHECK_EQUAL(vfs_unmount("/"), 0);
    CHECK(unit_free_pages() + 8 > pages_before); // a few are kept by the heap
}

enum { MANY = 10000 };

// Listing all of them while they go, as `rm -r` does.
static void ten_thousand_names(void)
{
    char name[16];
    struct os_entry entry;
    CHECK(!vfs_mount("memory", "/", "ramfs", 0) && !os_mkdir("/d") && !os_chdir("/d"));
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "%u", i);
        CHECK_EQUAL(unit_write_file(name, ""), 0);
    }
    int handle = os_open(".", OS_READ_ONLY);
    unsigned found = 0;
    while (os_read_directory(handle, &entry) == 1) {
        CHECK_EQUAL(os_unlink(entry.name), 0);
        found++;
    }
    CHECK_EQUAL(found, MANY);
    CHECK(!os_close(handle) && !os_chdir("/"));
    CHECK_EQUAL(os_rmdir("/d"), 0);
    unit_leave_directory();
    CHECK_EQUAL(vfs_unmount("/"), 0);
}

const struct test unit_tests[] = {
    {"does what a model does", does_what_a_model_does},
    {"holes take no memory", holes_take_no_memory},
    {"full is full", full_is_full},
    {"ten thousand names", ten_thousand_names},
    {0},
};
