// SPDX-License-Identifier: MIT
//
// Names: making, removing, renaming and linking them.
//
//   vfs_make(path, type, target)     a directory or a symbolic link
//   vfs_remove(path, directory)      os_rmdir(), os_unlink()
//   vfs_rename(from, to), vfs_link(from, to)
//
// Each walks to the directory that the name is in, takes the mutex, and looks again what
// is there now: from that moment to the change nobody else touches the mount. POSIX's
// conditions are checked in the order in which its list of errors is most telling.
// Chapter 17.
#include "error.h"
#include "fs/vfs_path.h"
#include "string.h"
#include "wallclock.h"

// ---- Making -----------------------------------------------------------------------------
// The mutex is held, and the last name is free. "name/" can only become a directory.
static int create_free(struct walk *walk, enum os_file_type type, const char *target,
                       struct inode **inode)
{
    struct inode *directory = walk->directory;
    const struct file_system *file_system = directory->mount->file_system;
    uint64_t number;
    if (walk->slash && type != OS_TYPE_DIRECTORY)
        return type == OS_TYPE_FILE ? -EISDIR : -ENOENT;
    if (directory->mount->read_only || !file_system->create)
        return -EROFS;
    int error = file_system->create(directory, walk->name, walk->length, type, target, &number);
    if (error || !inode)
        return error;
    return inode_get_number(directory->mount, number, inode);
}

// 0 when the last name could be given to something now. The mutex is held.
static int check_free(struct walk *walk)
{
    struct inode *found;
    if (walk_is_special(walk))
        return walk->directory->type == OS_TYPE_DIRECTORY ? -EEXIST : -ENOTDIR;
    int error = vfs_look_up(walk->directory, walk->name, walk->length, &found);
    if (!error)
        inode_put_locked(found);
    if (error == -ENOENT)
        return walk->directory->links > 0 ? 0 : -ENOENT;
    return error ? error : -EEXIST;
}

int walk_create(struct walk *walk, enum os_file_type type, const char *target,
                struct inode **inode)
{
    struct mutex *mutex = &walk->directory->mount->mutex;
    mutex_lock_always(mutex);
    int error = check_free(walk);
    if (!error)
        error = create_free(walk, type, target, inode);
    mutex_unlock(mutex);
    return error;
}

int vfs_make(const char *path, enum os_file_type type, const char *target)
{
    struct walk walk;
    if (target && !*target)
        return -ENOENT;
    if (target && strnlen(target, OS_PATH_MAX) == OS_PATH_MAX)
        return -ENAMETOOLONG;
    int error = walk_begin(&walk, path);
    if (!error)
        error = walk_create(&walk, type, target, NULL);
    walk_end(&walk);
    return error;
}

// ---- Removing ---------------------------------------------------------------------------
// A name for the root can only come from a damaged disk.
int vfs_check_removable(struct inode *inode)
{
    if (inode->covered_by || inode == inode->mount->root)
        return -EBUSY;
    int empty = inode->mount->file_system->is_empty(inode);
    return empty > 0 ? 0 : empty < 0 ? empty : -ENOTEMPTY;
}

static int check_type_to_remove(const struct walk *walk, struct inode *inode, bool directory)
{
    if (inode->type != OS_TYPE_DIRECTORY)
        return directory || walk->slash ? -ENOTDIR : 0;
    return directory ? vfs_check_removable(inode) : -EISDIR;
}

// The mutex is held.
static int remove_last(struct walk *walk, bool directory)
{
    struct inode *parent = walk->directory, *inode;
    const struct file_system *file_system = parent->mount->file_system;
    int error = vfs_look_up(parent, walk->name, walk->length, &inode);
    if (error)
        return error;
    error = check_type_to_remove(walk, inode, directory);
    if (!error && (parent->mount->read_only || !file_system->unlink))
        error = -EROFS;
    if (!error)
        error = file_system->unlink(parent, walk->name, walk->length, inode);
    inode_put_locked(inode);
    return error;
}

// Of what is no name: "/", "a/.", "a/..".
static int error_of_special(const struct walk *walk, bool directory)
{
    if (walk->directory->type != OS_TYPE_DIRECTORY)
        return -ENOTDIR;
    if (!directory)
        return -EISDIR;
    if (walk->length == 0)
        return -EBUSY;
    return walk->length == 1 ? -EINVAL : -ENOTEMPTY;
}

int vfs_remove(const char *path, bool directory)
{
    struct walk walk;
    int error = walk_begin(&walk, path);
    if (!error && walk_is_special(&walk)) {
        error = error_of_special(&walk, directory);
    } else if (!error) {
        struct mutex *mutex = &walk.directory->mount->mutex;
        mutex_lock_always(mutex);
        error = remove_last(&walk, directory);
        mutex_unlock(mutex);
    }
    walk_end(&walk);
    return error;
}

// ---- Linking ----------------------------------------------------------------------------
// Gives the inode the last name as well. The mutex of the name's mount is held.
static int link_to(struct inode *inode, struct walk *walk)
{
    struct mount *mount = walk->directory->mount;
    int error = check_free(walk);
    if (error)
        return error;
    if (walk->slash)
        return -ENOENT;
    if (inode->mount != mount)
        return -EXDEV;
    if (mount->read_only)
        return -EROFS;
    if (!mount->file_system->link)
        return -EPERM;
    if (inode->links == 0)
        return -ENOENT; // its last name has gone since we found it
    return mount->file_system->link(walk->directory, walk->name, walk->length, inode);
}

static int link_inode(struct inode *inode, const char *to)
{
    struct walk walk;
    int error = inode->type == OS_TYPE_DIRECTORY ? -EPERM : 0;
    if (error)
        return error;
    error = walk_begin(&walk, to);
    if (!error) {
        struct mutex *mutex = &walk.directory->mount->mutex;
        mutex_lock_always(mutex);
        error = link_to(inode, &walk);
        mutex_unlock(mutex);
    }
    walk_end(&walk);
    return error;
}

// A symbolic link gets another name itself.
int vfs_link(const char *from, const char *to)
{
    struct inode *inode;
    int error = vfs_find(from, false, &inode);
    if (error)
        return error;
    error = link_inode(inode, to);
    inode_put(inode);
    return error;
}

// ---- Symbolic links and times -----------------------------------------------------------
int vfs_read_link(const char *path, char *target, size_t size)
{
    struct inode *inode;
    if (size == 0)
        return -EINVAL;
    int length = vfs_find(path, false, &inode);
    if (length)
        return length;
    struct mount *mount = inode->mount;
    mutex_lock_always(&mount->mutex);
    length = -EINVAL;
    if (inode->type == OS_TYPE_SYMLINK)
        length = mount->file_system->read_link(inode, target, size - 1);
    inode_put_locked(inode);
    mutex_unlock(&mount->mutex);
    if (length >= 0)
        target[length] = 0;
    return length;
}

static uint64_t time_for(uint64_t wanted, uint64_t current)
{
    if (wanted == OS_TIME_KEEP)
        return current;
    return wanted == OS_TIME_NOW ? wallclock_now_ns() : wanted;
}

int vfs_set_times(const char *path, uint64_t accessed_ns, uint64_t modified_ns)
{
    struct inode *inode;
    int error = vfs_find(path, true, &inode);
    if (error)
        return error;
    struct mount *mount = inode->mount;
    mutex_lock_always(&mount->mutex);
    uint64_t times[] = {time_for(accessed_ns, inode->accessed_ns),
                        time_for(modified_ns, inode->modified_ns)};
    error = -EROFS;
    if (!mount->read_only && mount->file_system->set_times)
        error = mount->file_system->set_times(inode, times);
    inode_put_locked(inode);
    mutex_unlock(&mount->mutex);
    return error;
}
