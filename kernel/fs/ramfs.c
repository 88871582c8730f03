// SPDX-License-Identifier: MIT
//
// ramfs: a file system in memory, for /tmp, and for / where there is no disk.
//
// The file system to read first: it does what the VFS asks for and nothing more, since
// the VFS has checked all there is to check. A node is a file's inode and contents in one;
// it stays as long as it has names or is in use. Memory is counted: all mounts together may
// have half of the machine's. Chapter 17.
#include "fs/ramfs.h"

#include "error.h"
#include "heap.h"
#include "machine.h"
#include "page.h"
#include "string.h"
#include "wallclock.h"

static struct {
    size_t used, limit; // bytes, by all mounts
} ramfs_memory;

// ---- Nodes ------------------------------------------------------------------------------
int ramfs_charge(struct ramfs *ramfs, size_t size)
{
    if (size > ramfs_memory.limit - ramfs_memory.used)
        return -ENOSPC;
    ramfs_memory.used += size;
    ramfs->used += size;
    return 0;
}

void ramfs_refund(struct ramfs *ramfs, size_t size)
{
    ramfs_memory.used -= size;
    ramfs->used -= size;
}

void ramfs_touch(struct ramfs_node *node, bool contents)
{
    node->inode.changed_ns = wallclock_now_ns();
    if (contents)
        node->inode.modified_ns = node->inode.changed_ns;
}

static struct ramfs_node *create_node(struct ramfs *ramfs, enum os_file_type type)
{
    if (ramfs_charge(ramfs, sizeof(struct ramfs_node)))
        return NULL;
    struct ramfs_node *node = heap_alloc(sizeof(*node));
    if (!node) {
        ramfs_refund(ramfs, sizeof(*node));
        return NULL;
    }
    node->ramfs = ramfs;
    node->inode.type = type;
    node->inode.links = 1;
    ramfs_touch(node, true);
    node->inode.accessed_ns = node->inode.changed_ns;
    list_init(&node->directory.entries);
    list_append(&ramfs->nodes, &node->all);
    return node;
}

static void free_node(struct ramfs_node *node)
{
    struct ramfs *ramfs = node->ramfs;
    if (node->inode.type == OS_TYPE_DIRECTORY)
        ramfs_free_entries(node);
    else if (node->inode.type == OS_TYPE_FILE)
        ramfs_truncate(&node->inode, 0);
    else
        ramfs_refund(ramfs, node->inode.size);
    heap_free(node->target);
    list_remove(&node->all);
    ramfs_refund(ramfs, sizeof(*node));
    heap_free(node);
}

// ---- Mounting ---------------------------------------------------------------------------
// A directory has a link more for its own ".", and one for each ".." in it.
static void become_directory(struct ramfs_node *node, struct ramfs_node *parent)
{
    node->inode.links = 2;
    node->directory.parent = parent;
}

static int ramfs_mount(struct mount *mount)
{
    struct page_statistics pages;
    struct ramfs *ramfs = heap_alloc(sizeof(*ramfs));
    if (!ramfs)
        return -ENOMEM;
    page_statistics(&pages);
    ramfs_memory.limit = pages.total / 2 * PAGE_SIZE;
    list_init(&ramfs->nodes);
    struct ramfs_node *root = create_node(ramfs, OS_TYPE_DIRECTORY);
    if (!root) {
        heap_free(ramfs);
        return -ENOMEM;
    }
    become_directory(root, root);
    mount->data = ramfs;
    mount->root_number = (uintptr_t)root;
    return 0;
}

static void ramfs_unmount(struct mount *mount)
{
    struct ramfs *ramfs = mount->data;
    while (!list_is_empty(&ramfs->nodes))
        free_node(container_of(ramfs->nodes.next, struct ramfs_node, all));
    heap_free(ramfs);
}

static int ramfs_statistics(struct mount *mount, struct os_fs_info *info)
{
    const struct ramfs *ramfs = mount->data;
    info->block_size = PAGE_SIZE;
    info->blocks_free = (ramfs_memory.limit - ramfs_memory.used) / PAGE_SIZE;
    info->blocks = info->blocks_free + ramfs->used / PAGE_SIZE;
    return 0;
}

// ---- Inodes -----------------------------------------------------------------------------
static int ramfs_read_inode(struct mount *mount, uint64_t number, struct inode **inode)
{
    *inode = &((struct ramfs_node *)(uintptr_t)number)->inode;
    return 0;
}

static void ramfs_release_inode(struct inode *inode)
{
    if (inode->links == 0)
        free_node(ramfs_node_of(inode));
}

static void ramfs_status(struct inode *inode, struct os_status *status)
{
    status->blocks = ramfs_node_of(inode)->pages.pages * (PAGE_SIZE / 512);
    status->block_size = PAGE_SIZE;
}

static int ramfs_read_link(struct inode *inode, char *target, size_t size)
{
    if (size > inode->size)
        size = inode->size;
    memcpy(target, ramfs_node_of(inode)->target, size);
    return (int)size;
}

static int ramfs_set_times(struct inode *inode, const uint64_t times_ns[2])
{
    inode->accessed_ns = times_ns[0];
    inode->modified_ns = times_ns[1];
    ramfs_touch(ramfs_node_of(inode), false);
    return 0;
}

// ---- Names ------------------------------------------------------------------------------
static int ramfs_lookup(struct inode *inode, const char *name, size_t length, uint64_t *number)
{
    struct ramfs_node *directory = ramfs_node_of(inode), *node = directory->directory.parent;
    if (length != 2 || memcmp(name, "..", 2) != 0) {
        struct ramfs_entry *entry = ramfs_find_entry(directory, name, length);
        if (!entry)
            return -ENOENT;
        node = entry->node;
    }
    *number = (uintptr_t)node;
    return 0;
}

static int ramfs_is_empty(struct inode *inode)
{
    return ramfs_node_of(inode)->directory.count == 0;
}

static int set_target(struct ramfs_node *node, const char *target)
{
    size_t length = strlen(target);
    node->target = heap_copy_string(target);
    if (!node->target || ramfs_charge(node->ramfs, length))
        return -ENOSPC;
    node->inode.size = length;
    return 0;
}

// Everything that may fail, then everything else.
static int ramfs_create(struct inode *inode, const char *name, size_t length,
                        enum os_file_type type, const char *target, uint64_t *number)
{
    struct ramfs_node *directory = ramfs_node_of(inode);
    struct ramfs_node *node = create_node(directory->ramfs, type);
    if (!node)
        return -ENOSPC;
    int error = target ? set_target(node, target) : 0;
    if (!error)
        error = ramfs_add_entry(directory, name, length, node);
    if (error) {
        free_node(node);
        return error;
    }
    if (type == OS_TYPE_DIRECTORY) {
        become_directory(node, directory);
        inode->links++;
    }
    ramfs_touch(directory, true);
    *number = (uintptr_t)node;
    return 0;
}

static int ramfs_link(struct inode *inode, const char *name, size_t length,
                      struct inode *target)
{
    struct ramfs_node *directory = ramfs_node_of(inode);
    int error = ramfs_add_entry(directory, name, length, ramfs_node_of(target));
    if (error)
        return error;
    target->links++;
    ramfs_touch(ramfs_node_of(target), false);
    ramfs_touch(directory, true);
    return 0;
}

// One name less. The node itself goes when nobody uses it (ramfs_release_inode).
static void drop_link(struct ramfs_node *directory, struct inode *inode)
{
    if (inode->type == OS_TYPE_DIRECTORY) {
        inode->links = 0;
        directory->inode.links--;
    } else {
        inode->links--;
    }
    ramfs_touch(ramfs_node_of(inode), false);
}

static int ramfs_unlink(struct inode *inode, const char *name, size_t length,
                        struct inode *target)
{
    struct ramfs_node *directory = ramfs_node_of(inode);
    ramfs_remove_entry(directory, ramfs_find_entry(directory, name, length));
    drop_link(directory, target);
    ramfs_touch(directory, true);
    return 0;
}

static int ramfs_rename(const struct rename *rename)
{
    struct ramfs_node *from = ramfs_node_of(rename->old_directory);
    struct ramfs_node *to = ramfs_node_of(rename->new_directory);
    struct ramfs_node *node = ramfs_node_of(rename->inode);
    int error = 0;
    if (rename->replaced) {
        ramfs_find_entry(to, rename->new_name, rename->new_length)->node = node;
        drop_link(to, rename->replaced);
    } else {
        error = ramfs_add_entry(to, rename->new_name, rename->new_length, node);
    }
    if (error)
        return error;
    ramfs_remove_entry(from, ramfs_find_entry(from, rename->old_name, rename->old_length));
    if (node->inode.type == OS_TYPE_DIRECTORY) {
        node->directory.parent = to;
        from->inode.links--;
        to->inode.links++;
    }
    ramfs_touch(from, true);
    ramfs_touch(to, true);
    ramfs_touch(node, false);
    return 0;
}

const struct file_system ramfs_file_system = {
    .name = "ramfs",
    .mount = ramfs_mount,
    .unmount = ramfs_unmount,
    .statistics = ramfs_statistics,
    .read_inode = ramfs_read_inode,
    .release_inode = ramfs_release_inode,
    .lookup = ramfs_lookup,
    .list = ramfs_list,
    .is_empty = ramfs_is_empty,
    .create = ramfs_create,
    .link = ramfs_link,
    .unlink = ramfs_unlink,
    .rename = ramfs_rename,
    .read = ramfs_read,
    .write = ramfs_write,
    .truncate = ramfs_truncate,
    .read_link = ramfs_read_link,
    .set_times = ramfs_set_times,
    .status = ramfs_status,
};
