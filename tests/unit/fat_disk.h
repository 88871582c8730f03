// SPDX-License-Identifier: MIT
//
// A disk in memory with a FAT volume on it, made without any of the kernel's own FAT.
#pragma once

#include "kernel/endian.h"
#include "kernel/heap.h"
#include "ram_disk.h"

struct fat_shape {
    unsigned bits, sector_size, cluster_sectors, reserved, root_entries;
    uint32_t clusters;
};

struct fat_disk {
    struct ram_disk *ram;
    struct fat_shape shape;
    uint32_t table_sectors, root_sector, data_sector; // sectors of the volume's size
    uint8_t *seen; // by cluster: in a chain; the first of one
    bool two_names; // a file has: for the last check
    bool was_cut;  // the power has failed: what a check gives back is no fault
};

static inline void fat_disk_put(struct fat_disk *disk, unsigned copy, uint32_t n,
                                uint32_t value)
{
    const struct fat_shape *shape = &disk->shape;
    uint8_t *table = disk->ram->bytes +
                     (shape->reserved + copy * disk->table_sectors) * shape->sector_size;
    if (shape->bits == 32)
        le32_write(table + n * 4, value);
    else if (shape->bits == 16)
        le16_write(table + n * 2, (uint16_t)value);
    else if (n % 2)
        le16_write(table + n * 3 / 2, (uint16_t)(table[n * 3 / 2] | value << 4));
    else
        le16_write(table + n * 3 / 2,
                   (uint16_t)((value & 0xfff) | (table[n * 3 / 2 + 1] & 0xf0) << 8));
}

static inline uint32_t fat_disk_get(const struct fat_disk *disk, unsigned copy, uint32_t n)
{
    const struct fat_shape *shape = &disk->shape;
    const uint8_t *table = disk->ram->bytes +
                           (shape->reserved + copy * disk->table_sectors) * shape->sector_size;
    if (shape->bits == 32)
        return le32_read(table + n * 4) & 0x0fffffff;
    if (shape->bits == 16)
        return le16_read(table + n * 2);
    unsigned both = le16_read(table + n * 3 / 2);
    return n % 2 ? both >> 4 : both & 0xfff;
}

static inline uint32_t fat_disk_end(const struct fat_disk *disk)
{
    return disk->shape.bits == 32 ? 0x0fffffff : (1u << disk->shape.bits) - 1;
}

static inline void fat_disk_write_boot(struct fat_disk *disk)
{
    const struct fat_shape *shape = &disk->shape;
    uint8_t *boot = disk->ram->bytes;
    uint32_t sectors = disk->data_sector + shape->clusters * shape->cluster_sectors;
    memcpy(boot, "\xeb\x3c\x90tsumiki ", 11);
    le16_write(boot + 11, (uint16_t)shape->sector_size);
    boot[13] = (uint8_t)shape->cluster_sectors;
    le16_write(boot + 14, (uint16_t)shape->reserved);
    boot[16] = 2;
    le16_write(boot + 17, (uint16_t)shape->root_entries);
    le16_write(boot + 19, sectors < 65536 ? (uint16_t)sectors : 0);
    boot[21] = 0xf8;
    le16_write(boot + 22, shape->bits == 32 ? 0 : (uint16_t)disk->table_sectors);
    le32_write(boot + 32, sectors < 65536 ? 0 : sectors);
    if (shape->bits == 32) {
        le32_write(boot + 36, disk->table_sectors);
        le32_write(boot + 44, 2); // the root's cluster
    }
    le16_write(boot + 510, 0xaa55);
}

// The disk is as large as the volume, and as empty.
static inline void fat_disk_format(struct fat_disk *disk)
{
    memset(disk->ram->bytes, 0, disk->ram->device.sectors * SECTOR_SIZE);
    fat_disk_write_boot(disk);
    for (unsigned copy = 0; copy < 2; copy++) {
        fat_disk_put(disk, copy, 0, fat_disk_end(disk) & ~7u);
        fat_disk_put(disk, copy, 1, fat_disk_end(disk));
        if (disk->shape.bits == 32)
            fat_disk_put(disk, copy, 2, fat_disk_end(disk));
    }
}

static inline struct fat_disk *fat_disk_create(const struct fat_shape *shape)
{
    struct fat_disk *disk = heap_alloc(sizeof(*disk));
    disk->shape = *shape;
    uint32_t table_bytes = (shape->clusters + 2) * shape->bits / 8 + 1;
    disk->table_sectors = (table_bytes + shape->sector_size - 1) / shape->sector_size;
    disk->root_sector = shape->reserved + 2 * disk->table_sectors;
    disk->data_sector = disk->root_sector + shape->root_entries * 32 / shape->sector_size;
    uint64_t sectors = disk->data_sector + (uint64_t)shape->clusters * shape->cluster_sectors;
    disk->ram = ram_disk_create(sectors * (shape->sector_size / SECTOR_SIZE));
    disk->seen = heap_alloc(shape->clusters + 2);
    fat_disk_format(disk);
    return disk;
}

static inline uint8_t *fat_disk_cluster(const struct fat_disk *disk, uint32_t cluster)
{
    uint64_t sector = disk->data_sector + (uint64_t)(cluster - 2) * disk->shape.cluster_sectors;
    return disk->ram->bytes + sector * disk->shape.sector_size;
}
