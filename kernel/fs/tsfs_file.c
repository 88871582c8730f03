// SPDX-License-Identifier: MIT
//
// tsfs: the contents of files.
//
// An extent is a run of blocks that follow each other in the file and on the disk. A read
// goes from extent to extent, each as one call of the cache, which makes large requests of
// it. Where there is no extent is a hole: zeros that take no room. What lies in the last
// block behind the file's size is anything.
// Chapter 17.
#include "error.h"
#include "string.h"
#include "tsfs.h"

int tsfs_extent(struct tsfs_inode *inode, uint32_t block, struct tsfs_entry *extent)
{
    // Most often it is the same one again.
    if (block - inode->extent.key < inode->extent.count) {
        *extent = inode->extent;
        return 0;
    }
    struct tsfs_walk walk;
    int error = tsfs_walk(&walk, inode, block);
    if (error)
        return error;
    const struct tsfs_entry *entry = tsfs_walk_entry(&walk);
    if (entry && block - entry->key < entry->count) {
        *extent = inode->extent = *entry;
    } else {
        uint64_t end = entry && entry->key > block ? entry->key : tsfs_walk_next(&walk);
        uint64_t count = end - block;
        extent->key = block;
        extent->block = 0;
        extent->count = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
    }
    tsfs_walk_end(&walk);
    return 0;
}

// Reads up to the end of one extent, or hole. `size` is more than 0, and all of it before
// the file's end. A count.
static int read_piece(struct tsfs_inode *inode, uint64_t offset, void *buffer, size_t size)
{
    struct tsfs_entry extent;
    int error = tsfs_extent(inode, (uint32_t)(offset / TSFS_BLOCK_SIZE), &extent);
    if (error)
        return error;
    uint64_t from = offset - (uint64_t)extent.key * TSFS_BLOCK_SIZE;
    uint64_t left = (uint64_t)extent.count * TSFS_BLOCK_SIZE - from;
    if (size > left)
        size = (size_t)left;
    if (!extent.block) {
        memset(buffer, 0, size);
        return (int)size;
    }
    uint64_t place = (uint64_t)extent.block * TSFS_BLOCK_SIZE + from;
    if (left > inode->vfs.size - offset)
        left = inode->vfs.size - offset; // nobody will read what lies behind
    struct tsfs *fs = tsfs_of_inode(inode);
    if (offset == inode->read_end)
        error = cache_read_sequential(fs->device, place, buffer, size, left);
    else
        error = cache_read(fs->device, place, buffer, size);
    inode->read_end = offset + size;
    return error ? error : (int)size;
}

int tsfs_read(struct inode *vfs, uint64_t offset, void *buffer, size_t size)
{
    struct tsfs_inode *inode = tsfs_inode_of(vfs);
    if (offset >= vfs->size)
        return 0;
    if (size > vfs->size - offset)
        size = (size_t)(vfs->size - offset);
    if (size > INT32_MAX)
        size = INT32_MAX;
    size_t done = 0;
    while (done < size) {
        int count = read_piece(inode, offset + done, (char *)buffer + done, size - done);
        if (count < 0)
            return done > 0 ? (int)done : count;
        done += (size_t)count;
    }
    return (int)done;
}

static void put_block(void *block)
{
    cache_put(block);
}

// The block as it lies in the cache. A hole lies nowhere.
static int lend_block(struct tsfs_inode *inode, uint64_t offset, struct file_loan *loan)
{
    uint32_t number = (uint32_t)(offset / TSFS_BLOCK_SIZE);
    size_t from = (size_t)(offset % TSFS_BLOCK_SIZE), size = TSFS_BLOCK_SIZE - from;
    struct tsfs_entry extent;
    struct cache_block *block;
    int error = tsfs_extent(inode, number, &extent);
    if (!error && !extent.block)
        error = -EOPNOTSUPP;
    if (!error)
        error = cache_get(tsfs_of_inode(inode)->device, extent.block + (number - extent.key),
                          &block);
    if (error)
        return error;
    if (size > inode->vfs.size - offset)
        size = (size_t)(inode->vfs.size - offset);
    *loan = (struct file_loan){block->data + from, size, put_block, block};
    return 0;
}

int tsfs_lend(struct inode *vfs, uint64_t offset, struct file_loan *loans, unsigned count)
{
    unsigned lent = 0;
    for (; lent < count && offset < vfs->size; lent++) {
        int error = lend_block(tsfs_inode_of(vfs), offset, &loans[lent]);
        if (error)
            return lent > 0 ? (int)lent : error;
        offset += loans[lent].size;
    }
    return (int)lent;
}

int tsfs_read_link(struct inode *vfs, char *target, size_t size)
{
    struct tsfs_inode *inode = tsfs_inode_of(vfs);
    if (size > vfs->size)
        size = (size_t)vfs->size;
    if (inode->data->blocks > 0)
        return tsfs_read(vfs, 0, target, size);
    memcpy(target, inode->data->target, size);
    return (int)size;
}
