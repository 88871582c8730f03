// SPDX-License-Identifier: MIT
//
// Paths the other way round: where in the tree is this directory?
//
//   vfs_path_of(directory, path, size)
//
// Nothing in memory knows a directory's name. Its parent does: it is found by "..", and
// its entries are looked through for the one with the directory's number. So the path
// grows from its end, one name for each step up. Chapter 17.
#include "error.h"
#include "fs/vfs.h"
#include "panic.h"
#include "string.h"

// The name of a directory in its parent; both of the same mount, whose mutex is held.
static int find_name(struct inode *parent, const struct inode *child, struct os_entry *entry)
{
    const struct file_system *file_system = parent->mount->file_system;
    uint64_t position = 0;
    int found;
    while ((found = file_system->list(parent, &position, entry)) > 0) {
        if (entry->number == child->number)
            return 0;
    }
    return found < 0 ? found : -ENOENT;
}

// One step up: the parent, with a reference, and the name there.
static int step_up(struct inode *inode, struct inode **parent, struct os_entry *entry)
{
    struct mount *mount = inode->mount;
    mutex_lock_always(&mount->mutex);
    int error = vfs_look_up(inode, "..", 2, parent);
    if (!error) {
        error = find_name(*parent, inode, entry);
        if (error)
            inode_put_locked(*parent);
    }
    mutex_unlock(&mount->mutex);
    return error;
}

// Puts "/name" in front of what begins at path[*start].
static int prepend(char *path, size_t *start, const char *name)
{
    size_t length = strlen(name);
    if (*start <= length)
        return -ERANGE;
    *start -= length + 1;
    path[*start] = '/';
    memcpy(path + *start + 1, name, length);
    return 0;
}

// The directory, or what is covered by the mount whose root it is; NULL: the tree's root.
static struct inode *uncover(struct inode *inode)
{
    while (inode && inode == inode->mount->root)
        inode = inode->mount->covered;
    return inode;
}

int vfs_path_of(struct inode *directory, char *path, size_t size)
{
    ASSERT(size > 0);
    size_t start = size - 1;
    path[start] = 0;
    int error = 0;
    struct inode *at = inode_get(directory), *next;
    while (!error && (next = uncover(at))) {
        struct inode *parent;
        struct os_entry entry;
        error = step_up(next, &parent, &entry);
        if (error)
            break;
        inode_put(at);
        at = parent;
        error = prepend(path, &start, entry.name);
    }
    inode_put(at);
    if (!error && path[start] == 0)
        error = prepend(path, &start, "");
    if (!error)
        memmove(path, path + start, size - start);
    return error;
}
