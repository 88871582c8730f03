// SPDX-License-Identifier: MIT
//
// fsck: directories, one block of names after the other.
//
// A name that makes no sense is taken out: what it should have named gets a new one later,
// when nothing else names it.
#include "fsck_parts.h"
#include "string.h"

static uint64_t place_of(const struct tsfs_name *name)
{
    return (uint64_t)name->hash << 16 | name->tie;
}

// Names are printed as they are, but for what a terminal would obey.
static void readable(const struct tsfs_name *name, char text[64])
{
    unsigned length = name->length < 63 ? name->length : 63;
    for (unsigned i = 0; i < length; i++) {
        uint8_t c = (uint8_t)name->name[i];
        text[i] = c < 0x20 || c == 0x7f ? '?' : (char)c;
    }
    text[length] = '\0';
}

// ---- One name ---------------------------------------------------------------------------
// What is wrong with what the name is; `low` is the place that the one before leaves.
static const char *text_fault(struct fsck *f, const struct fsck_leaf *leaf,
                              const struct tsfs_name *name, uint64_t low)
{
    if (memchr(name->name, '/', name->length) || memchr(name->name, 0, name->length))
        return "it has a / or a 0 in it";
    if (name->name[0] == '.' &&
        (name->length == 1 || (name->length == 2 && name->name[1] == '.')))
        return "that is no name for a file";
    if (name->hash != tsfs_name_hash(&f->fs, name->name, name->length))
        return "its hash is wrong";
    if (name->hash < leaf->low || name->hash >= leaf->high)
        return "it would be looked for elsewhere";
    return place_of(name) < low ? "it is out of order" : NULL;
}

// What is wrong with what it names.
static const char *target_fault(const struct fsck *f, const struct fsck_leaf *leaf,
                                const struct tsfs_name *name)
{
    uint32_t number = name->inode;
    if (number == 0 || number >= f->inode_count)
        return "there is no such inode";
    const struct fsck_inode *inode = &f->inodes[number];
    if (inode->type == 0)
        return "the inode is free";
    if (inode->type == TSFS_DIRECTORY && number == TSFS_ROOT_INODE)
        return "the root has no name";
    if (inode->type == TSFS_DIRECTORY && inode->names > 0)
        return "the directory has another name already";
    return NULL;
}

// True: it stays. Sets *changed when something about it was corrected.
static bool check_name(struct fsck *f, const struct fsck_leaf *leaf, struct tsfs_name *name,
                       uint64_t low, bool *changed)
{
    char text[64];
    const char *fault = text_fault(f, leaf, name, low);
    fault = fault ? fault : target_fault(f, leaf, name);
    readable(name, text);
    if (fault) {
        fsck_find(f, "taken out", "directory %u: the name \"%s\" of inode %u: %s", leaf->inode,
                  text, name->inode, fault);
        return false;
    }
    struct fsck_inode *inode = &f->inodes[name->inode];
    if (name->type != inode->type &&
        fsck_find(f, "corrected", "directory %u: \"%s\" is named as %s, and is %s", leaf->inode,
                  text, fsck_type_name(name->type), fsck_type_name(inode->type))) {
        name->type = inode->type;
        *changed = true;
    }
    inode->names++;
    if (inode->type == TSFS_DIRECTORY)
        inode->parent = leaf->inode;
    return true;
}

// ---- One block of them ------------------------------------------------------------------
// Whether a whole name lies at the offset.
static bool is_name(const struct tsfs_leaf *data, unsigned offset)
{
    const struct tsfs_name *name = tsfs_name_at(data, offset);
    unsigned room = data->used - offset;
    return room >= sizeof(*name) && name->length > 0 && tsfs_name_size(name->length) <= room;
}

// True: the block was changed. A name that goes leaves no gap.
static bool check_leaf(struct fsck *f, const struct fsck_leaf *leaf, struct tsfs_leaf *data)
{
    bool changed = false;
    unsigned kept = 0, offset = 0;
    uint64_t low = 0;
    if (data->used > sizeof(data->names) || data->used % 8) {
        changed = fsck_find(f, "emptied", "block %u, names of directory %u: their length, %u, "
                            "is out of range", leaf->block, leaf->inode, data->used);
        data->used = 0;
    }
    while (offset < data->used && is_name(data, offset)) {
        struct tsfs_name *name = tsfs_name_at(data, offset);
        unsigned size = tsfs_name_size(name->length);
        if (check_name(f, leaf, name, low, &changed)) {
            low = place_of(name) + 1;
            memmove(data->names + kept, name, size);
            kept += size;
        }
        offset += size;
    }
    if (offset < data->used)
        fsck_find(f, "the rest is given up", "block %u, names of directory %u: byte %u is no "
                  "name", leaf->block, leaf->inode, offset);
    changed |= kept != data->used;
    memset(data->names + kept, 0, sizeof(data->names) - kept);
    data->used = kept;
    return changed;
}

void fsck_names(struct fsck *f)
{
    struct tsfs_leaf *data = (void *)f->block;
    for (size_t i = 0; i < f->leaf_count && !f->error; i++) {
        const struct fsck_leaf *leaf = &f->leaves[i];
        struct tsfs_kind kind = {TSFS_MAGIC_DIRECTORY, leaf->inode};
        bool sealed = false, changed = false;
        if (fsck_get(f, leaf->block, kind, data, &sealed))
            continue; // it was whole a moment ago: the disk fails
        if (!sealed)
            changed = fsck_find(f, "what makes sense of it is kept",
                                "block %u, names of directory %u: its checksum is wrong",
                                leaf->block, leaf->inode);
        changed |= check_leaf(f, leaf, data);
        if (changed && f->options->repair)
            fsck_write(f, leaf->block, data);
    }
}

// ---- For the next pass ------------------------------------------------------------------
static bool remove_from(struct tsfs_leaf *data, uint32_t inode)
{
    for (unsigned offset = 0; offset < data->used && is_name(data, offset);) {
        struct tsfs_name *name = tsfs_name_at(data, offset);
        unsigned size = tsfs_name_size(name->length), behind = offset + size;
        if (name->inode != inode) {
            offset = behind;
            continue;
        }
        memmove(name, data->names + behind, data->used - behind);
        data->used -= size;
        memset(data->names + data->used, 0, size);
        return true;
    }
    return false;
}

void fsck_remove_name(struct fsck *f, uint32_t directory, uint32_t inode)
{
    struct tsfs_leaf *data = (void *)f->block;
    for (size_t i = 0; i < f->leaf_count; i++) {
        if (f->leaves[i].inode != directory || fsck_read(f, f->leaves[i].block, data) < 0 ||
            data->used > sizeof(data->names))
            continue;
        if (remove_from(data, inode)) {
            fsck_write(f, f->leaves[i].block, data);
            return;
        }
    }
}
