// SPDX-License-Identifier: MIT
//
// tsfs: contents are written.
//
// Where the file has blocks already, they are overwritten in place. In a hole, or at the
// end, a run of new blocks is taken first, written, and only then entered into the file;
// and a commit sees to it that what is in them is on the disk before the entry is.
// Chapter 18.
#include "error.h"
#include "string.h"
#include "tsfs_change.h"
#include "wallclock.h"

enum { PIECE_MAX = 1 << 30 }; // bytes that one call writes at most

// What is to be written now: part of a call.
struct piece {
    uint64_t offset;
    const char *bytes;
    size_t size;
};

void tsfs_touch(struct tsfs_inode *inode, bool modified)
{
    uint64_t now = wallclock_now_ns();
    tsfs_change(tsfs_of_inode(inode), inode->block);
    inode->data->changed_ns = inode->vfs.changed_ns = now;
    if (modified)
        inode->data->modified_ns = inode->vfs.modified_ns = now;
}

void tsfs_set_size(struct tsfs_inode *inode, uint64_t size)
{
    tsfs_change(tsfs_of_inode(inode), inode->block);
    inode->data->size = inode->vfs.size = size;
}

int tsfs_clear_tail(struct tsfs_inode *inode)
{
    struct tsfs *fs = tsfs_of_inode(inode);
    uint32_t used = inode->vfs.size % TSFS_BLOCK_SIZE;
    uint32_t last = (uint32_t)(inode->vfs.size / TSFS_BLOCK_SIZE);
    struct tsfs_entry extent;
    struct cache_block *block;
    if (used == 0)
        return 0;
    int error = tsfs_extent(inode, last, &extent);
    if (error || !extent.block)
        return error;
    error = cache_get(fs->device, extent.block + (last - extent.key), &block);
    if (error)
        return error;
    memset(block->data + used, 0, TSFS_BLOCK_SIZE - used);
    cache_mark_dirty(block);
    cache_put(block);
    fs->journal->data_written = true;
    return 0;
}

// A part of a block that is new: zeros around it.
static int write_part(struct tsfs *fs, uint32_t number, const struct piece *piece)
{
    struct cache_block *block;
    int error = cache_get_new(fs->device, number, &block);
    if (error)
        return error;
    memcpy(block->data + piece->offset % TSFS_BLOCK_SIZE, piece->bytes, piece->size);
    cache_mark_dirty(block);
    cache_put(block);
    return 0;
}

// Into new blocks, which begin with the one that piece->offset lies in: the first and the
// last may be parts.
static int write_new(struct tsfs *fs, uint32_t number, const struct piece *piece)
{
    struct piece rest = *piece;
    int error = 0;
    while (rest.size > 0 && !error) {
        size_t skip = rest.offset % TSFS_BLOCK_SIZE, count = TSFS_BLOCK_SIZE - skip;
        if (skip == 0 && rest.size >= TSFS_BLOCK_SIZE)
            count = rest.size / TSFS_BLOCK_SIZE * TSFS_BLOCK_SIZE;
        if (count > rest.size)
            count = rest.size;
        struct piece now = {rest.offset, rest.bytes, count};
        if (count % TSFS_BLOCK_SIZE)
            error = write_part(fs, number, &now);
        else
            error = cache_write(fs->device, (uint64_t)number * TSFS_BLOCK_SIZE, now.bytes,
                                count);
        number += (uint32_t)((skip + count) / TSFS_BLOCK_SIZE);
        rest = (struct piece){rest.offset + count, rest.bytes + count, rest.size - count};
    }
    return error;
}

// Where the file's blocks before this one end on the disk: there the next ones are best.
static int find_goal(struct tsfs_inode *inode, uint32_t block, uint32_t *goal)
{
    struct tsfs_walk walk;
    int error = tsfs_walk(&walk, inode, block);
    if (error)
        return error;
    const struct tsfs_entry *entry = tsfs_walk_entry(&walk);
    *goal = entry && entry->key < block ? entry->block + entry->count : 0;
    tsfs_walk_end(&walk);
    return 0;
}

// Writes into a hole of `hole` blocks, as far as one run of new ones goes. A count.
static int fill_hole(struct tsfs_inode *inode, const struct piece *piece, uint32_t hole)
{
    struct tsfs *fs = tsfs_of_inode(inode);
    uint32_t first = (uint32_t)(piece->offset / TSFS_BLOCK_SIZE);
    uint64_t last = (piece->offset + piece->size - 1) / TSFS_BLOCK_SIZE;
    uint32_t want = last - first + 1 < hole ? (uint32_t)(last - first) + 1 : hole, goal;
    uint32_t spare = fs->state->free_blocks - TSFS_TREE_BLOCKS; // for nodes, should they split
    struct tsfs_run run;
    int error = find_goal(inode, first, &goal);
    if (!error)
        error = tsfs_alloc(fs, goal, want < spare ? want : spare, &run);
    if (error)
        return error;

    struct piece now = *piece;
    uint64_t room = (uint64_t)run.count * TSFS_BLOCK_SIZE - piece->offset % TSFS_BLOCK_SIZE;
    if (now.size > room)
        now.size = (size_t)room;
    fs->journal->data_written = true;
    error = write_new(fs, run.start, &now);
    if (!error)
        error = tsfs_tree_insert(inode, &(struct tsfs_entry){first, run.start, run.count});
    if (error) {
        if (tsfs_free(fs, run))
            tsfs_half_done(fs, error);
        return error;
    }
    tsfs_change(fs, inode->block);
    inode->data->blocks += run.count;
    return (int)now.size;
}

static int overwrite(struct tsfs_inode *inode, const struct piece *piece,
                     const struct tsfs_entry *extent)
{
    struct tsfs *fs = tsfs_of_inode(inode);
    uint64_t from = piece->offset - (uint64_t)extent->key * TSFS_BLOCK_SIZE;
    uint64_t room = (uint64_t)extent->count * TSFS_BLOCK_SIZE - from;
    size_t size = piece->size < room ? piece->size : (size_t)room;
    fs->journal->data_written = true;
    int error = cache_write(fs->device, (uint64_t)extent->block * TSFS_BLOCK_SIZE + from,
                            piece->bytes, size);
    return error ? error : (int)size;
}

// One operation of the journal. A count, more than 0.
static int write_piece(struct tsfs_inode *inode, const struct piece *piece)
{
    struct tsfs *fs = tsfs_of_inode(inode);
    struct tsfs_entry extent;
    int result = tsfs_extent(inode, (uint32_t)(piece->offset / TSFS_BLOCK_SIZE), &extent);
    if (!result)
        result = tsfs_begin(fs, extent.block ? 0 : TSFS_TREE_BLOCKS + 1);
    if (!result && piece->offset > inode->vfs.size)
        result = tsfs_clear_tail(inode);
    if (!result)
        result = extent.block ? overwrite(inode, piece, &extent)
                              : fill_hole(inode, piece, extent.count);
    if (result < 0)
        return result;
    if (piece->offset + (uint64_t)result > inode->vfs.size)
        tsfs_set_size(inode, piece->offset + (uint64_t)result);
    return result;
}

int tsfs_write(struct inode *vfs, uint64_t offset, const void *bytes, size_t size)
{
    struct tsfs_inode *inode = tsfs_inode_of(vfs);
    if (offset >= TSFS_FILE_SIZE_MAX)
        return size > 0 ? -EFBIG : 0;
    if (size > TSFS_FILE_SIZE_MAX - offset)
        size = (size_t)(TSFS_FILE_SIZE_MAX - offset);
    if (size > PIECE_MAX)
        size = PIECE_MAX;
    size_t done = 0;
    int count = 0;
    while (done < size && count >= 0) {
        struct piece piece = {offset + done, (const char *)bytes + done, size - done};
        count = write_piece(inode, &piece);
        if (count > 0)
            done += (size_t)count;
    }
    if (done > 0)
        tsfs_touch(inode, true);
    return done > 0 ? (int)done : count;
}
