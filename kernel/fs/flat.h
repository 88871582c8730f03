// SPDX-License-Identifier: MIT
//
// Flat file systems: one directory of files that do something instead of lying somewhere.
// /dev and /proc are two. Chapter 17.
#pragma once

#include "fs/vfs.h"

struct flat_entry {
    char name[32];
    enum os_file_type type;
    uint64_t size; // bytes; 0 where that is not known
};

// What is in the directory: mount->data points at this.
struct flat {
    // The i-th file; false: there are no more. What was the i-th once, is for ever.
    bool (*entry)(unsigned i, struct flat_entry *entry);
    // A file of its own kind for the i-th. 0 or an error.
    int (*open)(unsigned i, unsigned flags, struct file **file);
};

// For the table of the file system: nothing can be created or removed.
int flat_mount(struct mount *mount, const struct flat *flat); // 0
int flat_lookup(struct inode *directory, const char *name, size_t length, uint64_t *number);
int flat_list(struct inode *directory, uint64_t *position, struct os_entry *entry);
int flat_is_empty(struct inode *directory);
int flat_read_inode(struct mount *mount, uint64_t number, struct inode **inode);
void flat_release_inode(struct inode *inode);
int flat_open(struct inode *inode, unsigned flags, struct file **file);
