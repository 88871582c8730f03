// SPDX-License-Identifier: MIT
//
// fsck: files that nothing names get names in /lost+found.
//
// By now everything else is in order, so the kernel's own tsfs can do it: it is mounted, and
// told to link inodes that nobody asked for. What it gets wrong about directories (their
// links, their "..") the next round of passes puts right.
#include "error.h"
#include "format.h"
#include "fs/vfs.h"
#include "fsck_parts.h"
#include "string.h"

#define FOLDER "/lost+found"

static int link_inode(struct inode *folder, uint32_t number)
{
    char name[16];
    struct inode *inode;
    struct mount *mount = folder->mount;
    int length = snprintf(name, sizeof(name), "#%u", number);
    int error = inode_get_number(mount, number, &inode);
    if (error)
        return error;
    uint64_t there;
    if (tsfs_file_system.lookup(folder, name, (size_t)length, &there) == 0)
        error = -EEXIST;
    else
        error = tsfs_file_system.link(folder, name, (size_t)length, inode);
    inode_put_locked(inode);
    return error;
}

static bool is_lost(const struct fsck *f, uint32_t number)
{
    const struct fsck_inode *inode = &f->inodes[number];
    return inode->type && inode->names == 0 && !inode->orphan && number != TSFS_ROOT_INODE;
}

static int link_all(struct fsck *f)
{
    struct inode *folder;
    int error = vfs_make(FOLDER, OS_TYPE_DIRECTORY, NULL);
    if (error && error != -EEXIST)
        return error;
    error = vfs_find(FOLDER, false, &folder);
    if (error)
        return error;
    struct mutex *mutex = &folder->mount->mutex;
    mutex_lock_always(mutex);
    if (folder->type != OS_TYPE_DIRECTORY)
        error = -ENOTDIR;
    for (uint32_t i = 1; i < f->inode_count && !error; i++) {
        if (is_lost(f, i))
            error = link_inode(folder, i);
    }
    mutex_unlock(mutex);
    inode_put(folder);
    return error;
}

int fsck_lost(struct fsck *f)
{
    static const struct file_system *const file_systems[] = {&tsfs_file_system, NULL};
    vfs_init(file_systems);
    int error = block_flush(f->fs.device);
    error = error ? error : vfs_mount(f->fs.device->name, "/", "tsfs", 0);
    if (error)
        return error;
    error = link_all(f);
    int unmount_error = vfs_unmount("/");
    return error ? error : unmount_error;
}
