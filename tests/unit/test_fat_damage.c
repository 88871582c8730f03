// SPDX-License-Identifier: MIT
//
// Damaged FAT volumes: an error that is one, at worst nothing can be written any more; never
// a hang, a panic, or memory that is not ours.
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

enum { FILE_SIZE = 5000, ROUNDS = 60, DEPTH_MAX = 8 };

static const struct file_system *const file_systems[] = {&ramfs_file_system, &fat_file_system,
                                                         NULL};
static const struct fat_shape shape_12 = {12, 512, 2, 1, 64, 200};
static const struct fat_shape shape_16 = {16, 512, 1, 2, 64, 4200};
static const struct fat_shape shape_32 = {32, 512, 2, 8, 0, 300};
static struct fat_disk *disk;
static uint8_t *good; // the volume as it was before the damage
static char source[32], bytes[FILE_SIZE];

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

static size_t disk_size(void)
{
    return disk->ram->device.sectors * SECTOR_SIZE;
}

static int mount(void)
{
    return os_mount(source, "/mnt", "fat", 0);
}

static void make_file(const char *path)
{
    int handle = os_open(path, OS_WRITE_ONLY | OS_CREATE);
    os_write(handle, bytes, FILE_SIZE);
    os_close(handle);
}

// A volume with /dir/below, /dir/A long name for a file, /file. FAT16's and FAT32's numbers of
// clusters follow from the order.
static void make_volume(const struct fat_shape *shape)
{
    disk = fat_disk_create(shape);
    snprintf(source, sizeof(source), "%s", disk->ram->device.name);
    CHECK_EQUAL(mount(), 0);
    make_file("/mnt/file");
    CHECK_EQUAL(os_mkdir("/mnt/dir"), 0);
    CHECK_EQUAL(os_mkdir("/mnt/dir/below"), 0);
    make_file("/mnt/dir/A long name for a file");
    make_file("/mnt/dir/below/deep");
    CHECK_EQUAL(os_unmount("/mnt"), 0);
    CHECK(fat_disk_check(disk));
    good = heap_alloc(disk_size());
    memcpy(good, disk->ram->bytes, disk_size());
}

// The cache may know the disk from an attempt to mount it.
static void repair(void)
{
    cache_drop(&disk->ram->device);
    memcpy(disk->ram->bytes, good, disk_size());
}

// The first cluster of what has this short name ("FILE       ").
static uint32_t cluster_of(const char *name)
{
    for (size_t i = 0; i + 32 <= disk_size(); i += 32) {
        if (memcmp(good + i, name, 11) == 0)
            return le16_read(good + i + 26);
    }
    return 0;
}

static uint8_t *entry_of(const char *name)
{
    for (size_t i = 0; i + 32 <= disk_size(); i += 32) {
        if (memcmp(disk->ram->bytes + i, name, 11) == 0)
            return disk->ram->bytes + i;
    }
    return NULL;
}

static int read_all(const char *path)
{
    static char buffer[FILE_SIZE];
    int handle = os_open(path, OS_READ_ONLY);
    if (handle < 0)
        return handle;
    int count = 0, size = 0;
    while (size < 1 << 20 && (count = os_read(handle, buffer, sizeof(buffer))) > 0)
        size += count;
    os_close(handle);
    return count < 0 ? count : size;
}

static bool is_read_only(void)
{
    struct os_fs_info info;
    return os_fs_info("/mnt", &info) == 0 && info.read_only;
}

// ---- Boot sectors -------------------------------------------------------------------------

static int mount_with(unsigned offset, unsigned size, uint32_t value)
{
    repair();
    if (size == 1)
        disk->ram->bytes[offset] = (uint8_t)value;
    else if (size == 2)
        le16_write(disk->ram->bytes + offset, (uint16_t)value);
    else
        le32_write(disk->ram->bytes + offset, value);
    int error = mount();
    if (!error)
        os_unmount("/mnt");
    return error;
}

static void boot_sectors_are_not_believed(void)
{
    static const struct {
        unsigned offset, size;
        uint32_t value;
    } damages[] = {
        {510, 2, 0},      {0, 1, 0},          {11, 2, 0},      {11, 2, 256},   {11, 2, 8192},
        {11, 2, 513},     {13, 1, 0},         {13, 1, 3},      {13, 1, 255},   {14, 2, 0},
        {14, 2, 0xffff},  {16, 1, 0},         {16, 1, 5},      {16, 1, 255},   {17, 2, 1},
        {19, 2, 0},       {19, 2, 1},         {19, 2, 0xffff}, {36, 4, 0},     {36, 4, 1},
        {36, 4, 1u << 31},{36, 4, UINT32_MAX},{42, 2, 1},      {44, 4, 0},     {44, 4, 1},
        {44, 4, 302},     {44, 4, UINT32_MAX},{40, 2, 0x8f},   {22, 2, 1},
    };
    make_volume(&shape_32);
    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        int error = mount_with(damages[i].offset, damages[i].size, damages[i].value);
        if (error != -EINVAL)
            print("\n  offset %u, value %u:", damages[i].offset, damages[i].value);
        CHECK_EQUAL(error, -EINVAL);
    }
    CHECK_EQUAL(mount_with(48, 2, 0xffff), 0); // FSInfo only helps
    CHECK_EQUAL(mount_with(32, 4, 1u << 30), 0); // not looked at: 16 bits say it
    disk->ram->device.sectors -= 2;
    CHECK_EQUAL(mount_with(0, 1, 0xeb), -EINVAL); // smaller than it says
    disk->ram->device.sectors += 2;
    CHECK_EQUAL(mount_with(0, 1, 0xeb), 0);
}

// ---- Chains -------------------------------------------------------------------------------

static void check_chain_damage(const char *name, unsigned index, uint32_t value, int result)
{
    uint32_t cluster = cluster_of(name);
    repair();
    for (; index > 0; index--)
        cluster = fat_disk_get(disk, 0, cluster);
    fat_disk_put(disk, 0, cluster, value);
    CHECK_EQUAL(mount(), 0);
    CHECK_EQUAL(read_all("/mnt/file"), memcmp(name, "FILE", 4) ? FILE_SIZE : result);
    if (result < 0) {
        CHECK_EQUAL(read_all("/mnt/dir/below/deep"),
                    memcmp(name, "FILE", 4) ? result : FILE_SIZE);
        CHECK(is_read_only());
        CHECK_EQUAL(os_mkdir("/mnt/new"), -EROFS);
    }
    CHECK_EQUAL(os_unmount("/mnt"), 0);
}

static void broken_chains_are_errors(void)
{
    static const struct fat_shape *const shapes[] = {&shape_16, &shape_32};
    for (int i = 0; i < 2; i++) {
        uint32_t outside = shapes[i]->clusters + 2;
        make_volume(shapes[i]);
        uint32_t file = cluster_of("FILE       "), dir = cluster_of("DIR        ");
        check_chain_damage("FILE       ", 2, 0, -EIO); // a free one
        check_chain_damage("FILE       ", 2, 1, -EIO);
        check_chain_damage("FILE       ", 2, outside, -EIO);
        check_chain_damage("FILE       ", 2, 0x0ffffff7, -EIO); // bad
        check_chain_damage("FILE       ", 1, 0x0fffffff, -EIO); // the end comes early
        check_chain_damage("FILE       ", 1, file, FILE_SIZE);  // a circle is no hang
        check_chain_damage("DIR        ", 0, dir, -EIO);        // for a directory it is one
        check_chain_damage("DIR        ", 0, 0, -EIO);
        check_chain_damage("DIR        ", 0, outside, -EIO);
    }
}

static void broken_entries_are_errors(void)
{
    make_volume(&shape_32);
    le16_write(entry_of("FILE       ") + 26, 302);
    le16_write(entry_of("BELOW      ") + 26, 0);
    CHECK_EQUAL(mount(), 0);
    CHECK_EQUAL(read_all("/mnt/file"), -EIO);
    CHECK_EQUAL(read_all("/mnt/dir/below/deep"), -EIO);
    CHECK_EQUAL(read_all("/mnt/dir/a LONG name for a file"), FILE_SIZE);
    CHECK_EQUAL(os_unmount("/mnt"), 0);

    // A directory in a circle: below is dir, and dir's ".." is below.
    repair();
    le16_write(entry_of("BELOW      ") + 26, (uint16_t)cluster_of("DIR        "));
    CHECK_EQUAL(mount(), 0);
    CHECK_EQUAL(read_all("/mnt/dir/below/below/below/deep"), -EIO);
    CHECK_EQUAL(os_rename("/mnt/dir", "/mnt/dir/below/x"), -EIO);
    CHECK_EQUAL(os_unmount("/mnt"), 0);

    // Two files with the same clusters: one is removed, the other notices.
    repair();
    le16_write(entry_of("DEEP       ") + 26, (uint16_t)cluster_of("FILE       "));
    CHECK_EQUAL(mount(), 0);
    CHECK_EQUAL(read_all("/mnt/dir/below/deep"), FILE_SIZE);
    CHECK_EQUAL(os_unlink("/mnt/file"), 0);
    CHECK_EQUAL(os_sync(), 0);
    CHECK_EQUAL(read_all("/mnt/dir/below/deep"), -EIO);
    CHECK_EQUAL(os_unlink("/mnt/dir/below/deep"), -EROFS);
    CHECK_EQUAL(os_unmount("/mnt"), 0);
}

// ---- Anything -----------------------------------------------------------------------------

// Goes everywhere, by os_chdir(), and does a bit of everything.
static void wander(unsigned depth, uint64_t *random)
{
    struct os_entry entry;
    struct os_status status;
    int handle = os_open(".", OS_READ_ONLY | OS_DIRECTORY);
    for (int i = 0; i < 40 && os_read_directory(handle, &entry) > 0; i++) {
        os_stat(entry.name, &status);
        read_all(entry.name);
        switch (unit_random(random) % 6) {
        case 0: os_unlink(entry.name); break;
        case 1: os_rename(entry.name, "renamed to something long"); break;
        case 2: os_rmdir(entry.name); break;
        case 3: make_file(entry.name); break;
        case 4: os_mkdir("new"); break;
        default: break;
        }
        if (depth < DEPTH_MAX && os_chdir(entry.name) == 0) {
            wander(depth + 1, random);
            if (os_chdir("..") != 0)
                break;
        }
    }
    os_close(handle);
}

// A few bytes, most of them where they matter: in the boot sector, the tables, the directories.
static void damage(uint64_t *random)
{
    size_t near = (size_t)(disk->data_sector + 16) * disk->shape.sector_size;
    for (unsigned i = 1 + unit_random(random) % 8; i > 0; i--) {
        size_t limit = unit_random(random) % 8 ? near : disk_size();
        size_t at = unit_random(random) % limit;
        if (at < 36 && unit_random(random) % 4)
            at += disk->shape.reserved * disk->shape.sector_size;
        uint64_t value = disk->ram->bytes[at] + 1u;
        if (unit_random(random) % 3)
            value = unit_random(random);
        disk->ram->bytes[at] = (uint8_t)value;
    }
}

static void random_damage(const struct fat_shape *shape)
{
    uint64_t seed = machine_clock_ns() | 1, random = seed;
    unsigned mounted = 0;
    print("seed %llu ", (unsigned long long)seed);
    make_volume(shape);
    for (unsigned round = 0; round < ROUNDS; round++) {
        repair();
        damage(&random);
        if (mount() != 0)
            continue;
        mounted++;
        if (os_chdir("/mnt") == 0)
            wander(0, &random);
        os_chdir("/");
        CHECK_EQUAL(os_unmount("/mnt"), 0);
    }
    CHECK(mounted > ROUNDS / 4);
}

static void any_damage_to_fat12(void)
{
    random_damage(&shape_12);
}

static void any_damage_to_fat16(void)
{
    random_damage(&shape_16);
}

static void any_damage_to_fat32(void)
{
    random_damage(&shape_32);
}

const struct test unit_tests[] = {
    {"boot sectors are not believed", boot_sectors_are_not_believed},
    {"broken chains are errors", broken_chains_are_errors},
    {"broken entries are errors", broken_entries_are_errors},
    {"any damage to FAT12", any_damage_to_fat12},
    {"any damage to FAT16", any_damage_to_fat16},
    {"any damage to FAT32", any_damage_to_fat32},
    {0},
};
