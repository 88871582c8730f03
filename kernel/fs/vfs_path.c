// SPDX-License-Identifier: MIT
//
// Paths: from names to inodes.
//
// A walk takes one name after the other off the path and looks it up in the directory it
// has reached. A symbolic link puts its target in front of what is left; a directory that
// something is mounted on is left at once for the root of that. The walk stops before
// the last name, which is what creating, removing and renaming are about. Chapter 17.
#include "fs/vfs_path.h"

#include "error.h"
#include "heap.h"
#include "process.h"
#include "string.h"

// ---- Single steps -----------------------------------------------------------------------
struct inode *vfs_enter_mounts(struct inode *inode)
{
    while (inode->covered_by) {
        struct inode *root = inode_get(inode->covered_by->root);
        inode_put(inode);
        inode = root;
    }
    return inode;
}

int vfs_look_up(struct inode *directory, const char *name, size_t length, struct inode **inode)
{
    struct mount *mount = directory->mount;
    uint64_t number;
    if (directory->type != OS_TYPE_DIRECTORY)
        return -ENOTDIR;
    if (directory->links == 0)
        return -ENOENT; // removed: it has nothing any more, not even ".."
    int error = mount->file_system->lookup(directory, name, length, &number);
    return error ? error : inode_get_number(mount, number, inode);
}

// The same for whoever does not hold the mutex, through mounts.
static int look_up(struct inode *directory, const char *name, size_t length,
                   struct inode **inode)
{
    struct mount *mount = directory->mount;
    mutex_lock_always(&mount->mutex);
    int error = vfs_look_up(directory, name, length, inode);
    mutex_unlock(&mount->mutex);
    if (!error)
        *inode = vfs_enter_mounts(*inode);
    return error;
}

// "..": a mounted root's is that of what it covers. The tree's root is its own.
static int look_up_parent(struct inode *directory, struct inode **inode)
{
    while (directory == directory->mount->root) {
        if (!directory->mount->covered) {
            *inode = inode_get(directory);
            return 0;
        }
        directory = directory->mount->covered;
    }
    return look_up(directory, "..", 2, inode);
}

static bool is_name(const struct walk *walk, const char *name)
{
    return walk->length == strlen(name) && memcmp(walk->name, name, walk->length) == 0;
}

bool walk_is_special(const struct walk *walk)
{
    return walk->length == 0 || is_name(walk, ".") || is_name(walk, "..");
}

// What the name that was taken off stands for.
static int look_up_name(struct walk *walk, struct inode **inode)
{
    struct inode *directory = walk->directory;
    if (directory->type != OS_TYPE_DIRECTORY)
        return -ENOTDIR;
    if (is_name(walk, ".."))
        return look_up_parent(directory, inode);
    if (!walk_is_special(walk))
        return look_up(directory, walk->name, walk->length, inode);
    *inode = inode_get(directory);
    return 0;
}

// Takes a name off the path, with the slashes behind it.
static int take_name(struct walk *walk)
{
    const char *end = walk->rest;
    while (*end && *end != '/')
        end++;
    walk->name = walk->rest;
    walk->length = (size_t)(end - walk->rest);
    walk->slash = *end == '/';
    while (*end == '/')
        end++;
    walk->rest = end;
    walk->last = *end == 0;
    return walk->length > VFS_NAME_MAX ? -ENAMETOOLONG : 0;
}

// ---- Whole walks ------------------------------------------------------------------------
// Where a path starts, which is the rest from now on. -ENOENT: there is no root yet.
static int start_from(struct walk *walk, const char *path)
{
    struct mount *first = vfs_mount_next(NULL);
    if (!first)
        return -ENOENT;
    struct inode *start = walk->directory;
    if (*path == '/')
        start = first->root;
    else if (!start && process_current()->directory)
        start = vfs_inode_of(process_current()->directory);
    else if (!start)
        start = first->root;
    inode_get(start);
    inode_put(walk->directory);
    walk->directory = start;
    while (*path == '/')
        path++;
    walk->rest = path;
    return 0;
}

// The target of the link, then a slash where one was, and what is left of the path.
static int read_target(const struct walk *walk, struct inode *link, char text[OS_PATH_MAX])
{
    struct mount *mount = link->mount;
    mutex_lock_always(&mount->mutex);
    int length = mount->file_system->read_link(link, text, OS_PATH_MAX);
    mutex_unlock(&mount->mutex);
    if (length <= 0)
        return length < 0 ? length : -ENOENT;
    size_t rest = strlen(walk->rest) + walk->slash;
    if ((size_t)length + rest >= OS_PATH_MAX)
        return -ENAMETOOLONG;
    if (walk->slash)
        text[length++] = '/';
    strlcpy(text + length, walk->rest, OS_PATH_MAX - (size_t)length);
    return 0;
}

// The symbolic link that was found: takes the reference.
static int follow_link(struct walk *walk, struct inode *link)
{
    char *text = walk->links < VFS_SYMLINKS_MAX ? heap_alloc(OS_PATH_MAX) : NULL;
    int error = walk->links < VFS_SYMLINKS_MAX ? -ENOMEM : -ELOOP;
    walk->last = false;
    walk->links++;
    if (text)
        error = read_target(walk, link, text);
    inode_put(link);
    if (!error)
        error = start_from(walk, text);
    if (error) {
        heap_free(text);
        return error;
    }
    heap_free(walk->text);
    walk->text = text;
    return 0;
}

// Up to the last name.
static int walk_on(struct walk *walk)
{
    for (;;) {
        struct inode *inode;
        int error = take_name(walk);
        if (error || walk->last)
            return error;
        error = look_up_name(walk, &inode);
        if (error)
            return error;
        if (inode->type == OS_TYPE_SYMLINK) {
            error = follow_link(walk, inode);
            if (error)
                return error;
            continue;
        }
        inode_put(walk->directory);
        walk->directory = inode;
    }
}

int walk_begin(struct walk *walk, const char *path)
{
    *walk = (struct walk){0};
    if (!*path)
        return -ENOENT;
    if (strnlen(path, OS_PATH_MAX) == OS_PATH_MAX)
        return -ENAMETOOLONG;
    int error = start_from(walk, path);
    return error ? error : walk_on(walk);
}

int walk_find_last(struct walk *walk, bool follow, struct inode **inode)
{
    int error = look_up_name(walk, inode);
    while (!error && (*inode)->type == OS_TYPE_SYMLINK && (follow || walk->slash)) {
        error = follow_link(walk, *inode);
        if (!error)
            error = walk_on(walk);
        if (!error)
            error = look_up_name(walk, inode);
    }
    if (!error && walk->slash && (*inode)->type != OS_TYPE_DIRECTORY) {
        inode_put(*inode);
        error = -ENOTDIR;
    }
    return error;
}

void walk_end(struct walk *walk)
{
    inode_put(walk->directory);
    heap_free(walk->text);
}

int vfs_find(const char *path, bool follow, struct inode **inode)
{
    struct walk walk;
    int error = walk_begin(&walk, path);
    if (!error)
        error = walk_find_last(&walk, follow, inode);
    walk_end(&walk);
    return error;
}
