// SPDX-License-Identifier: MIT
//
// tsfs: contents are freed, from the end; and orphans.
//
// A file can have more blocks than one transaction can free. So it is cut in steps, and
// before the first it is written down in the state block as an orphan: should the power go
// in between, the next mount goes on. The same list holds files that have lost their last
// name while they were open: they are freed when they are closed, or at the next mount.
// Chapter 18.
#include "error.h"
#include "string.h"
#include "tsfs_change.h"

// ---- Orphans ----------------------------------------------------------------------------
int tsfs_orphan_find(struct tsfs *fs)
{
    for (unsigned i = 0; i < TSFS_ORPHANS_MAX; i++) {
        unsigned place = (fs->next_orphan + i) % TSFS_ORPHANS_MAX;
        if (fs->state->orphans[place] == 0) {
            fs->next_orphan = place;
            return 0;
        }
    }
    return -ENOSPC;
}

// tsfs_orphan_find() has found its place.
void tsfs_orphan_add(struct tsfs_inode *inode)
{
    struct tsfs *fs = tsfs_of_inode(inode);
    if (inode->orphan >= 0)
        return;
    inode->orphan = (int)fs->next_orphan;
    tsfs_change(fs, fs->state_block);
    fs->state->orphans[inode->orphan] = (uint32_t)inode->vfs.number;
}

void tsfs_orphan_remove(struct tsfs_inode *inode)
{
    struct tsfs *fs = tsfs_of_inode(inode);
    if (inode->orphan < 0)
        return;
    tsfs_change(fs, fs->state_block);
    fs->state->orphans[inode->orphan] = 0;
    fs->next_orphan = (uint32_t)inode->orphan;
    inode->orphan = -1;
}

// ---- Cutting ----------------------------------------------------------------------------
// Frees blocks at the end of the last extent: as many as one block of the bitmap knows of,
// and none before `first`. 1: there may be more; 0: done.
static int cut_extent(struct tsfs_inode *inode, struct tsfs_walk *walk, uint32_t first)
{
    struct tsfs *fs = tsfs_of_inode(inode);
    struct tsfs_entry *entry = tsfs_walk_entry(walk);
    if (!entry || (uint64_t)entry->key + entry->count <= first)
        return 0;
    uint32_t keep = entry->key < first ? first - entry->key : 0;
    uint32_t end = entry->block + entry->count;
    uint32_t count = tsfs_free_limit(end, entry->count - keep);
    bool is_directory = inode->vfs.type == OS_TYPE_DIRECTORY;
    if (is_directory)
        tsfs_revoke(fs, entry->block); // it has one block
    int error = tsfs_free(fs, (struct tsfs_run){end - count, count});
    if (error) // what was revoked is still in the tree
        return is_directory ? tsfs_half_done(fs, error) : error;
    tsfs_change(fs, inode->block);
    inode->data->blocks -= count;
    if (is_directory) // its size is that of its leaves
        tsfs_set_size(inode, inode->vfs.size - TSFS_BLOCK_SIZE);
    if (count == entry->count) {
        error = tsfs_tree_remove(walk);
    } else {
        struct cache_block *block = walk->level[walk->depth].block;
        tsfs_change(fs, block ? block : inode->block);
        entry->count -= count;
    }
    return error ? error : 1;
}

int tsfs_cut(struct tsfs_inode *inode, uint32_t first)
{
    int result = 1;
    inode->extent.count = 0;
    while (result > 0) {
        struct tsfs_walk walk;
        result = tsfs_begin(tsfs_of_inode(inode), 0);
        if (!result)
            result = tsfs_walk(&walk, inode, UINT32_MAX);
        if (result)
            return result;
        result = cut_extent(inode, &walk, first);
        tsfs_walk_end(&walk);
    }
    return result;
}

static uint32_t blocks_of(uint64_t size)
{
    return (uint32_t)((size + TSFS_BLOCK_SIZE - 1) / TSFS_BLOCK_SIZE);
}

static int shorten(struct tsfs_inode *inode, uint64_t size)
{
    struct tsfs *fs = tsfs_of_inode(inode);
    int error = tsfs_begin(fs, 0);
    if (!error)
        error = tsfs_orphan_find(fs);
    if (error)
        return error;
    bool was_orphan = inode->orphan >= 0;
    tsfs_orphan_add(inode);
    tsfs_set_size(inode, size);
    tsfs_touch(inode, true);
    error = tsfs_cut(inode, blocks_of(size));
    if (error)
        return tsfs_half_done(fs, error); // or what is behind the end would show again
    if (!was_orphan)
        tsfs_orphan_remove(inode);
    return 0;
}

int tsfs_truncate(struct inode *vfs, uint64_t size)
{
    struct tsfs_inode *inode = tsfs_inode_of(vfs);
    if (size > TSFS_FILE_SIZE_MAX)
        return -EFBIG;
    if (size < vfs->size)
        return shorten(inode, size);
    int error = tsfs_begin(tsfs_of_inode(inode), 0);
    if (!error && size > vfs->size)
        error = tsfs_clear_tail(inode);
    if (error)
        return error;
    tsfs_set_size(inode, size);
    tsfs_touch(inode, true);
    return 0;
}

// ---- The end of an inode ----------------------------------------------------------------
// Nothing points at it but the list of orphans. A symbolic link never stands without its
// target: the one block of that goes together with the inode.
static int free_inode(struct tsfs_inode *inode)
{
    struct tsfs *fs = tsfs_of_inode(inode);
    bool is_link = inode->vfs.type == OS_TYPE_SYMLINK;
    int error = is_link ? 0 : tsfs_cut(inode, 0);
    if (!error)
        error = tsfs_begin(fs, 0);
    if (!error)
        error = tsfs_inode_free(fs, (uint32_t)inode->vfs.number);
    if (error)
        return error;
    if (is_link && inode->data->blocks > 0)
        error = tsfs_free(fs, (struct tsfs_run){inode->data->entries[0].block, 1});
    if (error)
        return tsfs_half_done(fs, error);
    tsfs_change(fs, inode->block);
    memset(inode->data, 0, sizeof(*inode->data));
    tsfs_orphan_remove(inode);
    return 0;
}

// What cannot be freed now stays an orphan; whatever made it fail has been said.
void tsfs_release_inode(struct inode *vfs)
{
    struct tsfs_inode *inode = tsfs_inode_of(vfs);
    if (vfs->links == 0 && !vfs->mount->read_only)
        free_inode(inode);
    tsfs_drop_inode(inode);
}

static int finish_orphan(struct tsfs *fs, unsigned place)
{
    struct inode *vfs;
    int error = tsfs_read_inode(fs->mount, fs->state->orphans[place], &vfs);
    if (error)
        return error;
    struct tsfs_inode *inode = tsfs_inode_of(vfs);
    inode->orphan = (int)place;
    if (vfs->links == 0) {
        error = free_inode(inode);
    } else {
        error = tsfs_cut(inode, blocks_of(vfs->size));
        if (!error)
            tsfs_orphan_remove(inode);
    }
    tsfs_drop_inode(inode);
    return error;
}

int tsfs_finish_orphans(struct tsfs *fs)
{
    int error = 0;
    for (unsigned i = 0; i < TSFS_ORPHANS_MAX && !error; i++) {
        if (fs->state->orphans[i] != 0)
            error = finish_orphan(fs, i);
    }
    return error;
}
