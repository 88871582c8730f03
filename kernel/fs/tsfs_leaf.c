// SPDX-License-Identifier: MIT
//
// tsfs: names come into directories and leave them.
//
// A leaf that has no room for a name is split where its hashes are halved: the upper half
// moves to a new leaf, which gives the tree one entry more. A leaf whose last name goes is
// given back, but for the first one, in which the tree begins.
// Chapter 18.
#include "error.h"
#include "string.h"
#include "tsfs_change.h"

// A leaf on the way to being changed.
struct place {
    struct tsfs_walk walk;
    struct cache_block *block;
    struct tsfs_leaf *leaf;
};

static void put_place(struct place *place)
{
    cache_put(place->block);
    tsfs_walk_end(&place->walk);
}

// The leaf for a hash. -ENOENT: the directory has none.
static int get_place(struct place *place, struct tsfs_inode *directory, uint32_t hash)
{
    int error = tsfs_walk(&place->walk, directory, hash);
    if (error)
        return error;
    const struct tsfs_entry *entry = tsfs_walk_entry(&place->walk);
    struct tsfs_kind kind = {TSFS_MAGIC_DIRECTORY, (uint32_t)directory->vfs.number};
    error = entry ? tsfs_get(tsfs_of_inode(directory), entry->block, kind, &place->block)
                  : -ENOENT;
    if (error)
        tsfs_walk_end(&place->walk);
    else
        place->leaf = (void *)place->block->data;
    return error;
}

static void free_leaf(struct tsfs_inode *directory, uint32_t number)
{
    struct tsfs *fs = tsfs_of_inode(directory);
    tsfs_revoke(fs, number);
    if (tsfs_free(fs, (struct tsfs_run){number, 1}))
        tsfs_half_done(fs, -EIO);
    tsfs_change(fs, directory->block);
    directory->data->blocks--;
    tsfs_set_size(directory, directory->vfs.size - TSFS_BLOCK_SIZE);
}

// A new leaf for hashes from this one on, in the tree already.
static int add_leaf(struct tsfs_inode *directory, uint32_t hash, struct cache_block **block)
{
    struct tsfs *fs = tsfs_of_inode(directory);
    struct tsfs_kind kind = {TSFS_MAGIC_DIRECTORY, (uint32_t)directory->vfs.number};
    uint32_t number;
    int error = tsfs_alloc_block(fs, &number);
    if (error)
        return error;
    tsfs_change(fs, directory->block);
    directory->data->blocks++;
    tsfs_set_size(directory, directory->vfs.size + TSFS_BLOCK_SIZE);
    error = tsfs_get_new(fs, number, kind, block);
    if (!error) {
        error = tsfs_tree_insert(directory, &(struct tsfs_entry){hash, number, 1});
        if (error)
            cache_put(*block);
    }
    if (error)
        free_leaf(directory, number);
    return error;
}

// Where to cut a leaf in two: the first boundary between two hashes behind its middle, or
// else the last one before. 0: all names have one hash.
static unsigned find_cut(const struct tsfs_leaf *leaf)
{
    unsigned cut = 0;
    uint32_t hash = tsfs_name_at(leaf, 0)->hash;
    for (unsigned offset = 0; offset < leaf->used;) {
        const struct tsfs_name *name = tsfs_name_at(leaf, offset);
        if (name->hash != hash) {
            cut = offset;
            if (offset >= leaf->used / 2)
                break;
        }
        hash = name->hash;
        offset += tsfs_name_size(name->length);
    }
    return cut;
}

static int split_leaf(struct tsfs_inode *directory, struct cache_block *block)
{
    struct tsfs_leaf *leaf = (void *)block->data;
    unsigned cut = find_cut(leaf);
    if (cut == 0)
        return -ENOSPC;
    struct cache_block *upper_block;
    int error = add_leaf(directory, tsfs_name_at(leaf, cut)->hash, &upper_block);
    if (error)
        return error;
    struct tsfs_leaf *upper = (void *)upper_block->data;
    tsfs_change(tsfs_of_inode(directory), block);
    upper->used = leaf->used - cut;
    memcpy(upper->names, leaf->names + cut, upper->used);
    memset(leaf->names + cut, 0, upper->used);
    leaf->used = cut;
    cache_put(upper_block);
    return 0;
}

// Behind all with a lower hash; with the same one, in the first gap of their ties.
static unsigned find_gap(const struct tsfs_leaf *leaf, uint32_t hash, uint16_t *tie)
{
    unsigned offset = 0;
    for (*tie = 0; offset < leaf->used;) {
        const struct tsfs_name *name = tsfs_name_at(leaf, offset);
        if (name->hash > hash || (name->hash == hash && name->tie > *tie))
            break;
        if (name->hash == hash)
            ++*tie;
        offset += tsfs_name_size(name->length);
    }
    return offset;
}

static void put_name(struct tsfs_leaf *leaf, const struct tsfs_name *new, const char *text)
{
    struct tsfs_name head = *new;
    unsigned offset = find_gap(leaf, head.hash, &head.tie), size = tsfs_name_size(head.length);
    struct tsfs_name *name = tsfs_name_at(leaf, offset);
    memmove(leaf->names + offset + size, name, leaf->used - offset);
    memset(name, 0, size);
    *name = head;
    memcpy(name->name, text, head.length);
    leaf->used += size;
}

// Splits, once or twice, until the leaf for this hash has room.
static int make_room(struct tsfs_inode *directory, uint32_t hash, unsigned size,
                     struct cache_block **block)
{
    for (int splits = 0;; splits++) {
        int error = tsfs_leaf_get(directory, hash, block);
        if (error == -ENOENT)
            return add_leaf(directory, 0, block);
        if (error)
            return error;
        struct tsfs_leaf *leaf = (void *)(*block)->data;
        if (leaf->used + size <= sizeof(leaf->names))
            return 0;
        error = splits < 2 ? split_leaf(directory, *block) : -ENOSPC;
        cache_put(*block);
        if (error)
            return error;
    }
}

int tsfs_name_add(struct tsfs_inode *directory, struct tsfs_text text, uint32_t number,
                  enum tsfs_type type)
{
    struct tsfs *fs = tsfs_of_inode(directory);
    struct tsfs_name name = {
        .hash = tsfs_name_hash(fs, text.bytes, text.length),
        .inode = number,
        .type = (uint8_t)type,
        .length = (uint8_t)text.length,
    };
    struct cache_block *block;
    int error = make_room(directory, name.hash, tsfs_name_size(name.length), &block);
    if (error)
        return error;
    tsfs_change(fs, block);
    put_name((void *)block->data, &name, text.bytes);
    cache_put(block);
    return 0;
}

int tsfs_name_set(struct tsfs_inode *directory, struct tsfs_text text, uint32_t number,
                  enum tsfs_type type)
{
    struct tsfs *fs = tsfs_of_inode(directory);
    uint32_t hash = tsfs_name_hash(fs, text.bytes, text.length);
    struct cache_block *block;
    int error = tsfs_leaf_get(directory, hash, &block);
    if (error)
        return error;
    struct tsfs_leaf *leaf = (void *)block->data;
    int offset = tsfs_leaf_find(leaf, hash, text.bytes, text.length);
    if (offset >= 0) {
        tsfs_change(fs, block);
        tsfs_name_at(leaf, (unsigned)offset)->inode = number;
        tsfs_name_at(leaf, (unsigned)offset)->type = (uint8_t)type;
    }
    cache_put(block);
    return offset >= 0 ? 0 : -ENOENT;
}

static void take_name(struct tsfs_leaf *leaf, unsigned offset)
{
    unsigned size = tsfs_name_size(tsfs_name_at(leaf, offset)->length);
    memmove(leaf->names + offset, leaf->names + offset + size, leaf->used - offset - size);
    leaf->used -= size;
    memset(leaf->names + leaf->used, 0, size);
}

int tsfs_name_remove(struct tsfs_inode *directory, struct tsfs_text text)
{
    struct tsfs *fs = tsfs_of_inode(directory);
    uint32_t hash = tsfs_name_hash(fs, text.bytes, text.length);
    struct place place;
    int error = get_place(&place, directory, hash);
    if (error)
        return error;
    int offset = tsfs_leaf_find(place.leaf, hash, text.bytes, text.length);
    const struct tsfs_entry *entry = tsfs_walk_entry(&place.walk);
    if (offset < 0) {
        error = -ENOENT;
    } else {
        tsfs_change(fs, place.block);
        take_name(place.leaf, (unsigned)offset);
    }
    if (!error && place.leaf->used == 0 && entry->key > 0) {
        free_leaf(directory, entry->block);
        error = tsfs_tree_remove(&place.walk);
    }
    put_place(&place);
    return error;
}
