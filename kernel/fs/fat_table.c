// SPDX-License-Identifier: MIT
//
// The FAT: for each cluster, which one comes after it.
//
//   fat_next(fat, cluster, &next)      along a chain
//   fat_alloc(fat, after, &cluster)    a chain of one, near another cluster
//   fat_free_chain(fat, first)
//
// A number has 12, 16 or 32 bits (of which 28 count); two of 12 bits share three bytes, so
// one may lie in two blocks. Nothing that is read here is believed: a chain that leaves the
// volume, or comes to a free cluster, ends in -EIO, and freeing a chain that bites its own
// tail comes to a cluster that is free already. Chapter 19.
#include "endian.h"
#include "error.h"
#include "fs/fat_parts.h"

void fat_drop_window(struct fat *fat)
{
    cache_put(fat->window);
    fat->window = NULL;
}

// The bytes of the FAT at an offset on the device, up to the end of the block.
static int look_at(struct fat *fat, uint64_t offset, uint8_t **bytes)
{
    uint64_t number = offset / CACHE_BLOCK_SIZE;
    if (!fat->window || fat->window->number != number) {
        fat_drop_window(fat);
        int error = cache_get(fat->device, number, &fat->window);
        if (error) {
            fat->window = NULL;
            return error;
        }
    }
    *bytes = fat->window->data + offset % CACHE_BLOCK_SIZE;
    return 0;
}

// Where a cluster's number lies in a copy of the FAT: its first byte.
static uint64_t offset_of(const struct fat *fat, unsigned copy, uint32_t cluster)
{
    return fat->table + copy * fat->table_size + (uint64_t)cluster * fat->bits / 8;
}

static int get_12(struct fat *fat, uint32_t cluster, uint32_t *value)
{
    uint64_t offset = offset_of(fat, 0, cluster);
    uint8_t *byte;
    int error = look_at(fat, offset, &byte);
    if (error)
        return error;
    uint32_t low = *byte;
    error = look_at(fat, offset + 1, &byte);
    if (error)
        return error;
    uint32_t both = low | (uint32_t)*byte << 8;
    *value = cluster % 2 ? both >> 4 : both & 0xfff;
    return 0;
}

// Numbers that are no cluster's are made the same for all sizes.
int fat_get(struct fat *fat, uint32_t cluster, uint32_t *value)
{
    uint8_t *bytes;
    uint32_t top = fat->bits == 32 ? 0x0fffffff : (1u << fat->bits) - 1;
    int error;
    if (fat->bits == 12) {
        error = get_12(fat, cluster, value);
    } else {
        error = look_at(fat, offset_of(fat, 0, cluster), &bytes);
        if (!error)
            *value = fat->bits == 16 ? le16_read(bytes) : le32_read(bytes) & top;
    }
    if (!error && *value >= top - 8) // the least: a bad cluster; the others: ends
        *value = *value == top - 8 ? FAT_BAD : FAT_END;
    return error;
}

int fat_next(struct fat *fat, uint32_t cluster, uint32_t *next)
{
    if (!fat_is_cluster(fat, cluster))
        return fat_corrupt(fat, "a file has the cluster %u, and there are none above %u",
                           cluster, fat->clusters + 1);
    int error = fat_get(fat, cluster, next);
    if (error || *next == FAT_END || fat_is_cluster(fat, *next))
        return error;
    return fat_corrupt(fat, "in the FAT, cluster %u of a file is followed by %#x%s", cluster,
                       *next, *next == FAT_FREE ? ": it is free" : "");
}

// ---- Changing --------------------------------------------------------------------------

// Replaces those bits of a few bytes that the mask has; they may lie in two blocks.
static int change(struct fat *fat, uint64_t offset, unsigned count, uint32_t value,
                  uint32_t mask)
{
    for (unsigned i = 0; i < count;) {
        struct cache_block *block;
        unsigned at = (offset + i) % CACHE_BLOCK_SIZE;
        int error = cache_get(fat->device, (offset + i) / CACHE_BLOCK_SIZE, &block);
        if (error)
            return error;
        for (; i < count && at < CACHE_BLOCK_SIZE; i++, at++) {
            uint8_t kept = block->data[at] & (uint8_t)~(mask >> 8 * i);
            block->data[at] = kept | (uint8_t)((value & mask) >> 8 * i);
        }
        cache_mark_dirty(block);
        cache_put(block);
    }
    return 0;
}

int fat_set(struct fat *fat, uint32_t cluster, uint32_t value)
{
    uint32_t mask = fat->bits == 32 ? 0x0fffffff : (1u << fat->bits) - 1;
    unsigned bytes = fat->bits == 32 ? 4 : 2;
    if (fat->bits == 12 && cluster % 2) {
        value <<= 4;
        mask <<= 4;
    }
    int error = 0;
    for (unsigned copy = 0; copy < fat->tables && !error; copy++)
        error = change(fat, offset_of(fat, copy, cluster), bytes, value, mask);
    return error;
}

// ---- Free clusters ---------------------------------------------------------------------

int fat_count_free(struct fat *fat)
{
    uint32_t value, count = 0;
    if (fat->is_counted)
        return 0;
    for (uint32_t i = 0; i < fat->clusters; i++) {
        int error = fat_get(fat, FAT_FIRST_CLUSTER + i, &value);
        if (error)
            return error;
        count += value == FAT_FREE;
    }
    fat->free_count = count;
    fat->is_counted = true;
    return 0;
}

// The first free cluster from `from` on, around the end.
static int find_free(struct fat *fat, uint32_t from, uint32_t *cluster)
{
    uint32_t value;
    *cluster = from;
    for (uint32_t i = 0; i < fat->clusters; i++, ++*cluster) {
        if (!fat_is_cluster(fat, *cluster))
            *cluster = FAT_FIRST_CLUSTER;
        int error = fat_get(fat, *cluster, &value);
        if (error || value == FAT_FREE)
            return error;
    }
    return -ENOSPC;
}

int fat_alloc(struct fat *fat, uint32_t after, uint32_t *cluster)
{
    int error = fat_count_free(fat);
    if (!error && fat->free_count == 0 && fat->freed_count > 0)
        error = fat_commit(fat); // there are some that only wait for their directories
    if (!error && fat->free_count == 0)
        error = -ENOSPC;
    if (!error)
        error = find_free(fat, after ? after + 1 : fat->next_free, cluster);
    if (!error)
        error = fat_set(fat, *cluster, FAT_END);
    if (error)
        return error;
    fat->free_count--;
    fat->next_free = *cluster + 1;
    return 0;
}

int fat_free_chain(struct fat *fat, uint32_t first)
{
    int error = fat_count_free(fat);
    while (!error && first != FAT_END) {
        uint32_t next;
        error = fat_next(fat, first, &next);
        if (!error)
            error = fat_set(fat, first, FAT_FREE);
        if (!error)
            fat->free_count++;
        first = next;
    }
    return error;
}
