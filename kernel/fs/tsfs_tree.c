// SPDX-License-Identifier: MIT
//
// tsfs: sorted entries, found by their keys.
//
//   tsfs_walk(&walk, inode, key)
//   entry = tsfs_walk_entry(&walk)      the last one whose key is not above
//   tsfs_walk_end(&walk)
//
// Up to 17 entries lie in the inode. More of them move to a block below, a node with room
// for 339, which the inode's entries then point at; and so on, four levels at most (a
// B+-tree). An entry's key above the bottom is the first key of its child. One structure
// for both: for files the keys are their blocks, for directories, hashes of names.
// Chapter 17.
#include "error.h"
#include "tsfs.h"

const char *tsfs_entries_fault(const struct tsfs *fs, const struct tsfs_entry *entries,
                               unsigned count, bool bottom)
{
    uint64_t free_key = 0; // what the next key must not be below
    for (const struct tsfs_entry *entry = entries; entry < entries + count; entry++) {
        if (entry->key < free_key)
            return "its keys are not in order";
        if (bottom ? entry->count == 0 : entry->count != 0)
            return "the count of an entry makes no sense";
        if (!tsfs_is_data(fs, entry->block, bottom ? entry->count : 1))
            return "an entry points out of the data area";
        free_key = (uint64_t)entry->key + (bottom ? entry->count : 1);
    }
    return NULL;
}

// The last entry whose key is not above; the first, where there is none.
static unsigned find(const struct tsfs_entry *entries, unsigned count, uint32_t key)
{
    unsigned low = 0, high = count; // entries below `low` are not above, those from `high` are
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (entries[middle].key <= key)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? low - 1 : 0;
}

// The node that an entry points at becomes the next level.
static int descend(struct tsfs_walk *walk, unsigned depth, const struct tsfs_entry *entry)
{
    struct tsfs *fs = tsfs_of_inode(walk->inode);
    struct tsfs_level *level = &walk->level[depth];
    uint32_t owner = (uint32_t)walk->inode->vfs.number;
    struct tsfs_kind kind = {TSFS_MAGIC_TREE, owner};
    int error = tsfs_get(fs, entry->block, kind, &level->block);
    if (error)
        return error;
    struct tsfs_node *node = (void *)level->block->data;
    if (node->depth != walk->depth - depth || node->entries[0].key != entry->key) {
        cache_put(level->block);
        return tsfs_damaged(fs, "inode %u: block %u is no part of its tree", owner,
                            entry->block);
    }
    level->entries = node->entries;
    level->count = node->count;
    return 0;
}

static void put_levels(struct tsfs_walk *walk, unsigned last)
{
    for (unsigned i = 1; i <= last; i++)
        cache_put(walk->level[i].block);
}

int tsfs_walk(struct tsfs_walk *walk, struct tsfs_inode *inode, uint32_t key)
{
    struct tsfs_inode_data *data = inode->data;
    walk->inode = inode;
    walk->depth = data->depth;
    walk->level[0] = (struct tsfs_level){.entries = data->entries, .count = data->count};
    for (unsigned depth = 0;; depth++) {
        struct tsfs_level *level = &walk->level[depth];
        level->index = find(level->entries, level->count, key);
        if (depth == walk->depth)
            return 0;
        int error = descend(walk, depth + 1, &level->entries[level->index]);
        if (error) {
            put_levels(walk, depth);
            return error;
        }
    }
}

void tsfs_walk_end(struct tsfs_walk *walk)
{
    put_levels(walk, walk->depth);
}

struct tsfs_entry *tsfs_walk_entry(const struct tsfs_walk *walk)
{
    const struct tsfs_level *bottom = &walk->level[walk->depth];
    return bottom->count > 0 ? &bottom->entries[bottom->index] : NULL;
}

uint64_t tsfs_walk_next(const struct tsfs_walk *walk)
{
    for (unsigned depth = walk->depth + 1; depth-- > 0;) {
        const struct tsfs_level *level = &walk->level[depth];
        if (level->index + 1 < level->count)
            return level->entries[level->index + 1].key;
    }
    return TSFS_NO_KEY;
}
