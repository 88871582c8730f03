// SPDX-License-Identifier: MIT
//
// tsfs: blocks of metadata, checked when they come into memory.
//
// A block in the cache is what the disk had, or what we made of it. So its checksum and its
// contents are looked at once; a mark in block->owner says that this has been done. After
// that they are trusted: no code behind this looks at lengths and numbers again. What is
// looked at every time is whether a block is the one that was expected there.
// Chapter 17.
#include "error.h"
#include "format.h"
#include "print.h"
#include "tsfs.h"
#include "tsfs_make.h"

enum { COMPLAINTS_MAX = 10, LINE_MAX = 160 };

static const char checked_mark; // its address is what counts

const char *tsfs_kind_name(uint32_t magic)
{
    switch (magic) {
    case TSFS_MAGIC_SUPERBLOCK:
        return "superblock";
    case TSFS_MAGIC_JOURNAL:
        return "journal head";
    case TSFS_MAGIC_TRANSACTION:
        return "journal transaction";
    case TSFS_MAGIC_STATE:
        return "state block";
    case TSFS_MAGIC_BLOCK_BITMAP:
        return "block bitmap";
    case TSFS_MAGIC_INODE_BITMAP:
        return "inode bitmap";
    case TSFS_MAGIC_INODES:
        return "inode table";
    case TSFS_MAGIC_TREE:
        return "tree node";
    case TSFS_MAGIC_DIRECTORY:
        return "directory leaf";
    default:
        return "unknown block";
    }
}

int tsfs_damaged(struct tsfs *fs, const char *format, ...)
{
    char line[LINE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);

    if (fs->complaints++ < COMPLAINTS_MAX)
        log_error("tsfs: %s: %s", fs->device->name, line);
    if (fs->complaints == COMPLAINTS_MAX)
        log_error("tsfs: %s: what else is damaged is not shown", fs->device->name);
    if (!fs->mount->read_only)
        vfs_make_read_only(fs->mount, "it is damaged: unmount it, and run fsck.tsfs");
    return -EIO;
}

static const char *node_fault(const struct tsfs *fs, const struct tsfs_node *node)
{
    if (node->depth >= TSFS_DEPTH_MAX)
        return "its depth is out of range";
    if (node->count == 0 || node->count > TSFS_NODE_ENTRIES)
        return "its count is out of range";
    return tsfs_entries_fault(fs, node->entries, node->count, node->depth == 0);
}

static const char *state_fault(const struct tsfs *fs, const struct tsfs_state *state)
{
    const struct tsfs_superblock *s = &fs->super;
    if (state->free_blocks > s->blocks || state->free_inodes > s->inodes)
        return "more is free than there is";
    if (state->tables == 0 || state->tables > s->inode_table_blocks)
        return "the used part of the inode table is out of range";
    for (unsigned i = 0; i < TSFS_ORPHANS_MAX; i++) {
        if (state->orphans[i] >= s->inodes)
            return "the number of an orphan is out of range";
    }
    return NULL;
}

const char *tsfs_block_fault(const struct tsfs *fs, const void *data)
{
    const struct tsfs_header *header = data;
    switch (header->magic) {
    case TSFS_MAGIC_TREE:
        return node_fault(fs, data);
    case TSFS_MAGIC_DIRECTORY:
        return tsfs_leaf_fault(fs, data);
    case TSFS_MAGIC_STATE:
        return state_fault(fs, data);
    default:
        return NULL; // any bits will do; and inodes are looked at one by one
    }
}

static int check(struct tsfs *fs, const struct cache_block *block, struct tsfs_kind kind)
{
    const struct tsfs_header *header = (const void *)block->data;
    const char *fault = NULL;
    if (header->magic != kind.magic)
        fault = "it is something else";
    else if (header->checksum != tsfs_checksum(fs->seed, block->data, TSFS_BLOCK_SIZE))
        fault = "its checksum is wrong";
    else if (header->block != block->number)
        fault = "it belongs to another place";
    else
        fault = tsfs_block_fault(fs, block->data);
    if (fault)
        return tsfs_damaged(fs, "block %llu, %s: %s", (unsigned long long)block->number,
                            tsfs_kind_name(kind.magic), fault);
    return 0;
}

void tsfs_mark_checked(struct cache_block *block)
{
    block->owner = (void *)(uintptr_t)&checked_mark;
}

int tsfs_get(struct tsfs *fs, uint32_t number, struct tsfs_kind kind,
             struct cache_block **block)
{
    int error = cache_get(fs->device, number, block);
    if (error)
        return error == -EINVAL ? -EIO : error;
    const struct tsfs_header *header = (const void *)(*block)->data;
    if (!(*block)->owner) {
        error = check(fs, *block, kind);
        if (!error)
            tsfs_mark_checked(*block);
    } else if (header->magic != kind.magic) {
        error = tsfs_damaged(fs, "block %u is needed as %s, and is in use as %s", number,
                             tsfs_kind_name(kind.magic), tsfs_kind_name(header->magic));
    }
    if (!error && header->owner != kind.owner)
        error = tsfs_damaged(fs, "block %u, %s: it belongs to inode %u, not %u", number,
                             tsfs_kind_name(kind.magic), header->owner, kind.owner);
    if (error)
        cache_put(*block);
    return error;
}
