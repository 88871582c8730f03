// SPDX-License-Identifier: MIT
//
// fsck: the inode table. After this pass it is known which inodes there are, and which
// blocks are whose.
#include "error.h"
#include "fsck_parts.h"
#include "heap.h"
#include "string.h"

const char *fsck_type_name(unsigned type)
{
    return type == TSFS_DIRECTORY ? "a directory"
           : type == TSFS_SYMLINK ? "a symbolic link"
           : type == TSFS_FILE    ? "a file"
                                  : "of no known type";
}

// ---- One inode --------------------------------------------------------------------------
// What nothing can be made of; NULL: the rest is worth a look.
static const char *fatal_fault(const struct tsfs_inode_data *data)
{
    if (data->type < TSFS_FILE || data->type > TSFS_SYMLINK)
        return "its type is unknown";
    if (data->type == TSFS_SYMLINK && (data->size == 0 || data->size > TSFS_SYMLINK_MAX))
        return "the length of its target is out of range";
    if (data->type == TSFS_SYMLINK && data->blocks == 0 &&
        (data->count > 0 || data->size > sizeof(data->target)))
        return "its target does not fit into it";
    return NULL;
}

static bool is_inline(const struct tsfs_inode_data *data)
{
    return data->type == TSFS_SYMLINK && data->blocks == 0;
}

// What the tree says against what the inode says of it.
static bool check_sizes(struct fsck *f, const struct fsck_tree *tree,
                        struct tsfs_inode_data *data)
{
    bool changed = false;
    if (data->blocks != tree->blocks &&
        fsck_find(f, "corrected", "inode %u: it says that it takes %u blocks, and takes %u",
                  tree->inode, data->blocks, tree->blocks)) {
        data->blocks = tree->blocks;
        changed = true;
    }
    uint64_t size = data->size;
    if (tree->is_directory)
        size = (uint64_t)tree->leaves * TSFS_BLOCK_SIZE;
    else if (size > TSFS_FILE_SIZE_MAX)
        size = tree->end * TSFS_BLOCK_SIZE;
    if (size != data->size &&
        fsck_find(f, "corrected", "inode %u: its size is %llu, and should be %llu", tree->inode,
                  (unsigned long long)data->size, (unsigned long long)size)) {
        data->size = size;
        changed = true;
    }
    return changed;
}

static bool check_contents(struct fsck *f, uint32_t number, struct tsfs_inode_data *data)
{
    struct fsck_tree tree = {.inode = number, .is_directory = data->type == TSFS_DIRECTORY};
    bool changed = fsck_tree(f, &tree, data);
    changed |= check_sizes(f, &tree, data);
    // A symbolic link that takes blocks would change its meaning without them.
    if (data->type == TSFS_SYMLINK && data->blocks == 0 && changed) {
        *data = (struct tsfs_inode_data){0};
        f->inodes[number].type = 0;
    }
    return changed;
}

static bool check_inode(struct fsck *f, uint32_t number, struct tsfs_inode_data *data)
{
    if (data->type == 0)
        return false;
    const char *fault = fatal_fault(data);
    if (fault) {
        if (!fsck_find(f, "given up", "inode %u: %s", number, fault))
            return false;
        *data = (struct tsfs_inode_data){0};
        return true;
    }
    f->inodes[number].type = (uint8_t)data->type;
    return is_inline(data) ? false : check_contents(f, number, data);
}

// ---- The root ---------------------------------------------------------------------------
static void make_root(struct tsfs_inode_data *data)
{
    *data = (struct tsfs_inode_data){
        .type = TSFS_DIRECTORY, .links = 2, .parent = TSFS_ROOT_INODE};
}

static bool check_root(struct fsck *f, struct tsfs_inode_data *data)
{
    if (data->type == TSFS_DIRECTORY)
        return false;
    bool changed = fsck_find(f, "made anew, empty", "inode %u, the root: it is %s",
                             TSFS_ROOT_INODE,
                             data->type ? fsck_type_name(data->type) : "free");
    if (changed)
        make_root(data);
    f->inodes[TSFS_ROOT_INODE].type = changed ? TSFS_DIRECTORY : 0;
    return changed;
}

// ---- The table --------------------------------------------------------------------------
// A block of it, as far as it makes sense.
static bool load_table(struct fsck *f, uint32_t table, bool *changed)
{
    uint32_t number = f->fs.super.inode_table + table, first = table * TSFS_INODES_PER_BLOCK;
    bool sealed = false;
    const char *fault = fsck_get(f, number, (struct tsfs_kind){TSFS_MAGIC_INODES, 0}, f->table,
                                 &sealed);
    *changed = false;
    if (fault) {
        *changed = fsck_find(f, "made anew, empty",
                             "block %u, inode table: %s; the inodes %u to %u are lost", number,
                             fault, first, first + TSFS_INODES_PER_BLOCK - 1);
        memset(f->table, 0, TSFS_BLOCK_SIZE);
        ((struct tsfs_header *)(void *)f->table)->magic = TSFS_MAGIC_INODES;
    } else if (!sealed) {
        *changed = fsck_find(f, "what makes sense of it is kept",
                             "block %u, inode table: its checksum is wrong", number);
    }
    return !fault || *changed;
}

static void check_table(struct fsck *f, uint32_t table)
{
    bool changed;
    if (!load_table(f, table, &changed))
        return;
    struct tsfs_inodes *inodes = (void *)f->table;
    for (uint32_t i = 0; i < TSFS_INODES_PER_BLOCK && !f->error; i++) {
        uint32_t number = table * TSFS_INODES_PER_BLOCK + i;
        if (number == 0)
            continue; // nobody's
        if (number == TSFS_ROOT_INODE)
            changed |= check_root(f, &inodes->inodes[i]);
        changed |= check_inode(f, number, &inodes->inodes[i]);
    }
    if (changed && f->options->repair)
        fsck_write(f, f->fs.super.inode_table + table, f->table);
}

// How much of the table was ever used: what the state says, or, without it, all blocks that
// look like it.
static uint32_t used_tables(struct fsck *f)
{
    const struct tsfs_superblock *s = &f->fs.super;
    struct tsfs_kind kind = {TSFS_MAGIC_STATE, 0};
    bool sealed = false;
    const char *fault = fsck_get(f, s->state, kind, &f->state, &sealed);
    if (!fault && !sealed)
        fault = "its checksum is wrong";
    fault = fault ? fault : tsfs_block_fault(&f->fs, &f->state);
    f->state_is_good = !fault;
    if (!fault)
        return f->state.tables;

    fsck_find(f, "made anew", "block %u, the state: %s", s->state, fault);
    memset(&f->state, 0, sizeof(f->state));
    uint32_t used = 1;
    kind.magic = TSFS_MAGIC_INODES;
    for (uint32_t i = 0; i < s->inode_table_blocks; i++) {
        if (!fsck_get(f, s->inode_table + i, kind, f->table, &sealed) && sealed)
            used = i + 1;
    }
    return used;
}

void fsck_inodes(struct fsck *f)
{
    uint32_t tables = used_tables(f);
    f->state.tables = tables;
    f->inode_count = tables * TSFS_INODES_PER_BLOCK;
    f->inodes = heap_alloc(f->inode_count * sizeof(*f->inodes));
    if (!f->inodes)
        f->error = -ENOMEM;
    for (uint32_t i = 0; i < tables && !f->error; i++)
        check_table(f, i);
}

// ---- For the passes behind it -----------------------------------------------------------
struct tsfs_inode_data *fsck_inode_get(struct fsck *f, uint32_t number)
{
    struct tsfs_inodes *inodes = (void *)f->table;
    fsck_read(f, f->fs.super.inode_table + number / TSFS_INODES_PER_BLOCK, f->table);
    return &inodes->inodes[number % TSFS_INODES_PER_BLOCK];
}

void fsck_inode_put(struct fsck *f, uint32_t number)
{
    fsck_write(f, f->fs.super.inode_table + number / TSFS_INODES_PER_BLOCK, f->table);
}
