// SPDX-License-Identifier: MIT
//
// A FAT volume in memory, checked as fsck would, without any of the kernel's own FAT.
#pragma once

#include "fat_disk.h"
#include "kernel/print.h"

static inline bool fat_disk_complain(const char *what, long long where)
{
    print("\n  fat_disk: %s (%lld)", what, where);
    return false;
}

enum { FAT_DISK_IN_CHAIN = 1, FAT_DISK_FIRST = 2 };

// Marks a chain; it has as many clusters as the size needs (~0: whatever it has). After a power
// cut it may lead on, anywhere.
static inline bool fat_disk_check_chain(struct fat_disk *disk, uint32_t first, uint32_t size)
{
    uint32_t cluster_size = disk->shape.sector_size * disk->shape.cluster_sectors, count = 0;
    uint32_t wanted = size / cluster_size + (size % cluster_size > 0);
    if (disk->was_cut && first >= 2 && first < disk->shape.clusters + 2 &&
        disk->seen[first] == FAT_DISK_FIRST) {
        disk->two_names = true; // it was being renamed
        return true;
    }
    for (uint32_t n = first; n != 0 && n != fat_disk_end(disk); count++) {
        if (disk->was_cut && count == wanted && size != UINT32_MAX)
            return true;
        if (n < 2 || n >= disk->shape.clusters + 2)
            return fat_disk_complain("a chain leads outside", n);
        if (disk->seen[n])
            return fat_disk_complain("a cluster is in two chains", n);
        disk->seen[n] = count == 0 ? FAT_DISK_FIRST : FAT_DISK_IN_CHAIN;
        n = fat_disk_get(disk, 0, n);
        if (n == 0)
            return fat_disk_complain("a chain leads to a free cluster", first);
    }
    if (size != UINT32_MAX && count != wanted)
        return fat_disk_complain("a chain is not as long as its file", first);
    return true;
}

static inline bool fat_disk_check_directory(struct fat_disk *disk, uint32_t first);

// One entry, not the first of a volume or one of its own.
static inline bool fat_disk_check_entry(struct fat_disk *disk, const uint8_t *entry)
{
    uint32_t cluster = le16_read(entry + 26) | (uint32_t)le16_read(entry + 20) << 16;
    if (entry[0] == 0xe5 || entry[0] == '.' || (entry[11] & 8))
        return true;
    if (!(entry[11] & 0x10))
        return fat_disk_check_chain(disk, cluster, le32_read(entry + 28));
    return fat_disk_check_chain(disk, cluster, UINT32_MAX) &&
           fat_disk_check_directory(disk, cluster);
}

static inline bool fat_disk_check_entries(struct fat_disk *disk, const uint8_t *entries,
                                          size_t size, bool *end)
{
    for (size_t at = 0; at < size && !*end; at += 32) {
        *end = entries[at] == 0;
        if (!*end && !fat_disk_check_entry(disk, entries + at))
            return false;
    }
    return true;
}

// By its clusters; 0: the root of FAT12 and FAT16.
static inline bool fat_disk_check_directory(struct fat_disk *disk, uint32_t first)
{
    size_t size = disk->shape.sector_size * disk->shape.cluster_sectors;
    bool end = false;
    if (first == 0)
        return fat_disk_check_entries(
            disk, disk->ram->bytes + disk->root_sector * disk->shape.sector_size,
            disk->shape.root_entries * 32, &end);
    for (uint32_t n = first; n != fat_disk_end(disk); n = fat_disk_get(disk, 0, n)) {
        if (!fat_disk_check_entries(disk, fat_disk_cluster(disk, n), size, &end))
            return false;
    }
    return true;
}

static inline bool fat_disk_is_marked(const struct fat_disk *disk)
{
    return (disk->ram->bytes[disk->shape.bits == 32 ? 65 : 37] & 1) ||
           (disk->shape.bits > 12 && fat_disk_get(disk, 0, 1) != fat_disk_end(disk));
}

// All of it: chains that belong to one file each, no lost cluster, equal tables, no mark. After
// a power cut only the first.
static inline bool fat_disk_check(struct fat_disk *disk)
{
    uint32_t root = disk->shape.bits == 32 ? 2 : 0;
    memset(disk->seen, 0, disk->shape.clusters + 2);
    disk->two_names = false;
    if (!fat_disk_check_chain(disk, root, UINT32_MAX) || !fat_disk_check_directory(disk, root))
        return false;
    if (disk->was_cut)
        return true;
    for (uint32_t n = 2; n < disk->shape.clusters + 2; n++) {
        if (!disk->seen[n] && fat_disk_get(disk, 0, n) != 0)
            return fat_disk_complain("a cluster is lost", n);
        if (fat_disk_get(disk, 0, n) != fat_disk_get(disk, 1, n))
            return fat_disk_complain("the tables differ at", n);
    }
    if (disk->ram->bytes[disk->shape.bits == 32 ? 65 : 37] & 1)
        return fat_disk_complain("it is marked as being used", 0);
    if (disk->shape.bits > 12 && fat_disk_get(disk, 0, 1) != fat_disk_end(disk))
        return fat_disk_complain("its table is marked", fat_disk_get(disk, 0, 1));
    return true;
}
