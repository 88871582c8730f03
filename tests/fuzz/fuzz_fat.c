// SPDX-License-Identifier: MIT
//
// A fuzzer for FAT: a volume that works is damaged as the bytes say, mounted, walked, read
// and written to. Whatever the damage: an error, never a hang, a panic or a wild access.
//
// Each 4 bytes are one damage: where (3 bytes; half of all places are in the first blocks,
// where the tables and the root are) and the byte to put there.
#include "disk.h"

#include "block.h"
#include "endian.h"
#include "error.h"
#include "fs/fat.h"
#include "panic.h"
#include "string.h"
#include "thread.h"

enum {
    SECTOR = 512,
    SECTORS = 2048,
    CLUSTER_SECTORS = 2,
    RESERVED = 1,
    TABLE_SECTORS = 3,
    ROOT_ENTRIES = 64,
    HEAD = (RESERVED + 2 * TABLE_SECTORS) * SECTOR + ROOT_ENTRIES * 32,
    DAMAGE_SIZE = 4,
};

static const struct file_system *const file_systems[] = {&fat_file_system, NULL};

// FAT12, as mkfs.vfat would make it: two tables, a root of fixed size.
static void format(uint8_t *disk)
{
    memcpy(disk, "\xeb\x3c\x90" "by hand ", 11);
    le16_write(disk + 11, SECTOR);
    disk[13] = CLUSTER_SECTORS;
    le16_write(disk + 14, RESERVED);
    disk[16] = 2; // tables
    le16_write(disk + 17, ROOT_ENTRIES);
    le16_write(disk + 19, SECTORS);
    disk[21] = 0xf8; // a fixed disk
    le16_write(disk + 22, TABLE_SECTORS);
    disk[38] = 0x29; // what follows is there
    memcpy(disk + 39, "\1\2\3\4NO NAME    FAT12   ", 23);
    le16_write(disk + 510, 0xaa55);
    for (unsigned i = 0; i < 2; i++)
        memcpy(disk + (RESERVED + i * TABLE_SECTORS) * SECTOR, "\xf8\xff\xff", 3);
}

void fuzz_setup(const struct boot_info *boot)
{
    fuzz_start(boot, SECTORS * SECTOR);
    format(fuzz_disk_bytes());
    vfs_init(file_systems);
    int error = vfs_mount(fuzz_disk()->name, "/", "fat", 0);
    ASSERT(error == 0);
    walk_fill();
    error = vfs_unmount("/");
    ASSERT(error == 0);
    fuzz_disk_keep();
}

static void damage(const uint8_t d[DAMAGE_SIZE])
{
    uint32_t place = (uint32_t)d[0] | (uint32_t)d[1] << 8 | (uint32_t)(d[2] & 0x7f) << 16;
    fuzz_disk_bytes()[place % (d[2] & 0x80 ? SECTORS * SECTOR : HEAD)] = d[3];
}

void fuzz_one(const uint8_t *bytes, size_t size)
{
    fuzz_disk_restore();
    for (size_t i = 0; i + DAMAGE_SIZE <= size; i += DAMAGE_SIZE)
        damage(bytes + i);
    unsigned flags = size % DAMAGE_SIZE == 1 ? OS_MOUNT_READ_ONLY : 0;
    if (vfs_mount(fuzz_disk()->name, "/", "fat", flags) == 0) {
        walk_all();
        int error = vfs_unmount("/");
        ASSERT(error == 0);
    }
    thread_yield();
}
