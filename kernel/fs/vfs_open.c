// SPDX-License-Identifier: MIT
//
// Opening: from a path and flags to a file.
//
//   vfs_open(path, flags, &file)
//
// What the flags forbid is found before anything is created or cut. Looking a name up
// and creating it are two steps with waits between: when somebody else was faster with
// the second, the first is done again. Chapter 17.
#include "error.h"
#include "fs/vfs_path.h"

enum {
    ALL_FLAGS = OS_READ_WRITE | OS_CREATE | OS_EXCLUSIVE | OS_TRUNCATE | OS_APPEND |
                OS_DIRECTORY | OS_NO_FOLLOW,
};

// What makes no sense for any file.
static int check_flags(unsigned flags)
{
    bool writes = flags & OS_WRITE_ONLY;
    if (!(flags & OS_READ_WRITE) || (flags & ~(unsigned)ALL_FLAGS))
        return -EINVAL;
    if ((flags & OS_TRUNCATE) && !writes)
        return -EINVAL;
    return (flags & OS_CREATE) && (flags & OS_DIRECTORY) ? -EINVAL : 0;
}

// Whether what was found may be opened like this.
static int check_inode(const struct inode *inode, unsigned flags)
{
    if (inode->type == OS_TYPE_SYMLINK)
        return -ELOOP; // it would have been followed
    if (inode->type == OS_TYPE_DIRECTORY)
        return flags & (OS_WRITE_ONLY | OS_CREATE) ? -EISDIR : 0;
    if (flags & OS_DIRECTORY)
        return -ENOTDIR;
    bool writes = flags & OS_WRITE_ONLY;
    return writes && inode->type == OS_TYPE_FILE && inode->mount->read_only ? -EROFS : 0;
}

// What the path leads to; made if it may be, and then *created.
static int find_or_create(struct walk *walk, unsigned flags, struct inode **inode,
                          bool *created)
{
    bool exclusive = (flags & OS_CREATE) && (flags & OS_EXCLUSIVE);
    bool follow = !exclusive && !(flags & OS_NO_FOLLOW);
    int error;
    do {
        error = walk_find_last(walk, follow, inode);
        if (!error && exclusive) {
            inode_put(*inode);
            return -EEXIST;
        }
        if (error != -ENOENT || !walk->last || !(flags & OS_CREATE))
            return error;
        error = walk_create(walk, OS_TYPE_FILE, NULL, inode);
        *created = !error;
    } while (error == -EEXIST && !exclusive);
    return error;
}

int vfs_open(const char *path, unsigned flags, struct file **file)
{
    struct walk walk;
    struct inode *inode;
    bool created = false;
    int error = check_flags(flags);
    if (error)
        return error;
    error = walk_begin(&walk, path);
    if (!error)
        error = find_or_create(&walk, flags, &inode, &created);
    walk_end(&walk);
    if (error)
        return error;

    error = check_inode(inode, flags);
    if (created)
        flags &= ~(unsigned)OS_TRUNCATE;
    struct mutex *mutex = &inode->mount->mutex;
    mutex_lock_always(mutex);
    if (!error)
        error = vfs_open_inode(inode, flags, file);
    inode_put_locked(inode);
    mutex_unlock(mutex);
    return error;
}
