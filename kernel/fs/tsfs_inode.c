// SPDX-License-Identifier: MIT
//
// tsfs: inodes, which say of a file all but its name.
//
// They lie in a table, 15 in a block, and are found by dividing. One in memory keeps its
// block of the table in the cache and is changed there: so changing it cannot fail.
// Chapter 17.
#include "error.h"
#include "heap.h"
#include "tsfs.h"

_Static_assert((int)TSFS_FILE == OS_TYPE_FILE && (int)TSFS_DIRECTORY == OS_TYPE_DIRECTORY &&
                   (int)TSFS_SYMLINK == OS_TYPE_SYMLINK,
               "types on the disk are those of os_files.h");

static const char *symlink_fault(const struct tsfs_inode_data *data)
{
    if (data->size == 0 || data->size > TSFS_SYMLINK_MAX)
        return "the length of its target is out of range";
    if (data->blocks == 0 && (data->count > 0 || data->size > sizeof(data->target)))
        return "its target does not fit into it";
    if (data->blocks > 0 && (data->blocks != 1 || data->count != 1 || data->depth != 0))
        return "its target is not in one block";
    return NULL;
}

const char *tsfs_inode_fault(const struct tsfs *fs, const struct tsfs_inode_data *data)
{
    if (data->type < TSFS_FILE || data->type > TSFS_SYMLINK)
        return data->type ? "its type is unknown" : "it is in use, and marked as free";
    if (data->size > TSFS_FILE_SIZE_MAX)
        return "its size is out of range";
    if (data->type == TSFS_DIRECTORY && (data->parent == 0 || data->parent >= fs->super.inodes))
        return "its parent is out of range";
    if (data->depth > TSFS_DEPTH_MAX || data->count > TSFS_ROOT_ENTRIES)
        return "its tree is out of range";
    if (data->depth > 0 && data->count == 0)
        return "its tree has depth, but no entries";
    if (data->type == TSFS_SYMLINK) {
        const char *fault = symlink_fault(data);
        if (fault || data->blocks == 0)
            return fault;
    }
    return tsfs_entries_fault(fs, data->entries, data->count, data->depth == 0);
}

// Copies what the VFS looks at.
static void fill_in(struct tsfs_inode *inode, struct mount *mount, uint64_t number)
{
    const struct tsfs_inode_data *data = inode->data;
    inode->orphan = -1;
    inode->vfs.mount = mount;
    inode->vfs.number = number;
    inode->vfs.type = (enum os_file_type)data->type;
    inode->vfs.links = data->links;
    inode->vfs.size = data->size;
    inode->vfs.accessed_ns = data->accessed_ns;
    inode->vfs.modified_ns = data->modified_ns;
    inode->vfs.changed_ns = data->changed_ns;
}

int tsfs_read_inode(struct mount *mount, uint64_t number, struct inode **result)
{
    struct tsfs *fs = tsfs_of(mount);
    uint64_t table = number / TSFS_INODES_PER_BLOCK;
    if (number == 0 || table >= fs->state->tables)
        return tsfs_damaged(fs, "inode %llu: there is no such number",
                            (unsigned long long)number);
    struct cache_block *block;
    int error = tsfs_get(fs, fs->super.inode_table + (uint32_t)table,
                         (struct tsfs_kind){TSFS_MAGIC_INODES, 0}, &block);
    if (error)
        return error;
    struct tsfs_inodes *inodes = (void *)block->data;
    struct tsfs_inode_data *data = &inodes->inodes[number % TSFS_INODES_PER_BLOCK];
    const char *fault = tsfs_inode_fault(fs, data);
    struct tsfs_inode *inode = fault ? NULL : heap_alloc(sizeof(*inode));
    if (!inode) {
        cache_put(block);
        return fault ? tsfs_damaged(fs, "inode %llu: %s", (unsigned long long)number, fault)
                     : -ENOMEM;
    }
    inode->block = block;
    inode->data = data;
    fill_in(inode, mount, number);
    *result = &inode->vfs;
    return 0;
}

void tsfs_drop_inode(struct tsfs_inode *inode)
{
    cache_put(inode->block);
    heap_free(inode);
}

void tsfs_status(struct inode *inode, struct os_status *status)
{
    uint64_t blocks = tsfs_inode_of(inode)->data->blocks;
    status->blocks = blocks * (TSFS_BLOCK_SIZE / SECTOR_SIZE);
    status->block_size = TSFS_BLOCK_SIZE;
}
