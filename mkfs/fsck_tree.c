// SPDX-License-Identifier: MIT
//
// fsck: the tree of an inode: which blocks hold its contents, or a directory's names.
//
// An entry that cannot be right is taken out, and what lies below it with it. A block can
// belong to one inode only: who comes first has it.
#include "error.h"
#include "fsck_parts.h"
#include "heap.h"

// A list of entries on the way down.
struct entries {
    struct tsfs_entry *entries;
    unsigned count, depth; // 0: what they point at are contents
    uint64_t low, high;    // keys: [low, high)
};

static bool check_list(struct fsck *f, struct fsck_tree *tree, struct entries *list);

// ---- Blocks and owners ------------------------------------------------------------------
// How many blocks in a row from here on are free; they become the inode's.
static uint32_t claim(struct fsck *f, uint32_t inode, uint32_t block, uint32_t count)
{
    uint32_t claimed = 0;
    while (claimed < count && f->owners[block + claimed] == FSCK_NOBODY)
        f->owners[block + claimed++] = inode;
    return claimed;
}

static void release(struct fsck *f, uint32_t block)
{
    f->owners[block] = FSCK_NOBODY;
}

// ---- What an entry points at ------------------------------------------------------------
// An extent of a file. False: nothing of it is left.
static bool check_extent(struct fsck *f, struct fsck_tree *tree, struct tsfs_entry *entry,
                         bool *changed)
{
    uint32_t claimed = claim(f, tree->inode, entry->block, entry->count);
    tree->blocks += claimed;
    tree->end = (uint64_t)entry->key + claimed;
    if (claimed == entry->count)
        return true;
    uint32_t taken = entry->block + claimed, owner = f->owners[taken];
    *changed |= fsck_find(f, "cut off",
                          "inode %u: block %u, of its contents, belongs to %s %u already",
                          tree->inode, taken,
                          owner == FSCK_SYSTEM ? "the file system;" : "inode",
                          owner == FSCK_SYSTEM ? 0 : owner);
    entry->count = claimed;
    return claimed > 0;
}

static bool check_leaf(struct fsck *f, struct fsck_tree *tree, const struct tsfs_entry *entry,
                       const struct entries *list, uint64_t high)
{
    struct tsfs_kind kind = {TSFS_MAGIC_DIRECTORY, tree->inode};
    bool sealed = false, claimed = claim(f, tree->inode, entry->block, 1) == 1;
    const char *fault = claimed ? fsck_get(f, entry->block, kind, f->block, &sealed)
                                : "another inode has it already";
    if (fault) {
        fsck_find(f, "its names are given up", "block %u, names of directory %u: %s",
                  entry->block, tree->inode, fault);
        if (claimed)
            release(f, entry->block);
        return false;
    }
    void *leaves = f->leaves;
    if (!fsck_grow(f, &leaves, &f->leaf_room, f->leaf_count, sizeof(*f->leaves)))
        return true;
    f->leaves = leaves;
    f->leaves[f->leaf_count++] = (struct fsck_leaf){
        .inode = tree->inode,
        .block = entry->block,
        .low = tree->leaves == 0 ? 0 : entry->key, // the first takes what has no other place
        .high = high,
    };
    tree->blocks++;
    tree->leaves++;
    return true;
}

// What is wrong with a node below an entry, apart from its own entries.
static const char *node_fault(const struct tsfs_node *node, const struct tsfs_entry *entry,
                              unsigned depth)
{
    if (node->depth != depth)
        return "it is of another depth";
    if (node->count == 0 || node->count > TSFS_NODE_ENTRIES)
        return "its count is out of range";
    return node->entries[0].key < entry->key ? "its keys are below its place" : NULL;
}

static bool check_node(struct fsck *f, struct fsck_tree *tree, struct tsfs_entry *entry,
                       unsigned depth, uint64_t high)
{
    struct tsfs_kind kind = {TSFS_MAGIC_TREE, tree->inode};
    bool sealed = false, claimed = claim(f, tree->inode, entry->block, 1) == 1;
    struct tsfs_node *node = heap_alloc(sizeof(*node));
    if (!node) {
        f->error = -ENOMEM;
        return true;
    }
    const char *fault = claimed ? fsck_get(f, entry->block, kind, node, &sealed)
                                : "another inode has it already";
    fault = fault ? fault : node_fault(node, entry, depth);
    if (fault) {
        fsck_find(f, "what lies below it is given up", "block %u, node of inode %u's tree: %s",
                  entry->block, tree->inode, fault);
    } else {
        struct entries list = {node->entries, node->count, depth, entry->key, high};
        bool changed = !sealed && fsck_find(f, "what makes sense of it is kept",
                                            "block %u, node of inode %u's tree: its checksum "
                                            "is wrong", entry->block, tree->inode);
        changed |= check_list(f, tree, &list);
        node->count = (le16)list.count;
        if (changed && list.count > 0 && f->options->repair)
            fsck_write(f, entry->block, node);
        entry->key = node->entries[0].key;
        tree->blocks += list.count > 0;
    }
    bool kept = !fault && node->count > 0;
    if (claimed && !kept)
        release(f, entry->block);
    heap_free(node);
    return kept;
}

// ---- Lists of entries -------------------------------------------------------------------
static const char *entry_fault(const struct fsck *f, const struct entries *list,
                               const struct tsfs_entry *entry, bool is_directory)
{
    bool bottom = list->depth == 0;
    if (entry->key < list->low || (uint64_t)entry->key + entry->count > list->high ||
        entry->key >= list->high)
        return "its key is out of order";
    if (bottom ? entry->count == 0 || (is_directory && entry->count != 1) : entry->count != 0)
        return "its count makes no sense";
    if (!tsfs_is_data(&f->fs, entry->block, bottom ? entry->count : 1))
        return "it points out of the data area";
    return NULL;
}

// One entry; `high` is where the next one begins. False: it goes.
static bool check_entry(struct fsck *f, struct fsck_tree *tree, struct entries *list,
                        struct tsfs_entry *entry, uint64_t high, bool *changed)
{
    const char *fault = entry_fault(f, list, entry, tree->is_directory);
    if (fault) {
        fsck_find(f, "taken out", "inode %u: the entry for %s %#x of its tree: %s",
                  tree->inode, tree->is_directory ? "hash" : "block", entry->key, fault);
        return false;
    }
    if (list->depth == 0)
        return tree->is_directory ? check_leaf(f, tree, entry, list, high)
                                  : check_extent(f, tree, entry, changed);
    uint32_t key = entry->key;
    bool kept = check_node(f, tree, entry, list->depth - 1, high);
    *changed |= entry->key != key;
    return kept;
}

// Where the entry behind this one begins, as far as that makes sense.
static uint64_t end_of(const struct entries *list, unsigned i)
{
    uint64_t next = i + 1 < list->count ? list->entries[i + 1].key : list->high;
    return next > list->entries[i].key && next <= list->high ? next : list->high;
}

// True: something was changed. An entry that goes leaves no gap.
static bool check_list(struct fsck *f, struct fsck_tree *tree, struct entries *list)
{
    unsigned kept = 0;
    bool changed = false;
    for (unsigned i = 0; i < list->count && !f->error; i++) {
        struct tsfs_entry entry = list->entries[i];
        uint64_t high = end_of(list, i);
        if (!check_entry(f, tree, list, &entry, high, &changed)) {
            changed = true;
            continue;
        }
        list->entries[kept++] = entry;
        list->low = (uint64_t)entry.key + (entry.count ? entry.count : 1);
    }
    list->count = kept;
    return changed;
}

bool fsck_tree(struct fsck *f, struct fsck_tree *tree, struct tsfs_inode_data *data)
{
    bool changed = false;
    if (data->depth > TSFS_DEPTH_MAX || data->count > TSFS_ROOT_ENTRIES ||
        (data->depth > 0 && data->count == 0)) {
        changed = fsck_find(f, "its contents are given up",
                            "inode %u: its tree is out of range", tree->inode);
        data->count = data->depth = 0;
    }
    struct entries list = {data->entries, data->count, data->depth, 0, TSFS_NO_KEY};
    changed |= check_list(f, tree, &list);
    data->count = (le16)list.count;
    if (list.count == 0)
        data->depth = 0;
    return changed && f->options->repair;
}
