// SPDX-License-Identifier: MIT
//
// Renaming: one name disappears as another appears, and what that one stood for goes.
//
//   vfs_rename(from, to)
//
// The file system does it, in one step; here is what has to be known before. The
// hard one: a directory must not move below itself, where nobody could reach it any more.
// Chapter 17.
#include "error.h"
#include "fs/vfs_path.h"

enum { DEPTH_MAX = 65536 }; // of directories: more is a damaged disk that leads in circles

// -EINVAL: `directory` is `inode`, or below it. The mutex is held.
static int check_not_below(struct inode *directory, const struct inode *inode)
{
    int error = 0;
    struct inode *at = inode_get(directory), *parent;
    for (unsigned depth = 0; !error && at != at->mount->root; depth++) {
        if (at == inode)
            error = -EINVAL;
        else if (depth == DEPTH_MAX)
            error = -EIO;
        else
            error = vfs_look_up(at, "..", 2, &parent);
        if (!error) {
            inode_put_locked(at);
            at = parent;
        }
    }
    inode_put_locked(at);
    return error;
}

// Whether what has the new name now may give way to the inode.
static int check_replaced(const struct rename *rename)
{
    bool directory = rename->inode->type == OS_TYPE_DIRECTORY;
    if (!rename->replaced)
        return 0;
    if (rename->replaced->type != OS_TYPE_DIRECTORY)
        return directory ? -ENOTDIR : 0;
    return directory ? vfs_check_removable(rename->replaced) : -EISDIR;
}

// All conditions, now that both inodes are known.
static int check(const struct rename *rename)
{
    const struct mount *mount = rename->inode->mount;
    bool directory = rename->inode->type == OS_TYPE_DIRECTORY;
    int error = 0;
    if (rename->inode->covered_by || rename->inode == mount->root)
        return -EBUSY;
    if (directory && rename->old_directory != rename->new_directory)
        error = check_not_below(rename->new_directory, rename->inode);
    if (!error)
        error = check_replaced(rename);
    if (error)
        return error;
    return mount->read_only || !mount->file_system->rename ? -EROFS : 0;
}

// Finds the inodes and has it done. Two names of one file: POSIX wants nothing to happen.
static int rename_names(struct rename *rename, bool slash)
{
    int error = vfs_look_up(rename->old_directory, rename->old_name, rename->old_length,
                            &rename->inode);
    if (error)
        return error;
    error = vfs_look_up(rename->new_directory, rename->new_name, rename->new_length,
                        &rename->replaced);
    if (error)
        rename->replaced = NULL;
    if (error == -ENOENT && rename->new_directory->links > 0)
        error = 0;
    if (!error && slash && rename->inode->type != OS_TYPE_DIRECTORY)
        error = -ENOTDIR;
    if (!error && rename->replaced != rename->inode) {
        error = check(rename);
        if (!error)
            error = rename->inode->mount->file_system->rename(rename);
    }
    if (rename->replaced)
        inode_put_locked(rename->replaced);
    inode_put_locked(rename->inode);
    return error;
}

// Both walks stand before their last names.
static int rename_walked(const struct walk *from, const struct walk *to)
{
    struct mutex *mutex = &from->directory->mount->mutex;
    if (from->length == 0 || to->length == 0)
        return -EBUSY; // the root
    if (walk_is_special(from) || walk_is_special(to))
        return -EINVAL;
    if (from->directory->mount != to->directory->mount)
        return -EXDEV;
    struct rename rename = {
        .old_directory = from->directory,
        .new_directory = to->directory,
        .old_name = from->name,
        .new_name = to->name,
        .old_length = from->length,
        .new_length = to->length,
    };
    mutex_lock_always(mutex);
    int error = rename_names(&rename, from->slash || to->slash);
    mutex_unlock(mutex);
    return error;
}

int vfs_rename(const char *from, const char *to)
{
    struct walk old, new;
    int error = walk_begin(&old, from);
    if (!error) {
        error = walk_begin(&new, to);
        if (!error)
            error = rename_walked(&old, &new);
        walk_end(&new);
    }
    walk_end(&old);
    return error;
}
