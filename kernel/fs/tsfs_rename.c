// SPDX-License-Identifier: MIT
//
// tsfs: a name moves; one transaction, so at no moment are there two or none.
// Chapter 18.
#include "error.h"
#include "tsfs_change.h"

// The directory's "..", and what counts it.
static void move_directory(struct tsfs_inode *inode, struct tsfs_inode *from,
                           struct tsfs_inode *to)
{
    if (from == to)
        return;
    tsfs_change(tsfs_of_inode(inode), inode->block);
    inode->data->parent = (uint32_t)to->vfs.number;
    tsfs_set_links(from, from->vfs.links - 1);
    tsfs_set_links(to, to->vfs.links + 1);
}

int tsfs_rename(const struct rename *rename)
{
    struct tsfs_inode *inode = tsfs_inode_of(rename->inode);
    struct tsfs_inode *from = tsfs_inode_of(rename->old_directory);
    struct tsfs_inode *to = tsfs_inode_of(rename->new_directory);
    struct tsfs_text old = {rename->old_name, rename->old_length};
    struct tsfs_text new = {rename->new_name, rename->new_length};
    struct tsfs *fs = tsfs_of_inode(inode);
    uint32_t number = (uint32_t)inode->vfs.number;
    enum tsfs_type type = (enum tsfs_type)inode->vfs.type;
    bool is_directory = inode->vfs.type == OS_TYPE_DIRECTORY;
    if (is_directory && from != to && to->vfs.links >= TSFS_LINK_MAX)
        return -EMLINK;

    int error = tsfs_begin(fs, rename->replaced ? 0 : TSFS_NAME_BLOCKS);
    if (!error && rename->replaced)
        error = tsfs_orphan_find(fs);
    if (!error)
        error = rename->replaced ? tsfs_name_set(to, new, number, type)
                                 : tsfs_name_add(to, new, number, type);
    if (error)
        return error;
    error = tsfs_name_remove(from, old);
    if (error)
        return tsfs_half_done(fs, error);

    if (is_directory)
        move_directory(inode, from, to);
    if (rename->replaced) {
        if (rename->replaced->type == OS_TYPE_DIRECTORY)
            tsfs_set_links(to, to->vfs.links - 1);
        tsfs_lose_link(tsfs_inode_of(rename->replaced));
    }
    tsfs_touch(inode, false);
    tsfs_touch(from, true);
    tsfs_touch(to, true);
    return 0;
}
