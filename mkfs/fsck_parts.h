// SPDX-License-Identifier: MIT
//
// What the parts of fsck owe each other. Each part is a pass over the disk:
//
//   fsck_super.c     the superblock and its copy
//   fsck_journal.c   the journal: replayed, on the disk or in memory only
//   fsck_inodes.c    the inode table    fsck_tree.c    where contents and names lie
//   fsck_names.c     directories        fsck_links.c   is everything reachable, and counted
//   fsck_maps.c      bitmaps and counts of what is free
//   fsck_lost.c      files without a name get one, in /lost+found
//
// A pass believes nothing that it has not looked at. Without `repair` nothing is written:
// the passes then work on what they have in memory.
#pragma once

#include "block.h"
#include "fs/tsfs.h"
#include "fs/tsfs_make.h"
#include "fsck.h"

#define FSCK_NOBODY 0u             // owners: the block is free
#define FSCK_SYSTEM UINT32_MAX     // ... or the file system's own

struct fsck_inode {
    uint32_t names;  // found so far
    uint32_t parent; // a directory's: whose entry names it
    uint32_t children; // directories in it
    uint8_t type;    // enum tsfs_type; 0: free
    bool reached;    // there is a way from the root
    bool orphan;     // on the list: the next mount looks after it
};

// A directory's block of names.
struct fsck_leaf {
    uint32_t inode, block;
    uint64_t low, high; // hashes that belong there: [low, high)
};

struct fsck {
    const struct fsck_options *options;
    struct fsck_result result;
    struct tsfs fs;          // device, superblock and seeds: what its functions need
    struct tsfs_state state;
    bool state_is_good;
    uint32_t *owners;        // of each block
    struct fsck_inode *inodes;
    uint32_t inode_count;    // in the used part of the table
    struct fsck_leaf *leaves;
    size_t leaf_count, leaf_room;
    uint32_t lost;           // inodes that need a name
    // Blocks as the journal has them, while they are not at home:
    struct fsck_copy {
        uint32_t number;
        uint8_t *data;
    } *copies;
    size_t copy_count, copy_room;
    int error;               // memory is out, or the disk fails: the rest is in vain
    _Alignas(8) uint8_t table[TSFS_BLOCK_SIZE]; // fsck_inode_get()'s
    _Alignas(8) uint8_t block[TSFS_BLOCK_SIZE]; // for whoever needs one for a moment
};

// ---- fsck_tsfs.c ------------------------------------------------------------------------
// Something is wrong. True: repair it now, which is said in the words of `cure` (NULL: there
// is none).
bool fsck_find(struct fsck *f, const char *cure, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void fsck_tell(struct fsck *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
int fsck_read(struct fsck *f, uint32_t number, void *block);
// Only after fsck_find() said so. Seals it.
void fsck_write(struct fsck *f, uint32_t number, void *block);
// Reads a block of metadata. NULL, or what is wrong: then it is not what was sought. With
// *sealed false, its checksum is wrong, and nothing else that could be seen from outside.
const char *fsck_get(struct fsck *f, uint32_t number, struct tsfs_kind kind, void *block,
                     bool *sealed);
// Makes room for one more in a list. False, and f->error, when memory is out.
bool fsck_grow(struct fsck *f, void **list, size_t *room, size_t count, size_t item_size);

// ---- The passes -------------------------------------------------------------------------
int fsck_super(struct fsck *f); // 0, -EINVAL, -EIO
void fsck_journal(struct fsck *f);
void fsck_inodes(struct fsck *f);
void fsck_names(struct fsck *f);
void fsck_links(struct fsck *f);
void fsck_maps(struct fsck *f);
int fsck_lost(struct fsck *f);

// fsck_inodes.c: an inode in its table. The data is to be changed only after fsck_find()
// said so, and before the next call.
struct tsfs_inode_data *fsck_inode_get(struct fsck *f, uint32_t number);
void fsck_inode_put(struct fsck *f, uint32_t number); // it was changed
const char *fsck_type_name(unsigned type);            // "a directory"

// fsck_tree.c: takes out what cannot be of the tree of an inode, and claims its blocks.
struct fsck_tree {
    uint32_t inode;
    bool is_directory;
    uint32_t blocks, leaves; // found
    uint64_t end;            // a file's: the first block behind its last extent
};
// True: the entries in the inode were changed.
bool fsck_tree(struct fsck *f, struct fsck_tree *tree, struct tsfs_inode_data *data);

// fsck_names.c: takes the name of an inode out of a directory.
void fsck_remove_name(struct fsck *f, uint32_t directory, uint32_t inode);
