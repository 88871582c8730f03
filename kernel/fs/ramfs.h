// SPDX-License-Identifier: MIT
//
// ramfs: a file system in memory, gone when it is unmounted.
//
//   const struct file_system ramfs_file_system      for the table of vfs_init()
//
// What follows below that is shared by its three files: ramfs.c (nodes, names),
// ramfs_directory.c (entries), ramfs_file.c (bytes). Chapter 17.
#pragma once

#include "fs/page_tree.h"
#include "fs/vfs.h"

extern const struct file_system ramfs_file_system;

// One mount's.
struct ramfs {
    size_t used; // bytes
    struct list nodes;  // all of them
};

// Found by name (a hash table), and in the order in which they came (a list).
struct ramfs_directory {
    struct ramfs_node *parent; // the root's is itself
    struct ramfs_entry **buckets;
    size_t bucket_count, count; // a power of two, or 0; of entries
    struct list entries;
    uint64_t last_position;     // given to an entry
    struct ramfs_entry *cursor; // given by list() last, or one before that; or NULL
};

// A file, directory or symbolic link. Its inode's number is its address.
struct ramfs_node {
    struct inode inode;
    struct ramfs *ramfs;
    struct list all;
    // By its type:
    struct page_tree pages;
    struct ramfs_directory directory;
    char *target; // as long as the inode's size
};

struct ramfs_entry {
    struct list order;
    struct ramfs_entry *hash_next;
    struct ramfs_node *node;
    uint64_t position; // where list() finds it: ascending
    uint32_t hash;
    size_t length;
    char name[];
};

static inline struct ramfs_node *ramfs_node_of(struct inode *inode)
{
    return container_of(inode, struct ramfs_node, inode);
}

// Memory is counted. 0; -ENOSPC: more than all ramfs together may have.
int ramfs_charge(struct ramfs *ramfs, size_t size);
void ramfs_refund(struct ramfs *ramfs, size_t size);
// The contents have changed now; without `contents`, only what is known of it.
void ramfs_touch(struct ramfs_node *node, bool contents);

// ---- Directories (ramfs_directory.c) ----------------------------------------------------
struct ramfs_entry *ramfs_find_entry(struct ramfs_node *directory, const char *name,
                                     size_t length);
int ramfs_add_entry(struct ramfs_node *directory, const char *name, size_t length,
                    struct ramfs_node *node); // 0, -ENOSPC
void ramfs_remove_entry(struct ramfs_node *directory, struct ramfs_entry *entry);
int ramfs_list(struct inode *directory, uint64_t *position, struct os_entry *entry);
void ramfs_free_entries(struct ramfs_node *directory);

// ---- Files (ramfs_file.c) ---------------------------------------------------------------
int ramfs_read(struct inode *inode, uint64_t offset, void *buffer, size_t size);
int ramfs_write(struct inode *inode, uint64_t offset, const void *bytes, size_t size);
int ramfs_truncate(struct inode *inode, uint64_t size);
