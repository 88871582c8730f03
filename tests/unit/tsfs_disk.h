// SPDX-License-Identifier: MIT
//
// What the tests of tsfs have in common: a disk in memory, made, mounted, damaged.
#pragma once

#include "cache.h"
#include "crc32c.h"
#include "files.h"
#include "fs/tsfs.h"
#include "fs/tsfs_make.h"
#include "ram_disk.h"

static const struct file_system *const unit_tsfs_table[] = {&tsfs_file_system, NULL};
static struct ram_disk *disk; // "vda"

static inline void unit_start_tsfs(const struct boot_info *boot)
{
    unit_start_files(boot, unit_tsfs_table);
    cache_init(0);
    disk = ram_disk_create(8192 * CACHE_BLOCK_SECTORS);
}

// A new file system on the disk.
static inline int unit_format(uint32_t blocks, uint32_t inodes)
{
    struct tsfs_make_options options = {
        .blocks = blocks, .inodes = inodes, .id = {1, 2, 3, 4, 5, 6, 7, 8}};
    cache_drop(&disk->device);
    return tsfs_make(&disk->device, &options);
}

static inline int unit_mount(void)
{
    return vfs_mount("vda", "/", "tsfs", 0);
}

static inline int unit_unmount(void)
{
    unit_leave_directory();
    return vfs_unmount("/");
}

static inline void *unit_block(uint32_t number)
{
    return disk->bytes + (uint64_t)number * TSFS_BLOCK_SIZE;
}

static inline struct tsfs_superblock *unit_superblock(void)
{
    return unit_block(0);
}

// After a field was changed: the checksum is right again.
static inline void unit_seal(uint32_t number)
{
    uint32_t seed = crc32c(0, unit_superblock()->id, sizeof(unit_superblock()->id));
    if (number == 0)
        tsfs_seal(0, unit_block(0), TSFS_SUPERBLOCK_SIZE);
    else
        tsfs_seal(seed, unit_block(number), TSFS_BLOCK_SIZE);
}

static inline bool unit_is_read_only(void)
{
    struct os_fs_info info;
    return os_fs_info("/", &info) == 0 && info.read_only;
}
