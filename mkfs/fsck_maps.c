// SPDX-License-Identifier: MIT
//
// fsck: what is free. The bitmaps and the state's counts against what the passes before
// have found in use.
#include "format.h"
#include "fsck_parts.h"
#include "string.h"

// A bitmap: what it is of, and whether a number of it is in use.
struct map {
    const char *what; // "block"
    uint32_t magic, start, blocks, bits;
    bool (*in_use)(const struct fsck *f, uint32_t number);
};

static bool block_in_use(const struct fsck *f, uint32_t number)
{
    return f->owners[number] != FSCK_NOBODY;
}

static bool inode_in_use(const struct fsck *f, uint32_t number)
{
    return number == 0 || (number < f->inode_count && f->inodes[number].type);
}

// 64 bits as they should be, from this number on.
static uint64_t right_word(const struct fsck *f, const struct map *map, uint64_t number)
{
    uint64_t word = UINT64_MAX; // what lies behind the end is set
    for (unsigned bit = 0; bit < 64 && number + bit < map->bits; bit++) {
        if (!map->in_use(f, (uint32_t)(number + bit)))
            word &= ~(UINT64_C(1) << bit);
    }
    return word;
}

// Numbers in a row that are wrong in the same way.
struct run {
    uint64_t start, end;
    bool used; // and marked as free
};

// One sentence for them.
static bool tell_run(struct fsck *f, const struct map *map, const struct run *run)
{
    char numbers[48];
    if (run->start == run->end)
        return false;
    if (run->start >= map->bits)
        return fsck_find(f, "corrected", "%s bitmap: bits behind the end are not set",
                         map->what);
    if (run->start + 1 == run->end)
        snprintf(numbers, sizeof(numbers), "%s %llu is", map->what,
                 (unsigned long long)run->start);
    else
        snprintf(numbers, sizeof(numbers), "%ss %llu to %llu are", map->what,
                 (unsigned long long)run->start, (unsigned long long)run->end - 1);
    return fsck_find(f, "corrected", "%s bitmap: %s %s", map->what, numbers,
                     run->used ? "in use, and marked as free" : "free, and marked as in use");
}

// Compares the bits of one block, and sets them right. True: some were wrong, and are
// repaired.
static bool check_bits(struct fsck *f, const struct map *map, uint64_t first,
                       struct tsfs_bitmap *bitmap)
{
    struct run run = {0};
    bool changed = false;
    for (uint32_t i = 0; i < TSFS_BITS_PER_BLOCK; i++) {
        uint64_t number = first + i, right = right_word(f, map, number - number % 64);
        uint64_t wrong = bitmap->words[i / 64] ^ right;
        if (!wrong) {
            i |= 63; // to the next word
            continue;
        }
        bool used = right >> i % 64 & 1;
        if (wrong >> i % 64 & 1) {
            if (number != run.end || used != run.used) {
                changed |= tell_run(f, map, &run);
                run = (struct run){number, number, used};
            }
            run.end = number + 1;
            bitmap->words[i / 64] ^= UINT64_C(1) << i % 64;
        }
    }
    return changed | tell_run(f, map, &run);
}

static void check_map(struct fsck *f, const struct map *map)
{
    struct tsfs_bitmap *bitmap = (void *)f->block;
    for (uint32_t i = 0; i < map->blocks && !f->error; i++) {
        uint32_t number = map->start + i;
        uint64_t first = (uint64_t)i * TSFS_BITS_PER_BLOCK;
        bool sealed = false, changed = false;
        const char *fault = fsck_get(f, number, (struct tsfs_kind){map->magic, 0}, bitmap,
                                     &sealed);
        if (!fault && !sealed)
            fault = "its checksum is wrong";
        if (fault) {
            changed = fsck_find(f, "made anew", "block %u, %s bitmap: %s", number, map->what,
                                fault);
            memset(bitmap, 0, sizeof(*bitmap));
            bitmap->header.magic = map->magic;
            for (uint32_t word = 0; word < TSFS_BITS_PER_BLOCK / 64; word++)
                bitmap->words[word] = right_word(f, map, first + word * 64);
        } else {
            changed = check_bits(f, map, first, bitmap);
        }
        if (changed)
            fsck_write(f, number, bitmap);
    }
}

static uint32_t count_free(const struct fsck *f, const struct map *map)
{
    uint32_t free_count = 0;
    for (uint32_t i = 0; i < map->bits; i++)
        free_count += !map->in_use(f, i);
    return free_count;
}

static bool check_count(struct fsck *f, const struct map *map, le32 *count)
{
    uint32_t right = count_free(f, map);
    if (*count == right)
        return false;
    bool changed = f->options->repair;
    if (f->state_is_good)
        changed = fsck_find(f, "corrected", "block %u, the state: %u %ss are free, not %u",
                            f->fs.super.state, right, map->what, *count);
    *count = right;
    return changed;
}

// Orphans that are none.
static bool check_orphans(struct fsck *f)
{
    bool changed = false;
    for (unsigned i = 0; i < TSFS_ORPHANS_MAX; i++) {
        uint32_t number = f->state.orphans[i];
        if (number == 0 || (number < f->inode_count && f->inodes[number].type))
            continue;
        if (fsck_find(f, "taken off",
                      "block %u, the state: inode %u is on the list of those to free, and is "
                      "free", f->fs.super.state, number)) {
            f->state.orphans[i] = 0;
            changed = true;
        }
    }
    return changed;
}

void fsck_maps(struct fsck *f)
{
    const struct tsfs_superblock *s = &f->fs.super;
    const struct map blocks = {"block", TSFS_MAGIC_BLOCK_BITMAP, s->block_bitmap,
                               s->block_bitmap_blocks, s->blocks, block_in_use};
    const struct map inodes = {"inode", TSFS_MAGIC_INODE_BITMAP, s->inode_bitmap,
                               s->inode_bitmap_blocks, s->inodes, inode_in_use};
    check_map(f, &blocks);
    check_map(f, &inodes);

    bool changed = !f->state_is_good && f->options->repair;
    changed |= check_count(f, &blocks, &f->state.free_blocks);
    changed |= check_count(f, &inodes, &f->state.free_inodes);
    changed |= check_orphans(f);
    f->state.header.magic = TSFS_MAGIC_STATE;
    if (changed && !f->error)
        fsck_write(f, s->state, &f->state);
}
