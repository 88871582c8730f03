// SPDX-License-Identifier: MIT
//
// tsfs: against a model, over a disk in memory.
#include "fs/tsfs.h"

#include "cache.h"
#include "fs/tsfs_make.h"
#include "files.h"
#include "fs_model.h"
#include "ram_disk.h"

static const struct file_system *const file_systems[] = {&tsfs, NULL};

void unit_setup(const struct boot_info *boot)
{
    unit_start_files(boot, file_systems);
    cache_init(0);
}

static struct ram_disk *disk;

static int format(uint32_t blocks)
{
    struct tsfs_make_options options = {.blocks = blocks, .id = {1, 2, 3, 4, 5, 6, 7, 8}};
    if (!disk)
        disk = ram_disk_create(8192 * CACHE_BLOCK_SECTORS);
    return tsfs_make(&disk->device, &options);
}

static bool remount(void)
{
    unit_leave_directory();
    return vfs_unmount("/") == 0 && vfs_mount("vda", "/", "tsfs", 0) == 0;
}

static void does_what_a_model_does(void)
{
    static const struct fs_model_options options = {
        .root = "", .steps = 20000, .size_max = 50000, .remount = remount};
    uint64_t seed = machine_clock_ns();
    print("seed %llu ", (unsigned long long)seed);
    CHECK_EQUAL(format(8192), 0);
    CHECK_EQUAL(vfs_mount("vda", "/", "tsfs", 0), 0);
    CHECK(fs_model_run(&options, seed));
    unit_leave_directory();
    CHECK_EQUAL(vfs_unmount("/"), 0);
}

const struct test unit_tests[] = {
    {"does what a model does", does_what_a_model_does},
    {0},
};
