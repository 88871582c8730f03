// SPDX-License-Identifier: MIT
//
// tsfs: trees grow and shrink.
//
// A new entry goes into the node that a walk leads to. A full node is split in two, which
// gives its parent one entry more, which may split that; a full root first moves down into
// a node of its own, and the tree is one level deeper. The blocks that this takes are
// counted and taken before anything changes.
//
// An entry that goes may leave its node empty; then the node goes too. Nodes are not
// joined: a tree that has shrunk is no deeper than it was.
// Chapter 18.
#include "error.h"
#include "string.h"
#include "tsfs_change.h"

// Blocks for new nodes, taken in advance.
struct supply {
    struct cache_block *blocks[TSFS_TREE_BLOCKS];
    unsigned count;
};

static void change_level(struct tsfs_walk *walk, unsigned depth)
{
    struct cache_block *block = walk->level[depth].block;
    tsfs_change(tsfs_of_inode(walk->inode), block ? block : walk->inode->block);
}

static void set_count(struct tsfs_walk *walk, unsigned depth, unsigned count)
{
    struct tsfs_level *level = &walk->level[depth];
    level->count = count;
    if (level->block)
        ((struct tsfs_node *)(void *)level->block->data)->count = (uint16_t)count;
    else
        walk->inode->data->count = (uint16_t)count;
}

static unsigned capacity(const struct tsfs_walk *walk, unsigned depth)
{
    return depth == 0 ? TSFS_ROOT_ENTRIES : TSFS_NODE_ENTRIES;
}

static void free_node(struct tsfs_inode *inode, uint32_t number)
{
    struct tsfs *fs = tsfs_of_inode(inode);
    tsfs_revoke(fs, number);
    if (tsfs_free(fs, (struct tsfs_run){number, 1}))
        tsfs_half_done(fs, -EIO);
    inode->data->blocks--;
}

// Gives back what was not used.
static void put_supply(struct tsfs_inode *inode, struct supply *supply)
{
    while (supply->count > 0) {
        struct cache_block *block = supply->blocks[--supply->count];
        uint32_t number = (uint32_t)block->number;
        cache_put(block);
        free_node(inode, number);
    }
}

// One block for each level that is full, from the bottom up as far as they are, and the
// root's too if it is among them.
static int get_supply(struct tsfs_walk *walk, struct supply *supply)
{
    struct tsfs_inode *inode = walk->inode;
    struct tsfs *fs = tsfs_of_inode(inode);
    unsigned needed = 0;
    while (needed <= walk->depth && walk->level[walk->depth - needed].count ==
                                        capacity(walk, walk->depth - needed))
        needed++;
    if (needed > walk->depth && walk->depth == TSFS_DEPTH_MAX)
        return -EFBIG;
    supply->count = 0;
    for (unsigned i = 0; i < needed; i++) {
        struct tsfs_kind kind = {TSFS_MAGIC_TREE, (uint32_t)inode->vfs.number};
        uint32_t number;
        int error = tsfs_alloc_block(fs, &number);
        if (!error) {
            tsfs_change(fs, inode->block);
            inode->data->blocks++;
            error = tsfs_get_new(fs, number, kind, &supply->blocks[i]);
            if (error)
                free_node(inode, number);
        }
        if (error) {
            put_supply(inode, supply);
            return error;
        }
        supply->count++;
    }
    return 0;
}

static void shift_in(struct tsfs_entry *entries, unsigned count, unsigned place,
                     const struct tsfs_entry *entry)
{
    memmove(entries + place + 1, entries + place, (count - place) * sizeof(*entries));
    entries[place] = *entry;
}

// What leads to a node has its first key: after that has changed.
static void update_keys(struct tsfs_walk *walk, unsigned depth)
{
    while (depth > 0) {
        uint32_t key = walk->level[depth].entries[0].key;
        struct tsfs_level *parent = &walk->level[--depth];
        if (parent->entries[parent->index].key == key)
            break;
        change_level(walk, depth);
        parent->entries[parent->index].key = key;
        if (parent->index > 0)
            break;
    }
}

static struct tsfs_node *take_node(struct supply *supply, unsigned depth)
{
    struct tsfs_node *node = (void *)supply->blocks[--supply->count]->data;
    node->depth = (uint16_t)depth;
    return node;
}

// All of the root moves into a new node below it, and `entry` to its place there.
static void grow(struct tsfs_walk *walk, unsigned place, const struct tsfs_entry *entry,
                 struct supply *supply)
{
    struct tsfs_inode_data *data = walk->inode->data;
    struct cache_block *block = supply->blocks[supply->count - 1];
    struct tsfs_node *node = take_node(supply, data->depth);
    memcpy(node->entries, data->entries, sizeof(data->entries));
    shift_in(node->entries, TSFS_ROOT_ENTRIES, place, entry);
    node->count = TSFS_ROOT_ENTRIES + 1;
    tsfs_change(tsfs_of_inode(walk->inode), walk->inode->block);
    data->entries[0] = (struct tsfs_entry){node->entries[0].key, (uint32_t)block->number, 0};
    data->count = 1;
    data->depth++;
    cache_put(block);
}

// The upper half of a full node moves to a new one, and `entry` into one of the two; what
// is added at the end begins a new node alone, so that files that grow fill theirs. Returns
// what the parent has to hold of the new one.
static struct tsfs_entry split(struct tsfs_walk *walk, unsigned depth, unsigned place,
                               const struct tsfs_entry *entry, struct supply *supply)
{
    struct tsfs_level *level = &walk->level[depth];
    struct cache_block *block = supply->blocks[supply->count - 1];
    struct tsfs_node *node = take_node(supply, walk->depth - depth);
    unsigned keep = place == level->count ? place : level->count / 2;
    unsigned moved = level->count - keep;
    change_level(walk, depth);
    memcpy(node->entries, level->entries + keep, moved * sizeof(*entry));
    memset(level->entries + keep, 0, moved * sizeof(*entry));
    if (place >= keep) {
        shift_in(node->entries, moved, place - keep, entry);
        node->count = (uint16_t)(moved + 1);
        set_count(walk, depth, keep);
    } else {
        shift_in(level->entries, keep, place, entry);
        node->count = (uint16_t)moved;
        set_count(walk, depth, keep + 1);
        update_keys(walk, depth);
    }
    struct tsfs_entry up = {node->entries[0].key, (uint32_t)block->number, 0};
    cache_put(block);
    return up;
}

static void insert(struct tsfs_walk *walk, const struct tsfs_entry *new, struct supply *supply)
{
    struct tsfs_entry entry = *new;
    for (unsigned depth = walk->depth;; depth--) {
        struct tsfs_level *level = &walk->level[depth];
        bool before = level->count == 0 || level->entries[level->index].key > entry.key;
        unsigned place = before ? level->index : level->index + 1;
        if (level->count < capacity(walk, depth)) {
            change_level(walk, depth);
            shift_in(level->entries, level->count, place, &entry);
            set_count(walk, depth, level->count + 1);
            if (place == 0)
                update_keys(walk, depth);
            return;
        }
        if (depth == 0)
            return grow(walk, place, &entry, supply);
        entry = split(walk, depth, place, &entry, supply);
    }
}

// Whether `next` lies directly behind `entry`, in the file and on the disk.
static bool continues(const struct tsfs_entry *entry, const struct tsfs_entry *next)
{
    return entry && entry->key + entry->count == next->key &&
           entry->block + entry->count == next->block;
}

int tsfs_tree_insert(struct tsfs_inode *inode, const struct tsfs_entry *new)
{
    struct tsfs_walk walk;
    int error = tsfs_walk(&walk, inode, new->key);
    if (error)
        return error;
    struct tsfs_entry *entry = tsfs_walk_entry(&walk);
    if (inode->vfs.type != OS_TYPE_DIRECTORY && continues(entry, new)) {
        change_level(&walk, walk.depth);
        entry->count += new->count;
    } else {
        struct supply supply;
        error = get_supply(&walk, &supply);
        if (!error)
            insert(&walk, new, &supply);
    }
    tsfs_walk_end(&walk);
    return error;
}

int tsfs_tree_remove(struct tsfs_walk *walk)
{
    struct tsfs_inode *inode = walk->inode;
    for (unsigned depth = walk->depth;; depth--) {
        struct tsfs_level *level = &walk->level[depth];
        struct tsfs_entry *place = level->entries + level->index;
        change_level(walk, depth);
        memmove(place, place + 1, (level->count - level->index - 1) * sizeof(*place));
        set_count(walk, depth, level->count - 1);
        level->entries[level->count] = (struct tsfs_entry){0};
        if (level->count > 0) {
            if (level->index == 0)
                update_keys(walk, depth);
            break;
        }
        if (depth == 0) {
            inode->data->depth = 0;
            break;
        }
        tsfs_change(tsfs_of_inode(inode), inode->block);
        free_node(inode, (uint32_t)level->block->number);
    }
    return tsfs_of_inode(inode)->journal->failed ? -EIO : 0;
}
