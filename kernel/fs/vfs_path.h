// SPDX-License-Identifier: MIT
//
// Walking along a path: for those who need more than what it leads to.
//
//   walk_begin(&walk, path)                    stands before the last name
//   walk_find_last(&walk, follow, &inode)      what is there
//   walk_end(&walk)
//
// Only the VFS uses this. Chapter 17.
#pragma once

#include "fs/vfs.h"

struct walk {
    struct inode *directory; // reached so far, perhaps none; a reference
    const char *rest;        // of the path, still to be walked
    char *text;              // what it lies in since a symbolic link was followed, or NULL
    unsigned links;          // symbolic links that were followed
    // The name that was taken off the path last:
    const char *name;
    size_t length;           // 0: there is none, the path is "/"
    bool last;               // it is the last one, and `directory` is where it belongs
    bool slash;              // with a slash behind it: a directory's
};

// 0 or an error of the way there. walk_end() is to be called in any case.
int walk_begin(struct walk *walk, const char *path);
// A reference to what the last name stands for. `follow` a symbolic link: the walk then
// goes on to the last name behind it. With -ENOENT and walk->last only that is missing.
int walk_find_last(struct walk *walk, bool follow, struct inode **inode);
// "." or "..", or nothing at all: no name that could be given to anything.
bool walk_is_special(const struct walk *walk);
void walk_end(struct walk *walk);

// Makes what the last name is to stand for; `inode` gets a reference, unless it is NULL.
// -EEXIST. (vfs_names.c)
int walk_create(struct walk *walk, enum os_file_type type, const char *target,
                struct inode **inode);
// Whether a directory may be removed, or replaced by another one. The mount's mutex is held.
int vfs_check_removable(struct inode *directory);
// The file of an inode as the flags want it. The mount's mutex is held. (vfs_file.c)
int vfs_open_inode(struct inode *inode, unsigned flags, struct file **file);
