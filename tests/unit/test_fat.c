// SPDX-License-Identifier: MIT
//
// FAT: against a model, on volumes of all kinds and odd shapes, each checked afterwards.
#include "fs/fat.h"

#include "cache.h"
#include "fat_check.h"
#include "fs/ramfs.h"
#include "fs_model.h"
#include "machine.h"
#include "process.h"
#include "terminal.h"
#include "threads.h"
#include "unit.h"
#include "user/os.h"

static const struct file_system *const file_systems[] = {&ramfs_file_system, &fat_file_system,
                                                         NULL};
static struct fat_disk *disk;
static char source[32];

void unit_setup(const struct boot_info *boot)
{
    unit_start_time(boot);
    cache_init(256 * CACHE_BLOCK_SIZE);
    terminal_init();
    process_init();
    vfs_init(file_systems);
    vfs_mount("none", "/", "ramfs", 0);
    vfs_make("/mnt", OS_TYPE_DIRECTORY, NULL);
}

static bool remount(void)
{
    os_chdir("/");
    return model_same("unmounting", os_unmount("/mnt"), 0) && fat_disk_check(disk) &&
           model_same("mounting", os_mount(source, "/mnt", "fat", 0), 0);
}

static int mount_shape(const struct fat_shape *shape)
{
    disk = fat_disk_create(shape);
    snprintf(source, sizeof(source), "/dev/%s", disk->ram->device.name);
    return os_mount(source, "/mnt", "fat", 0);
}

static bool unmount_and_check(void)
{
    os_chdir("/");
    return model_same("unmounting", os_unmount("/mnt"), 0) && fat_disk_check(disk);
}

static void run_model(const struct fat_shape *shape)
{
    static const struct fs_model_options options = {.root = "/mnt",
                                                    .steps = 4000,
                                                    .size_max = 50000,
                                                    .no_links = true,
                                                    .no_symlinks = true,
                                                    .one_link = true,
                                                    .remount = remount};
    uint64_t seed = machine_clock_ns();
    print("seed %llu ", (unsigned long long)seed);
    CHECK_EQUAL(mount_shape(shape), 0);
    CHECK(fs_model_run(&options, seed));
    CHECK(unmount_and_check());
}

static void fat12_does_what_a_model_does(void)
{
    static const struct fat_shape shape = {12, 512, 2, 1, 512, 4000};
    run_model(&shape);
}

static void fat16_does_what_a_model_does(void)
{
    static const struct fat_shape shape = {16, 512, 1, 3, 512, 9000};
    run_model(&shape);
}

static void fat32_does_what_a_model_does(void)
{
    static const struct fat_shape shape = {32, 512, 8, 32, 0, 1000};
    run_model(&shape);
}

static void large_sectors_do_too(void)
{
    static const struct fat_shape shape = {32, 2048, 4, 7, 0, 600};
    run_model(&shape);
}

const struct test unit_tests[] = {
    {"FAT12 does what a model does", fat12_does_what_a_model_does},
    {"FAT16 does what a model does", fat16_does_what_a_model_does},
    {"FAT32 does what a model does", fat32_does_what_a_model_does},
    {"large sectors do, too", large_sectors_do_too},
    {0},
};
