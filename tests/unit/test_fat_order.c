// SPDX-License-Identifier: MIT
//
// FAT and the power: after every single write, in whatever order the disk does them, no file
// has lost clusters or shares them; clusters that belong to nobody are all that may be left.
// That stays so when such a volume is used on without a check, unless a file was being renamed
// and has two names: that only a check can mend. One that is not marked as being
// used has not even those.
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
static bool stop, broken, was_cut;
static unsigned writes, cut_at;
static uint8_t *image; // what was on the disk after that many writes

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

static size_t image_size(void)
{
    return (size_t)disk->ram->device.sectors * SECTOR_SIZE;
}

// Plays the disk: ends one request after the other, and looks at what there would be if that
// had been the last one.
static void play_disk(void *unused)
{
    while (!stop) {
        while (ram_disk_finish(disk->ram)) {
            disk->was_cut = was_cut || fat_disk_is_marked(disk);
            broken |= !fat_disk_check(disk);
            if (++writes >= cut_at && !disk->two_names && !was_cut) {
                cut_at = UINT32_MAX;
                memcpy(image, disk->ram->bytes, image_size());
            }
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

static int use_volume(uint64_t *random)
{
    int error = os_mount(disk->ram->device.name, "/mnt", "fat", 0);
    if (error)
        return error;
    for (char name[] = "/mnt/d0"; name[6] < '4'; name[6]++)
        os_mkdir(name); // it may be there from before the cut
    for (unsigned i = 0; i < STEPS && !broken; i++)
        step(random);
    return os_unmount("/mnt");
}

static void nothing_is_shared_or_lost(const struct fat_shape *shape, bool in_any_order)
{
    uint64_t seed = machine_clock_ns() | 1, random = seed;
    print("seed %llu ", (unsigned long long)seed);
    disk = fat_disk_create(shape);
    disk->ram->delay_ns = 0;
    disk->ram->in_any_order = in_any_order;
    image = heap_alloc(image_size());
    stop = broken = was_cut = false;
    writes = 0;
    cut_at = unit_random(&random) % STEPS + 1;
    struct thread *player = thread_create("disk", play_disk, NULL);
    int error = use_volume(&random);
    unsigned first_writes = writes;
    disk->was_cut = false;
    bool whole = fat_disk_check(disk);
    memcpy(disk->ram->bytes, image, image_size()); // as if the power had gone then
    was_cut = true;
    int late_error = use_volume(&random);
    stop = true;
    thread_join(player, NULL, MACHINE_NEVER);
    disk->ram->delay_ns = 1000; // from now on it plays itself: os_sync() knows all disks
    CHECK_EQUAL(error, 0);
    CHECK(first_writes > STEPS);
    CHECK(whole);
    CHECK_EQUAL(late_error, 0);
    CHECK(!broken);
    heap_free(image);
}

static const struct fat_shape even = {32, 512, 8, 32, 0, 1000};
// Here clusters, tables and the root share blocks of the cache.
static const struct fat_shape odd = {16, 512, 1, 3, 512, 5000};
// And here chains go from block to block of a table.
static const struct fat_shape long_table = {32, 512, 1, 32, 0, 70000};

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

static void also_when_chains_cross_blocks(void)
{
    nothing_is_shared_or_lost(&long_table, true);
}

const struct test unit_tests[] = {
    {"the power may fail at any write", the_power_may_fail_at_any_write},
    {"also when writes overtake each other", also_when_writes_overtake_each_other},
    {"also when clusters share blocks", also_when_clusters_share_blocks},
    {"also when chains cross blocks of a table", also_when_chains_cross_blocks},
    {0},
};
