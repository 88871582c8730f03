// SPDX-License-Identifier: MIT
//
// FAT and the power: after every single write, in whatever order the disk does them, no file
// has lost clusters or shares them. Clusters that belong to nobody are all that may be left.
#include "fs/fat.h"

#include "cache.h"
#include "fat_check.h"
#include "fs/ramfs.h"
#include "machine.h"
#include "process.h"
#include "string.h"
#include "terminal.h"
#include "test.h"
#include "threads.h"
#include "unit.h"
#include "user/os.h"

enum { STEPS = 400, NAMES = 12, FILE_MAX = 30000 };

static const struct file_system *const file_systems[] = {&ramfs_file_system, &fat_file_system,
                                                         NULL};
static struct fat_disk *disk;
static char bytes[FILE_MAX];
static bool stop, broken;
static unsigned writes;

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

// Plays the disk: ends one request after the other, and looks at what there would be if that
// had been the last one.
static void play_disk(void *unused)
{
    while (!stop) {
        while (ram_disk_finish(disk->ram)) {
            writes++;
            disk->was_cut = true;
            broken |= !fat_disk_check(disk);
        }
        thread_yield();
    }
}

static void write_file(const char *path, unsigned flags, uint64_t *random)
{
    int handle = os_open(path, OS_WRITE_ONLY | OS_CREATE | flags);
    if (handle < 0)
        return;
    os_write(handle, bytes, unit_random(random) % FILE_MAX);
    os_close(handle);
}

static void cut_file(const char *path, uint64_t *random)
{
    int handle = os_open(path, OS_READ_WRITE);
    if (handle < 0)
        return;
    os_truncate(handle, unit_random(random) % FILE_MAX);
    os_close(handle);
}

// Directories are "d0" to "d3"; files, with short names and long ones, in them and beside.
static void random_path(char *path, size_t size, uint64_t *random)
{
    unsigned directory = unit_random(random) % 6, name = unit_random(random) % NAMES;
    snprintf(path, size, name % 2 ? "/mnt%s%u/f%u" : "/mnt%s%u/a longer name of a file %u",
             directory < 4 ? "/d" : "/../mnt/d3/../d", directory % 4, name);
}

static void step(uint64_t *random)
{
    char path[64], other[64];
    random_path(path, sizeof(path), random);
    random_path(other, sizeof(other), random);
    switch (unit_random(random) % 10) {
    case 0: case 1: case 2: write_file(path, OS_TRUNCATE, random); break;
    case 3: write_file(path, OS_APPEND, random); break;
    case 4: cut_file(path, random); break;
    case 5: case 6: os_unlink(path); break;
    case 7: os_rename(path, other); break;
    case 8: os_mkdir(path); os_rmdir(other); break;
    default: os_sync(); break;
    }
}

static void nothing_is_shared_or_lost(const struct fat_shape *shape, bool in_any_order)
{
    uint64_t seed = machine_clock_ns() | 1, random = seed;
    print("seed %llu ", (unsigned long long)seed);
    disk = fat_disk_create(shape);
    disk->ram->delay_ns = 0;
    disk->ram->in_any_order = in_any_order;
    stop = broken = false;
    struct thread *player = thread_create("disk", play_disk, NULL);
    int error = os_mount(disk->ram->device.name, "/mnt", "fat", 0);
    for (char name[] = "/mnt/d0"; name[6] < '4' && !error; name[6]++)
        error = os_mkdir(name);
    for (unsigned i = 0; i < STEPS && !broken && !error; i++)
        step(&random);
    if (!error)
        error = os_unmount("/mnt");
    stop = true;
    thread_join(player, NULL, MACHINE_NEVER);
    disk->ram->delay_ns = 1000; // from now on it plays itself: os_sync() knows all disks
    disk->was_cut = false;
    CHECK_EQUAL(error, 0);
    CHECK(!broken);
    CHECK(writes > STEPS);
    CHECK(fat_disk_check(disk));
}

static const struct fat_shape even = {32, 512, 8, 32, 0, 1000};
// Here clusters, tables and the root share blocks of the cache.
static const struct fat_shape odd = {16, 512, 1, 3, 512, 5000};

static void the_power_may_fail_at_any_write(void)
{
    nothing_is_shared_or_lost(&even, false);
}

static void also_when_writes_overtake_each_other(void)
{
    nothing_is_shared_or_lost(&even, true);
}

static void also_when_clusters_share_blocks(void)
{
    nothing_is_shared_or_lost(&odd, true);
}

const struct test unit_tests[] = {
    {"the power may fail at any write", the_power_may_fail_at_any_write},
    {"also when writes overtake each other", also_when_writes_overtake_each_other},
    {"also when clusters share blocks", also_when_clusters_share_blocks},
    {0},
};
