// SPDX-License-Identifier: MIT
//
// tsfs: which blocks and inodes are free. A bit each; 1 means used.
//
// Blocks are taken in runs, from where the file ends so far, or else where the last search
// ended. Freed ones are noted, and become free with the commit (tsfs_journal.c).
// Chapter 18.
#include "error.h"
#include "tsfs_change.h"

enum { BITS = TSFS_BITS_PER_BLOCK };

// ---- Bits -------------------------------------------------------------------------------
static bool is_set(const struct tsfs_bitmap *bitmap, unsigned bit)
{
    return bitmap->words[bit / 64] >> bit % 64 & 1;
}

// The first bit from here on that is 0 (or 1); `end` when there is none before it.
static unsigned next_bit(const struct tsfs_bitmap *bitmap, unsigned bit, unsigned end, bool one)
{
    uint64_t boring = one ? 0 : UINT64_MAX;
    while (bit < end) {
        if (bit % 64 == 0 && bitmap->words[bit / 64] == boring)
            bit += 64;
        else if (is_set(bitmap, bit) == one)
            return bit;
        else
            bit++;
    }
    return end;
}

// The bits of one word that lie in a run, counted from the word's first.
static uint64_t mask(uint64_t start, uint64_t end)
{
    uint64_t below_end = end >= 64 ? UINT64_MAX : (UINT64_C(1) << end) - 1;
    return start >= 64 ? 0 : below_end & UINT64_MAX << start;
}

// Turns over bits that are all 0, or all 1. False: they are not; then nothing has changed.
static bool turn_over(struct tsfs_bitmap *bitmap, unsigned start, unsigned count, bool set)
{
    if (next_bit(bitmap, start, start + count, set) != start + count)
        return false;
    for (unsigned word = start / 64; word * 64 < start + count; word++) {
        unsigned first = word * 64;
        bitmap->words[word] ^= mask(start > first ? start - first : 0, start + count - first);
    }
    return true;
}

// ---- Blocks -----------------------------------------------------------------------------
static int get_bitmap(struct tsfs *fs, uint32_t number, struct cache_block **block)
{
    struct tsfs_kind kind = {TSFS_MAGIC_BLOCK_BITMAP, 0};
    return tsfs_get(fs, fs->super.block_bitmap + number / BITS, kind, block);
}

// The first free run from `bit` on that is long enough, or else the longest. count 0: none.
static struct tsfs_run find_run(const struct tsfs_bitmap *bitmap, unsigned bit, unsigned want)
{
    struct tsfs_run best = {0, 0};
    while (best.count < want) {
        unsigned start = next_bit(bitmap, bit, BITS, false);
        if (start == BITS)
            break;
        unsigned limit = BITS - start < want ? BITS : start + want;
        bit = next_bit(bitmap, start, limit, true);
        if (bit - start > best.count)
            best = (struct tsfs_run){start, bit - start};
    }
    return best;
}

// A file goes on where it ends, however short the run there is; otherwise it begins where
// there is room for all of it.
static struct tsfs_run choose_run(const struct tsfs_bitmap *bitmap, unsigned goal,
                                  uint32_t want)
{
    if (is_set(bitmap, goal))
        return find_run(bitmap, goal, want);
    unsigned limit = BITS - goal < want ? BITS : goal + want;
    return (struct tsfs_run){goal, next_bit(bitmap, goal, limit, true) - goal};
}

// Takes from the group (a block of the bitmap) that `goal` lies in. count 0: it is full.
static int alloc_in_group(struct tsfs *fs, uint32_t goal, uint32_t want, struct tsfs_run *run)
{
    struct cache_block *block;
    int error = get_bitmap(fs, goal, &block);
    if (error)
        return error;
    struct tsfs_bitmap *bitmap = (void *)block->data;
    struct tsfs_run bits = choose_run(bitmap, goal % BITS, want);
    *run = (struct tsfs_run){goal / BITS * BITS + bits.start, bits.count};
    if (bits.count > 0 && !tsfs_is_data(fs, run->start, run->count)) {
        error = tsfs_damaged(fs, "block bitmap: it says that block %u is free", run->start);
    } else if (bits.count > 0) {
        tsfs_change(fs, block);
        tsfs_change(fs, fs->state_block);
        turn_over(bitmap, bits.start, bits.count, true);
        fs->state->free_blocks -= run->count;
        fs->next_block = run->start + run->count;
    }
    cache_put(block);
    return error;
}

int tsfs_alloc(struct tsfs *fs, uint32_t goal, uint32_t want, struct tsfs_run *run)
{
    uint32_t groups = fs->super.block_bitmap_blocks;
    if (goal == 0 || goal >= fs->super.blocks)
        goal = fs->next_block;
    if (goal >= fs->super.blocks)
        goal = fs->super.data;
    if (want > fs->state->free_blocks)
        want = fs->state->free_blocks;
    // Once around, and the first group again: its part before the goal.
    for (uint32_t i = 0; i <= groups; i++) {
        int error = alloc_in_group(fs, goal, want, run);
        if (error || run->count > 0)
            return error;
        goal = (goal / BITS + 1) % groups * BITS;
    }
    return tsfs_damaged(fs, "state block: it counts %u free blocks, the bitmap has none",
                        fs->state->free_blocks);
}

int tsfs_alloc_block(struct tsfs *fs, uint32_t *number)
{
    struct tsfs_run run;
    int error = tsfs_alloc(fs, 0, 1, &run);
    *number = error ? 0 : run.start;
    return error;
}

uint32_t tsfs_free_limit(uint32_t end, uint32_t count)
{
    uint32_t in_group = (end - 1) % BITS + 1;
    return count < in_group ? count : in_group;
}

// The bitmap's block becomes part of the transaction here, so that the commit finds it in
// memory.
int tsfs_free(struct tsfs *fs, struct tsfs_run run)
{
    struct tsfs_journal *journal = fs->journal;
    struct cache_block *block;
    int error = get_bitmap(fs, run.start, &block);
    if (error)
        return error;
    unsigned start = run.start % BITS, end = start + run.count;
    if (next_bit((void *)block->data, start, end, false) != end) {
        cache_put(block);
        return tsfs_damaged(fs, "block bitmap: %u blocks from %u on are in use, but not all "
                            "marked so", run.count, run.start);
    }
    cache_forget(fs->device, run.start, run.count);
    tsfs_change(fs, block);
    tsfs_change(fs, fs->state_block);
    cache_put(block);
    journal->freed_blocks += run.count;
    struct tsfs_run *last = &journal->freed[journal->freed_count];
    if (journal->freed_count > 0 && run.start + run.count == last[-1].start &&
        run.start / BITS == last[-1].start / BITS)
        last[-1] = (struct tsfs_run){run.start, run.count + last[-1].count};
    else
        journal->freed[journal->freed_count++] = run;
    return 0;
}

int tsfs_apply_freed(struct tsfs *fs)
{
    struct tsfs_journal *journal = fs->journal;
    for (unsigned i = 0; i < journal->freed_count; i++) {
        struct tsfs_run run = journal->freed[i];
        struct cache_block *block;
        int error = get_bitmap(fs, run.start, &block);
        if (error)
            return error;
        bool good = turn_over((void *)block->data, run.start % BITS, run.count, false);
        cache_put(block);
        if (!good)
            return tsfs_damaged(fs, "%u blocks from %u on belong to two files", run.count,
                                run.start);
        fs->state->free_blocks += run.count;
    }
    journal->freed_count = 0;
    journal->freed_blocks = 0;
    return 0;
}

// ---- Inodes -----------------------------------------------------------------------------
static int get_inode_bitmap(struct tsfs *fs, uint32_t number, struct cache_block **block)
{
    struct tsfs_kind kind = {TSFS_MAGIC_INODE_BITMAP, 0};
    return tsfs_get(fs, fs->super.inode_bitmap + number / BITS, kind, block);
}

// Always the lowest: inodes stay close together, and most of the table is never used. None
// below next_inode is free.
int tsfs_inode_alloc(struct tsfs *fs, uint32_t *number)
{
    if (fs->state->free_inodes == 0)
        return -ENOSPC;
    for (uint32_t first = fs->next_inode; first < fs->super.inodes;) {
        struct cache_block *block;
        int error = get_inode_bitmap(fs, first, &block);
        if (error)
            return error;
        struct tsfs_bitmap *bitmap = (void *)block->data;
        unsigned bit = next_bit(bitmap, first % BITS, BITS, false);
        *number = first / BITS * BITS + bit;
        first = *number;
        if (bit < BITS) {
            tsfs_change(fs, block);
            tsfs_change(fs, fs->state_block);
            turn_over(bitmap, bit, 1, true);
            fs->state->free_inodes--;
            fs->next_inode = *number + 1;
        }
        cache_put(block);
        if (bit < BITS)
            return 0;
    }
    return tsfs_damaged(fs, "state block: it counts %u free inodes, the bitmap has none",
                        fs->state->free_inodes);
}

int tsfs_inode_free(struct tsfs *fs, uint32_t number)
{
    struct cache_block *block;
    int error = get_inode_bitmap(fs, number, &block);
    if (error)
        return error;
    tsfs_change(fs, block);
    tsfs_change(fs, fs->state_block);
    bool good = turn_over((void *)block->data, number % BITS, 1, false);
    cache_put(block);
    if (!good)
        return tsfs_damaged(fs, "inode bitmap: inode %u is in use, and marked as free", number);
    fs->state->free_inodes++;
    if (number < fs->next_inode)
        fs->next_inode = number;
    return 0;
}
