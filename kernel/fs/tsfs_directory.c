// SPDX-License-Identifier: MIT
//
// tsfs: directories, which give names to inodes.
//
// A name is looked for by its hash: the directory's tree says which leaf holds the names
// with such hashes, about a hundred of them. So a lookup costs the same two or three blocks
// in a small directory and in a large one.
//
// Names are listed in the order of (hash, tie). A position in it is not the number of a
// name but a point on that line: names that come and go elsewhere do not move it.
// Chapter 17.
#include "error.h"
#include "string.h"
#include "tsfs.h"

// FNV-1a, 64 bits, begun with the file system's seed, so that nobody can prepare names that
// meet; then stirred, since the upper half alone is used.
uint32_t tsfs_name_hash(const struct tsfs *fs, const char *name, size_t length)
{
    uint64_t hash = fs->hash_seed;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)name[i]) * 0x100000001b3;
    hash ^= hash >> 32;
    return (uint32_t)(hash * 0x9e3779b97f4a7c15 >> 32);
}

// Where a name is on the line.
static uint64_t place_of(const struct tsfs_name *name)
{
    return (uint64_t)name->hash << 16 | name->tie;
}

static const char *name_fault(const struct tsfs *fs, const struct tsfs_name *name)
{
    if (name->inode == 0 || name->inode >= fs->super.inodes)
        return "the inode of a name is out of range";
    if (name->type < TSFS_FILE || name->type > TSFS_SYMLINK)
        return "the type of a name is unknown";
    if (memchr(name->name, '/', name->length) || memchr(name->name, 0, name->length))
        return "a name has a / or a 0 in it";
    if (name->name[0] == '.' &&
        (name->length == 1 || (name->length == 2 && name->name[1] == '.')))
        return "a name is . or ..";
    return NULL;
}

const char *tsfs_leaf_fault(const struct tsfs *fs, const struct tsfs_leaf *leaf)
{
    if (leaf->used > sizeof(leaf->names) || leaf->used % 8)
        return "its length is out of range";
    uint64_t free_place = 0;
    for (unsigned offset = 0; offset < leaf->used;) {
        const struct tsfs_name *name = tsfs_name_at(leaf, offset);
        unsigned room = leaf->used - offset;
        if (room < sizeof(*name) || name->length == 0 || tsfs_name_size(name->length) > room)
            return "the length of a name is out of range";
        if (place_of(name) < free_place)
            return "its names are not in order";
        const char *fault = name_fault(fs, name);
        if (fault)
            return fault;
        free_place = place_of(name) + 1;
        offset += tsfs_name_size(name->length);
    }
    return NULL;
}

static int get_leaf(struct tsfs_inode *directory, uint32_t number, struct cache_block **block)
{
    struct tsfs_kind kind = {TSFS_MAGIC_DIRECTORY, (uint32_t)directory->vfs.number};
    return tsfs_get(tsfs_of_inode(directory), number, kind, block);
}

int tsfs_leaf_get(struct tsfs_inode *directory, uint32_t hash, struct cache_block **block)
{
    struct tsfs_walk walk;
    int error = tsfs_walk(&walk, directory, hash);
    if (error)
        return error;
    const struct tsfs_entry *entry = tsfs_walk_entry(&walk);
    error = entry ? get_leaf(directory, entry->block, block) : -ENOENT;
    tsfs_walk_end(&walk);
    return error;
}

int tsfs_leaf_find(const struct tsfs_leaf *leaf, uint32_t hash, const char *text, size_t length)
{
    for (unsigned offset = 0; offset < leaf->used;) {
        const struct tsfs_name *name = tsfs_name_at(leaf, offset);
        if (name->hash > hash)
            break;
        if (name->hash == hash && name->length == length &&
            memcmp(name->name, text, length) == 0)
            return (int)offset;
        offset += tsfs_name_size(name->length);
    }
    return -1;
}

int tsfs_lookup(struct inode *inode, const char *name, size_t length, uint64_t *number)
{
    struct tsfs_inode *directory = tsfs_inode_of(inode);
    if (length == 2 && name[0] == '.' && name[1] == '.') {
        *number = directory->data->parent;
        return 0;
    }
    uint32_t hash = tsfs_name_hash(tsfs_of_inode(directory), name, length);
    struct cache_block *block;
    int error = tsfs_leaf_get(directory, hash, &block);
    if (error)
        return error;
    const struct tsfs_leaf *leaf = (void *)block->data;
    int offset = tsfs_leaf_find(leaf, hash, name, length);
    if (offset >= 0)
        *number = tsfs_name_at(leaf, (unsigned)offset)->inode;
    cache_put(block);
    return offset >= 0 ? 0 : -ENOENT;
}

// The first name of a leaf that is not before a place; NULL: there is none.
static const struct tsfs_name *find_from(const struct tsfs_leaf *leaf, uint64_t place)
{
    for (unsigned offset = 0; offset < leaf->used;) {
        const struct tsfs_name *name = tsfs_name_at(leaf, offset);
        if (place_of(name) >= place)
            return name;
        offset += tsfs_name_size(name->length);
    }
    return NULL;
}

static void describe(const struct tsfs_name *name, struct os_entry *entry)
{
    entry->number = name->inode;
    entry->type = (enum os_file_type)name->type;
    memcpy(entry->name, name->name, name->length);
    entry->name[name->length] = 0;
}

// Looks in the leaf for *position; moves it behind the name it finds, or else to the next
// leaf. 1: found; 0: not in this leaf, or (*position is at the end) nowhere.
static int list_leaf(struct tsfs_inode *directory, uint64_t *position, struct os_entry *entry)
{
    struct tsfs_walk walk;
    int result = tsfs_walk(&walk, directory, (uint32_t)(*position >> 16));
    if (result)
        return result;
    uint64_t next = tsfs_walk_next(&walk) << 16;
    const struct tsfs_entry *place = tsfs_walk_entry(&walk);
    struct cache_block *block = NULL;
    result = place ? get_leaf(directory, place->block, &block) : 0;
    tsfs_walk_end(&walk);
    if (!block || result)
        return *position = next, result;

    const struct tsfs_name *name = find_from((void *)block->data, *position);
    if (name)
        describe(name, entry);
    *position = name ? place_of(name) + 1 : next;
    cache_put(block);
    return name ? 1 : 0;
}

int tsfs_list(struct inode *inode, uint64_t *position, struct os_entry *entry)
{
    int result = 0;
    while (result == 0 && *position < TSFS_NO_KEY << 16)
        result = list_leaf(tsfs_inode_of(inode), position, entry);
    return result;
}

int tsfs_is_empty(struct inode *inode)
{
    uint64_t position = 0;
    struct os_entry entry;
    int result = tsfs_list(inode, &position, &entry);
    return result < 0 ? result : !result;
}
