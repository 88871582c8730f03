// SPDX-License-Identifier: MIT
//
// fsck: is every inode reachable from the root, and does it know how many names it has?
#include "fsck_parts.h"

static void mark_orphans(struct fsck *f)
{
    for (unsigned i = 0; i < TSFS_ORPHANS_MAX && f->state_is_good; i++) {
        uint32_t number = f->state.orphans[i];
        if (number > 0 && number < f->inode_count && f->inodes[number].type) {
            f->inodes[number].orphan = true;
            f->result.orphans++;
        }
    }
    if (f->result.orphans && !f->options->repair)
        fsck_tell(f, "%u file%s on the list of those to free or to cut at the next mount",
                  f->result.orphans, f->result.orphans == 1 ? " is" : "s are");
}

// ---- Ways to the root -------------------------------------------------------------------
// Goes up from a directory as far as nobody has been. Gives where that ends: at one that is
// reached, or that has no name, or in a circle (then somewhere in it).
static uint32_t climb(const struct fsck *f, uint32_t number)
{
    for (uint32_t steps = 0; steps < f->inode_count; steps++) {
        const struct fsck_inode *inode = &f->inodes[number];
        if (inode->reached || inode->names == 0)
            return number;
        number = inode->parent;
    }
    return number;
}

// All on the way up have been reached now.
static void mark_reached(struct fsck *f, uint32_t number)
{
    while (!f->inodes[number].reached && f->inodes[number].names > 0) {
        f->inodes[number].reached = true;
        number = f->inodes[number].parent;
    }
}

static void check_reachable(struct fsck *f, uint32_t number)
{
    uint32_t top = climb(f, number);
    if (f->inodes[top].reached) {
        mark_reached(f, number);
        return;
    }
    if (f->inodes[top].names > 0) {
        uint32_t parent = f->inodes[top].parent;
        if (fsck_find(f, "its name is taken away",
                      "directories %u and %u lie in each other: no way leads there", top,
                      parent))
            fsck_remove_name(f, parent, top);
        f->inodes[top].names = 0;
    }
    // One without a name is a root of its own until it gets one; below it all is well.
    f->inodes[top].reached = true;
    mark_reached(f, number);
}

// ---- Counts -----------------------------------------------------------------------------
static void check_parent(struct fsck *f, uint32_t number, struct tsfs_inode_data *data,
                         bool *changed)
{
    uint32_t parent = f->inodes[number].parent;
    if (data->parent == parent ||
        !fsck_find(f, "corrected", "directory %u: its \"..\" is %u, and should be %u", number,
                   data->parent, parent))
        return;
    data->parent = parent;
    *changed = true;
}

// Nothing names it: a number as if it had one name is what it gets with one.
static void note_lost(struct fsck *f, uint32_t number, struct tsfs_inode_data *data,
                      bool *changed)
{
    f->lost++;
    if (!fsck_find(f, "it gets one in /lost+found",
                   "inode %u, %s of %llu bytes: it has no name", number,
                   fsck_type_name(data->type), (unsigned long long)data->size))
        return;
    *changed |= data->links != 0;
    data->links = 0;
}

static void check_inode(struct fsck *f, uint32_t number)
{
    const struct fsck_inode *inode = &f->inodes[number];
    bool changed = false, is_directory = inode->type == TSFS_DIRECTORY;
    struct tsfs_inode_data *data = fsck_inode_get(f, number);
    uint32_t links = is_directory ? 2 + inode->children : inode->names;
    if (inode->names == 0 && number != TSFS_ROOT_INODE) {
        if (inode->orphan)
            return;
        note_lost(f, number, data, &changed);
    } else {
        if (is_directory)
            check_parent(f, number, data, &changed);
        if (data->links != links &&
            fsck_find(f, "corrected", "inode %u, %s: it counts %u links, and there are %u",
                      number, fsck_type_name(inode->type), data->links, links)) {
            data->links = links;
            changed = true;
        }
    }
    if (changed)
        fsck_inode_put(f, number);
}

void fsck_links(struct fsck *f)
{
    struct fsck_inode *root = &f->inodes[TSFS_ROOT_INODE];
    f->result.orphans = 0;
    mark_orphans(f);
    root->reached = true;
    root->parent = TSFS_ROOT_INODE;
    for (uint32_t i = 1; i < f->inode_count && !f->error; i++) {
        if (f->inodes[i].type == TSFS_DIRECTORY)
            check_reachable(f, i);
    }
    for (uint32_t i = 1; i < f->inode_count; i++) {
        const struct fsck_inode *inode = &f->inodes[i];
        if (inode->type == TSFS_DIRECTORY && inode->names > 0)
            f->inodes[inode->parent].children++;
    }
    for (uint32_t i = 1; i < f->inode_count && !f->error; i++) {
        if (f->inodes[i].type)
            check_inode(f, i);
    }
}
