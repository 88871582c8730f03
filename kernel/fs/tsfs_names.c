// SPDX-License-Identifier: MIT
//
// tsfs: what is done with names: create, link, unlink.
//
// The VFS has asked whether it may be done. What can fail comes first: a place in the
// directory is the last thing that may be missing, and after that all is done.
// Chapter 18.
#include "error.h"
#include "string.h"
#include "tsfs_change.h"
#include "wallclock.h"

void tsfs_set_links(struct tsfs_inode *inode, uint32_t links)
{
    tsfs_change(tsfs_of_inode(inode), inode->block);
    inode->data->links = inode->vfs.links = links;
}

// The block of the table for a new inode. The next one behind those in use is made.
static int get_table(struct tsfs *fs, uint32_t number, struct cache_block **block)
{
    struct tsfs_kind kind = {TSFS_MAGIC_INODES, 0};
    uint32_t table = number / TSFS_INODES_PER_BLOCK;
    if (number >= fs->super.inodes || table > fs->state->tables)
        return tsfs_damaged(fs, "inode bitmap: it says that inode %u is free", number);
    if (table < fs->state->tables)
        return tsfs_get(fs, fs->super.inode_table + table, kind, block);
    int error = tsfs_get_new(fs, fs->super.inode_table + table, kind, block);
    if (!error)
        fs->state->tables++; // the inode's allocation has changed this block already
    return error;
}

// Where the new inode will be: nobody's so far, whatever the bitmap says.
static int get_place(struct tsfs *fs, uint32_t number, struct cache_block **block,
                     struct tsfs_inode_data **place)
{
    int error = get_table(fs, number, block);
    if (error)
        return error;
    struct tsfs_inodes *inodes = (void *)(*block)->data;
    *place = &inodes->inodes[number % TSFS_INODES_PER_BLOCK];
    if ((*place)->type == 0)
        return 0;
    cache_put(*block);
    return tsfs_damaged(fs, "inode bitmap: inode %u is in use, and marked as free", number);
}

static int write_target(struct tsfs *fs, struct tsfs_inode_data *data, const char *target)
{
    data->size = strlen(target);
    if (data->size <= sizeof(data->target)) {
        memcpy(data->target, target, (size_t)data->size);
        return 0;
    }
    uint32_t number;
    int error = tsfs_alloc_block(fs, &number);
    if (error)
        return error;
    struct cache_block *block;
    error = cache_get_new(fs->device, number, &block);
    if (error) {
        if (tsfs_free(fs, (struct tsfs_run){number, 1}))
            tsfs_half_done(fs, error);
        return error;
    }
    memcpy(block->data, target, (size_t)data->size);
    cache_mark_dirty(block);
    cache_put(block);
    fs->journal->data_written = true;
    data->blocks = data->count = 1;
    data->entries[0] = (struct tsfs_entry){0, number, 1};
    return 0;
}

static void free_new(struct tsfs *fs, uint32_t number, const struct tsfs_inode_data *data)
{
    int error = tsfs_inode_free(fs, number);
    if (data->blocks > 0 && !error)
        error = tsfs_free(fs, (struct tsfs_run){data->entries[0].block, 1});
    if (error)
        tsfs_half_done(fs, error);
}

// What the new inode is to hold, and its number. 0, or nothing has changed.
static int prepare(struct tsfs_inode *parent, enum os_file_type type, const char *target,
                   struct tsfs_inode_data *data, uint32_t *number)
{
    struct tsfs *fs = tsfs_of_inode(parent);
    uint64_t now = wallclock_now_ns();
    *data = (struct tsfs_inode_data){
        .type = (uint16_t)type,
        .links = type == OS_TYPE_DIRECTORY ? 2 : 1,
        .parent = type == OS_TYPE_DIRECTORY ? (uint32_t)parent->vfs.number : 0,
        .accessed_ns = now,
        .modified_ns = now,
        .changed_ns = now,
    };
    int error = tsfs_inode_alloc(fs, number);
    if (error)
        return error;
    error = type == OS_TYPE_SYMLINK ? write_target(fs, data, target) : 0;
    if (error)
        free_new(fs, *number, data);
    return error;
}

int tsfs_create(struct inode *vfs, const char *name, size_t length, enum os_file_type type,
                const char *target, uint64_t *number)
{
    struct tsfs_inode *parent = tsfs_inode_of(vfs);
    struct tsfs *fs = tsfs_of_inode(parent);
    struct tsfs_inode_data data, *place;
    struct cache_block *block;
    uint32_t new;
    if (type > OS_TYPE_SYMLINK)
        return -EPERM;
    if (type == OS_TYPE_DIRECTORY && vfs->links >= TSFS_LINK_MAX)
        return -EMLINK;
    int error = tsfs_begin(fs, TSFS_NAME_BLOCKS + 1);
    if (!error)
        error = prepare(parent, type, target, &data, &new);
    if (error)
        return error;
    error = get_place(fs, new, &block, &place);
    if (!error) {
        error = tsfs_name_add(parent, (struct tsfs_text){name, length}, new,
                              (enum tsfs_type)type);
        if (error)
            cache_put(block);
    }
    if (error) {
        free_new(fs, new, &data);
        return error;
    }
    tsfs_change(fs, block);
    *place = data;
    cache_put(block);
    if (type == OS_TYPE_DIRECTORY)
        tsfs_set_links(parent, vfs->links + 1);
    tsfs_touch(parent, true);
    *number = new;
    return 0;
}

int tsfs_link(struct inode *directory, const char *name, size_t length, struct inode *vfs)
{
    struct tsfs_inode *inode = tsfs_inode_of(vfs), *parent = tsfs_inode_of(directory);
    struct tsfs *fs = tsfs_of_inode(inode);
    if (vfs->links >= TSFS_LINK_MAX)
        return -EMLINK;
    int error = tsfs_begin(fs, TSFS_NAME_BLOCKS);
    if (!error)
        error = tsfs_name_add(parent, (struct tsfs_text){name, length}, (uint32_t)vfs->number,
                              (enum tsfs_type)vfs->type);
    if (error)
        return error;
    tsfs_set_links(inode, vfs->links + 1);
    tsfs_touch(inode, false);
    tsfs_touch(parent, true);
    return 0;
}

void tsfs_lose_link(struct tsfs_inode *inode)
{
    bool last = inode->vfs.type == OS_TYPE_DIRECTORY || inode->vfs.links <= 1;
    tsfs_set_links(inode, last ? 0 : inode->vfs.links - 1);
    tsfs_touch(inode, false);
    if (last)
        tsfs_orphan_add(inode);
}

int tsfs_unlink(struct inode *directory, const char *name, size_t length, struct inode *vfs)
{
    struct tsfs_inode *inode = tsfs_inode_of(vfs), *parent = tsfs_inode_of(directory);
    struct tsfs *fs = tsfs_of_inode(inode);
    int error = tsfs_begin(fs, 0);
    if (!error)
        error = tsfs_orphan_find(fs);
    if (!error)
        error = tsfs_name_remove(parent, (struct tsfs_text){name, length});
    if (error)
        return error;
    if (vfs->type == OS_TYPE_DIRECTORY)
        tsfs_set_links(parent, directory->links - 1);
    tsfs_touch(parent, true);
    tsfs_lose_link(inode);
    return 0;
}
