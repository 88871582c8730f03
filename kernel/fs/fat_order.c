// SPDX-License-Identifier: MIT
//
// What reaches the disk before what, so that a power cut does little harm.
//
// FAT has no journal. But it never lies as long as what points is written after what it
// points to, and a thing is given away after nobody points to it any more:
//
//   1. contents, the FAT's chains, new directories     nobody points to them yet
//   2. entries of directories: new ones, sizes, removed ones
//   3. chains that have become free
//
// The cache writes in whatever order it likes, so blocks of directories are held back when
// they are changed (fat_hold()), and chains are freed later (fat_free_later()). fat_commit()
// does the three steps, with a flush between: when somebody syncs, and when much is held.
// Between two of these, a disk whose power goes has clusters that belong to no file, which
// fsck gives back, and chains that lead on behind the end of their file, which are cut when
// it is used next (fat_cut_tail()); nothing worse. Two things have to be done in several
// steps, with a commit between: a renamed file may be there under both names, and a long
// name that is torn leaves the short one.
//
// Before the first change a volume is marked as being used, and when all is written that
// mark goes: others look at it and check the volume.
// Chapter 19.
#include "endian.h"
#include "error.h"
#include "fs/fat_parts.h"

enum {
    OPERATION_HOLDS = 16, // blocks that one operation changes, at the very most
    BOOT_STATE_12_16 = 37, BOOT_STATE_32 = 65, // offsets in the boot sector
    BOOT_STATE_DIRTY = 1,
    INFO_FREE_COUNT = 488, INFO_NEXT_FREE = 492, // offsets in the FSInfo sector
};

// ---- The mark --------------------------------------------------------------------------

// In the boot sector, where Linux and Windows NT have it, and in the FAT's second number, where
// the specification has it. (It is no cluster's, so it is changed as bits.)
static int write_mark(struct fat *fat, bool dirty)
{
    struct cache_block *block;
    int error = cache_get(fat->device, 0, &block);
    if (error)
        return error;
    uint8_t *state = block->data + (fat->bits == 32 ? BOOT_STATE_32 : BOOT_STATE_12_16);
    *state = dirty ? *state | BOOT_STATE_DIRTY : *state & ~BOOT_STATE_DIRTY;
    cache_mark_dirty(block);
    cache_put(block);
    if (fat->bits == 12)
        return 0;
    uint32_t clean = fat->bits == 32 ? 0x08000000 : 0x8000, all = clean * 2 - 1;
    return fat_set(fat, 1, dirty ? all & ~clean : all);
}

int fat_begin(struct fat *fat)
{
    int error = 0;
    if (!fat->has_changes)
        fat_write_later(fat);
    if (fat->held_count + OPERATION_HOLDS > FAT_HELD_MAX)
        error = fat_commit(fat);
    if (error || fat->is_dirty)
        return error;
    error = write_mark(fat, true);
    if (!error)
        error = fat_settle(fat);
    fat->is_dirty = !error;
    return error;
}

// ---- Steps -----------------------------------------------------------------------------

// The caller has changed the block of a directory, and keeps its own reference.
void fat_hold(struct fat *fat, struct cache_block *block)
{
    cache_mark_dirty(block);
    if (block->holds > 0)
        return;
    cache_hold(block);
    fat->held[fat->held_count++] = block;
}

void fat_release_holds(struct fat *fat)
{
    while (fat->held_count > 0)
        cache_release_hold(fat->held[--fat->held_count]);
}

// Those of blocks that begin before an offset. Returns whether there were any.
static bool release_before(struct fat *fat, uint64_t offset)
{
    unsigned kept = 0, count = fat->held_count;
    for (unsigned i = 0; i < count; i++) {
        if (fat->held[i]->number * CACHE_BLOCK_SIZE < offset)
            cache_release_hold(fat->held[i]);
        else
            fat->held[kept++] = fat->held[i];
    }
    fat->held_count = kept;
    return kept < count;
}

int fat_free_later(struct fat *fat, uint32_t first)
{
    int error = 0;
    if (first == 0)
        return 0;
    if (fat->freed_count == FAT_FREED_MAX)
        error = fat_commit(fat);
    if (!error)
        fat->freed[fat->freed_count++] = first;
    return error;
}

int fat_settle(struct fat *fat)
{
    int error = cache_write_back(fat->device);
    return error ? error : block_flush(fat->device);
}

int fat_settle_at(struct fat *fat, uint64_t offset, uint64_t size)
{
    for (unsigned i = 0; i < fat->held_count; i++) {
        uint64_t start = fat->held[i]->number * CACHE_BLOCK_SIZE;
        if (start < offset + size && offset < start + CACHE_BLOCK_SIZE)
            return fat_commit(fat);
    }
    return fat_settle(fat);
}

// A block of the cache may have the FAT's end in it and the root's beginning: of what is
// held it goes first, since the other directories need that end.
int fat_commit(struct fat *fat)
{
    uint64_t end = fat->table + fat->tables * fat->table_size;
    int error = fat_settle(fat); // 1
    if (!error && release_before(fat, end))
        error = fat_settle(fat);
    if (!error && fat->held_count > 0) {
        fat_release_holds(fat);
        error = fat_settle(fat); // 2
    }
    if (error) {
        vfs_make_read_only(fat->mount, "the disk does not take what is written");
        return error;
    }
    int first_error = 0;
    while (fat->freed_count > 0) { // 3
        error = fat_free_chain(fat, fat->freed[--fat->freed_count]);
        if (!first_error)
            first_error = error;
    }
    return first_error;
}

// ---- All of it -------------------------------------------------------------------------

// What FAT32 remembers, so that nobody has to count.
static int write_info(struct fat *fat)
{
    struct cache_block *block;
    if (fat->info == 0 || !fat->is_counted)
        return 0;
    int error = cache_get(fat->device, fat->info / CACHE_BLOCK_SIZE, &block);
    if (error)
        return error;
    uint8_t *info = block->data + fat->info % CACHE_BLOCK_SIZE;
    le32_write(info + INFO_FREE_COUNT, fat->free_count);
    le32_write(info + INFO_NEXT_FREE,
               fat_is_cluster(fat, fat->next_free) ? fat->next_free : FAT_FIRST_CLUSTER);
    cache_mark_dirty(block);
    cache_put(block);
    return 0;
}

int fat_sync(struct mount *mount)
{
    struct fat *fat = mount->data;
    if (!fat->has_changes)
        return mount->read_only ? 0 : cache_sync(fat->device);
    int error = fat_commit(fat);
    if (!error)
        error = write_info(fat);
    if (!error && !fat->was_dirty && !mount->read_only) {
        error = fat_settle(fat); // step 3 as well, before it is called complete
        if (!error)
            error = write_mark(fat, false);
    }
    if (!error)
        error = cache_sync(fat->device);
    if (error)
        return error;
    fat->is_dirty = fat->was_dirty || mount->read_only;
    fat->has_changes = false;
    return 0;
}
