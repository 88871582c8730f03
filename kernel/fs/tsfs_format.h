// SPDX-License-Identifier: MIT
//
// tsfs on the disk: every byte of it. docs/tsfs.md shows it in figures.
//
//   | superblock | journal | state | block bitmap | inode bitmap | inode table | ... | copy |
//
// The disk is an array of 4 KiB blocks, named by 32-bit numbers from its start. Every block
// that is not a file's contents begins with the same 16 bytes: what it is, a checksum over
// all of it, where it belongs and to whom. All numbers are little-endian. mkfs, fsck and
// the kernel share this header. Chapter 17.
#pragma once

#include <stdint.h>

#include "kernel/endian.h"

#define TSFS_FILE_SIZE_MAX (UINT64_C(1) << 40) // 1 TiB

enum {
    TSFS_VERSION = 1,
    TSFS_BLOCK_SIZE = 4096,
    TSFS_BLOCKS_MIN = 128,      // of a disk: 512 KiB
    TSFS_SUPERBLOCK_SIZE = 512, // one sector: it is written whole or not at all
    TSFS_NAME_MAX = 255,
    TSFS_LINK_MAX = 65000,
    TSFS_SYMLINK_MAX = 4095,
};

// ---- What every block of metadata begins with -------------------------------------------
struct tsfs_header {
    le32 magic;    // which kind: TSFS_MAGIC_...
    le32 checksum; // CRC32C over the file system's id, then the block without these 4 bytes
    le32 block;    // its own number: a block that was written to the wrong place shows
    le32 owner;    // the inode it belongs to; 0: nobody's
};

// Four letters, as a dump of the disk shows them.
#define TSFS_MAGIC(c, d) ('t' | 's' << 8 | (c) << 16 | (uint32_t)(d) << 24)
#define TSFS_MAGIC_SUPERBLOCK TSFS_MAGIC('f', 's')
#define TSFS_MAGIC_JOURNAL TSFS_MAGIC('J', 'h')     // the journal's head
#define TSFS_MAGIC_TRANSACTION TSFS_MAGIC('J', 't') // and each transaction's
#define TSFS_MAGIC_STATE TSFS_MAGIC('S', 't')
#define TSFS_MAGIC_BLOCK_BITMAP TSFS_MAGIC('B', 'b')
#define TSFS_MAGIC_INODE_BITMAP TSFS_MAGIC('I', 'b')
#define TSFS_MAGIC_INODES TSFS_MAGIC('I', 'n')
#define TSFS_MAGIC_TREE TSFS_MAGIC('T', 'r')
#define TSFS_MAGIC_DIRECTORY TSFS_MAGIC('D', 'i')

// ---- Superblock: the first sector of block 0, and of the last block ---------------------
// Written by mkfs and never again. The areas follow each other in this order.
struct tsfs_superblock {
    struct tsfs_header header; // its checksum: over the sector, not begun with the id
    le32 version;              // TSFS_VERSION
    le32 block_size;           // TSFS_BLOCK_SIZE
    // Bits for what a later version may add. One that is not known here means, for
    le32 compatible;           // these: nothing,
    le32 read_only_compatible; // these: it can be read, but not written,
    le32 incompatible;         // these: it cannot even be read.
    le32 blocks;               // of the disk that are used, this one and the copy included
    le32 inodes;               // numbers 0 to inodes - 1; a multiple of TSFS_INODES_PER_BLOCK
    le32 journal, journal_blocks;           // each area: its first block, its length
    le32 state;                             // one block
    le32 block_bitmap, block_bitmap_blocks; // a bit for each block
    le32 inode_bitmap, inode_bitmap_blocks; // a bit for each inode
    le32 inode_table, inode_table_blocks;
    le32 data;                              // from here to the copy: contents, trees, names
    le32 unused;
    le64 made_ns;                           // since 1970
    uint8_t id[16];                         // random: no block of an older file system fits
    char label[32];                         // terminated
    uint8_t reserved[TSFS_SUPERBLOCK_SIZE - 144];
};
_Static_assert(sizeof(struct tsfs_superblock) == TSFS_SUPERBLOCK_SIZE, "the superblock");
// What this version knows of:
#define TSFS_COMPATIBLE 0u
#define TSFS_READ_ONLY_COMPATIBLE 0u
#define TSFS_INCOMPATIBLE 0u

// ---- State: what changes with almost every operation ------------------------------------
enum { TSFS_ORPHANS_MAX = (TSFS_BLOCK_SIZE - 16 - 16) / 4 };
struct tsfs_state {
    struct tsfs_header header;
    le32 free_blocks, free_inodes;
    le32 tables; // so many blocks of the inode table have ever been used: the rest is not read
    le32 unused;
    // Inodes that a mount after a crash has to look at (0: a free place): those without a
    // name that were still open, and those being cut. Behind their size nothing counts.
    le32 orphans[TSFS_ORPHANS_MAX];
};
_Static_assert(sizeof(struct tsfs_state) == TSFS_BLOCK_SIZE, "the state");

// ---- Bitmaps: 1 means used, or behind the end -------------------------------------------
enum { TSFS_BITS_PER_BLOCK = (TSFS_BLOCK_SIZE - 16) * 8 };
struct tsfs_bitmap {
    struct tsfs_header header;
    le64 words[TSFS_BITS_PER_BLOCK / 64]; // number n: bit n % 64 of word n / 64
};
_Static_assert(sizeof(struct tsfs_bitmap) == TSFS_BLOCK_SIZE, "a bitmap");

// ---- Trees: where things are ------------------------------------------------------------
// A sorted list of entries that has become too long for one place becomes a tree. A file's
// keys are its block numbers; a directory's, hashes of names.
struct tsfs_entry {
    le32 key;   // at depth 0: a block of the file, or the leaf's lowest hash (0 for the
                // first leaf); above: the child's first key
    le32 block; // at depth 0: where it is on the disk; above: the child
    le32 count; // at depth 0: so many blocks in a row (1 for a directory); above: 0
};
enum {
    TSFS_DEPTH_MAX = 4, // of a root
    TSFS_ROOT_ENTRIES = 17,
    TSFS_NODE_ENTRIES = (TSFS_BLOCK_SIZE - 16 - 8) / 12,
};
struct tsfs_node {
    struct tsfs_header header;
    le16 depth; // of what lies below: 0 for one whose entries are extents
    le16 count; // of entries, 1 at least
    le32 unused;
    struct tsfs_entry entries[TSFS_NODE_ENTRIES];
    le32 end;
};
_Static_assert(sizeof(struct tsfs_node) == TSFS_BLOCK_SIZE, "a node");

// ---- Inodes -----------------------------------------------------------------------------
enum tsfs_type { TSFS_FILE = 1, TSFS_DIRECTORY = 2, TSFS_SYMLINK = 3 };
enum { TSFS_ROOT_INODE = 1 }; // number 0 is nobody's

struct tsfs_inode_data {
    le16 type;   // enum tsfs_type; 0: free
    le16 unused;
    le32 links;  // names; a directory's: 2, and one for each directory in it
    le64 size;   // bytes; a directory's: of its blocks
    le64 accessed_ns, modified_ns, changed_ns; // since 1970
    le32 blocks; // of the disk: contents, names, nodes of the tree
    le32 parent; // a directory's ".."
    le16 depth;  // the tree's root: 0 when its entries are extents
    le16 count;  // entries in use
    union {
        struct tsfs_entry entries[TSFS_ROOT_ENTRIES];
        char target[TSFS_ROOT_ENTRIES * 12]; // a symbolic link's that fits: then blocks is 0
    };
    uint8_t reserved[16];
};
enum { TSFS_INODES_PER_BLOCK = (TSFS_BLOCK_SIZE - 16) / sizeof(struct tsfs_inode_data) };
struct tsfs_inodes {
    struct tsfs_header header;
    struct tsfs_inode_data inodes[TSFS_INODES_PER_BLOCK]; // number n: n % 15 of block n / 15
};
_Static_assert(sizeof(struct tsfs_inodes) == TSFS_BLOCK_SIZE, "a block of the inode table");

// ---- Directories ------------------------------------------------------------------------
// A leaf holds the names whose hashes lie between its key in the tree and the next one, in
// order of (hash, tie), each directly behind the one before.
struct tsfs_name {
    le32 hash;
    le32 inode;
    le16 tie; // tells names with the same hash apart: the lowest that was free
    uint8_t type;
    uint8_t length;
    char name[]; // `length` bytes, then zeros up to a multiple of 8
};
struct tsfs_leaf {
    struct tsfs_header header;
    le32 used; // bytes of names[]
    le32 unused;
    uint8_t names[TSFS_BLOCK_SIZE - 24];
};
_Static_assert(sizeof(struct tsfs_leaf) == TSFS_BLOCK_SIZE, "a leaf");

static inline uint32_t tsfs_name_size(unsigned length)
{
    return (sizeof(struct tsfs_name) + length + 7) & ~7u;
}

// ---- Journal ----------------------------------------------------------------------------
// Block 0 of it is the head; the rest is filled from block 1 on with transactions, each a
// block that lists what follows, and copies of the blocks it has changed. It is complete
// when all checksums agree. Their numbers are consecutive and begin at the head's.
struct tsfs_journal_head {
    struct tsfs_header header; // only its first sector counts, as the superblock's
    le32 sequence;             // of the transaction at block 1, should there be one
    uint8_t unused[TSFS_SUPERBLOCK_SIZE - 20];
};
enum {
    TSFS_RECORDS_MAX = (TSFS_BLOCK_SIZE - 16 - 16) / 8,
    TSFS_JOURNAL_MIN = 64, // blocks: the head, and room for one transaction of a few operations
};
struct tsfs_record {
    le32 block;    // where the copy belongs
    le32 checksum; // the one in the copy's header
};
struct tsfs_transaction {
    struct tsfs_header header;
    le32 sequence;
    le32 copies;  // so many records first, and as many blocks behind this one
    le32 revokes; // then so many: older copies of these are not to be written any more
    le32 unused;
    struct tsfs_record records[TSFS_RECORDS_MAX];
};
_Static_assert(sizeof(struct tsfs_transaction) == TSFS_BLOCK_SIZE, "a transaction");
