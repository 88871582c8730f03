// SPDX-License-Identifier: MIT
//
// tsfs: what is on the disk, and whether we can live with it.
//
//   tsfs_open(mount, &fs)     the superblock; then the journal is looked at
//   tsfs_open_state(fs)       the state block: then inodes can be read
//   tsfs_close(fs)
//
// The superblock is believed when its checksum is right, but not blindly: a program may
// have written it. Every area has to lie where the ones before it end.
// Chapter 17.
#include "crc32c.h"
#include "error.h"
#include "heap.h"
#include "print.h"
#include "string.h"
#include "tsfs.h"
#include "tsfs_make.h"

// What is wrong with the areas; NULL: nothing.
static const char *layout_fault(const struct tsfs_superblock *s)
{
    uint64_t bitmap_bits = (uint64_t)s->block_bitmap_blocks * TSFS_BITS_PER_BLOCK;
    uint64_t inode_bits = (uint64_t)s->inode_bitmap_blocks * TSFS_BITS_PER_BLOCK;
    uint64_t table = (uint64_t)s->inode_table_blocks * TSFS_INODES_PER_BLOCK;
    if (s->blocks < TSFS_BLOCKS_MIN || s->inodes < TSFS_INODES_PER_BLOCK || s->inodes >> 31)
        return "its numbers of blocks and inodes make no sense";
    if (s->journal != 1 || s->journal_blocks < TSFS_JOURNAL_MIN ||
        s->state != (uint64_t)s->journal + s->journal_blocks)
        return "its journal is out of place";
    if (s->block_bitmap != s->state + 1 || bitmap_bits < s->blocks ||
        s->inode_bitmap != (uint64_t)s->block_bitmap + s->block_bitmap_blocks ||
        inode_bits < s->inodes)
        return "its bitmaps are out of place";
    if (s->inode_table != (uint64_t)s->inode_bitmap + s->inode_bitmap_blocks ||
        table != s->inodes || s->data != (uint64_t)s->inode_table + s->inode_table_blocks ||
        s->data >= s->blocks - 1)
        return "its inode table is out of place";
    return NULL;
}

// The lowest bit that is set in `bits` and not in `known`; -1: none.
static int unknown_feature(uint32_t bits, uint32_t known)
{
    for (int bit = 0; bit < 32; bit++) {
        if ((bits & ~known) >> bit & 1)
            return bit;
    }
    return -1;
}

// May set read_only.
static int check_features(struct tsfs *fs)
{
    const struct tsfs_superblock *s = &fs->super;
    const char *name = fs->device->name;
    if (s->version != TSFS_VERSION) {
        log_error("tsfs: %s: it has version %u of the format, we know version %d: mount it "
                  "with the system that made it", name, s->version, TSFS_VERSION);
        return -EINVAL;
    }
    int bit = unknown_feature(s->incompatible, TSFS_INCOMPATIBLE);
    if (bit >= 0) {
        log_error("tsfs: %s: feature bit %d of `incompatible` is not known here: mount it "
                  "with the system that made it", name, bit);
        return -EINVAL;
    }
    bit = unknown_feature(s->read_only_compatible, TSFS_READ_ONLY_COMPATIBLE);
    if (bit >= 0 && !fs->mount->read_only) {
        log_warning("tsfs: %s: feature bit %d of `read_only_compatible` is not known here: "
                    "mounted read-only", name, bit);
        fs->mount->read_only = true;
    }
    return 0;
}

// Whether this is a superblock at all, and says of itself what it should.
static bool is_superblock(const struct tsfs_superblock *s, uint64_t number)
{
    return s->header.magic == TSFS_MAGIC_SUPERBLOCK && s->header.block == number &&
           s->header.checksum == tsfs_checksum(0, s, sizeof(*s));
}

static int read_copy(struct tsfs *fs, uint64_t number)
{
    struct cache_block *block;
    int error = cache_get(fs->device, number, &block);
    if (error)
        return error;
    memcpy(&fs->super, block->data, sizeof(fs->super));
    cache_put(block);
    return is_superblock(&fs->super, number) ? 0 : -EINVAL;
}

// The superblock, or its copy. A disk that does not even begin like one is not ours, and
// nothing is said of it.
static int read_superblock(struct tsfs *fs)
{
    int error = read_copy(fs, 0);
    if (!error)
        return 0;
    if (error != -EINVAL || fs->super.header.magic != TSFS_MAGIC_SUPERBLOCK)
        return error;
    uint64_t blocks = fs->device->sectors / CACHE_BLOCK_SECTORS;
    log_error("tsfs: %s: the superblock is damaged: its checksum is wrong", fs->device->name);
    error = read_copy(fs, blocks - 1);
    if (error) {
        log_error("tsfs: %s: so is its copy in the last block, %llu: run fsck.tsfs",
                  fs->device->name, (unsigned long long)blocks - 1);
        return error;
    }
    log_warning("tsfs: %s: mounted read-only with its copy; fsck.tsfs -y repairs it",
                fs->device->name);
    fs->mount->read_only = true;
    return 0;
}

static int check_superblock(struct tsfs *fs)
{
    const struct tsfs_superblock *s = &fs->super;
    const char *name = fs->device->name;
    int error = check_features(fs);
    if (error)
        return error;
    const char *fault = layout_fault(s);
    if (s->block_size != TSFS_BLOCK_SIZE)
        fault = "its block size is not 4096";
    if (fault) {
        log_error("tsfs: %s: the superblock makes no sense: %s", name, fault);
        return -EINVAL;
    }
    if (s->blocks > fs->device->sectors / CACHE_BLOCK_SECTORS) {
        log_error("tsfs: %s: the superblock says %u blocks, the disk has %llu: it was cut, or "
                  "not copied to its end", name, s->blocks,
                  (unsigned long long)fs->device->sectors / CACHE_BLOCK_SECTORS);
        return -EINVAL;
    }
    return 0;
}

int tsfs_open(struct mount *mount, struct tsfs **result)
{
    struct tsfs *fs = heap_alloc(sizeof(*fs));
    if (!fs)
        return -ENOMEM;
    fs->mount = mount;
    fs->device = mount->device;
    if (fs->device->read_only)
        mount->read_only = true;
    int error = read_superblock(fs);
    if (!error)
        error = check_superblock(fs);
    if (error) {
        tsfs_give_up(fs);
        return error;
    }
    fs->seed = crc32c(0, fs->super.id, sizeof(fs->super.id));
    memcpy(&fs->hash_seed, fs->super.id, sizeof(fs->hash_seed));
    mount->data = fs;
    mount->root_number = TSFS_ROOT_INODE;
    *result = fs;
    return 0;
}

int tsfs_open_state(struct tsfs *fs)
{
    struct tsfs_kind kind = {TSFS_MAGIC_STATE, 0};
    int error = tsfs_get(fs, fs->super.state, kind, &fs->state_block);
    if (!error)
        fs->state = (void *)fs->state_block->data;
    return error;
}

void tsfs_close(struct tsfs *fs)
{
    if (fs->state)
        cache_put(fs->state_block);
    heap_free(fs);
}

// Blocks that were checked must not be taken for checked when the disk is mounted again:
// somebody may have repaired it.
void tsfs_give_up(struct tsfs *fs)
{
    struct block_device *device = fs->device;
    tsfs_close(fs);
    cache_drop(device);
}

// Reads its first two blocks past the cache: nobody else will want them.
int tsfs_journal_look(struct tsfs *fs, bool *used)
{
    uint8_t *blocks = heap_alloc(2 * TSFS_BLOCK_SIZE);
    if (!blocks)
        return -ENOMEM;
    uint64_t sector = (uint64_t)fs->super.journal * CACHE_BLOCK_SECTORS;
    int error = block_read(fs->device, sector, blocks, 2 * TSFS_BLOCK_SIZE);
    const struct tsfs_journal_head *head = (void *)blocks;
    const struct tsfs_transaction *first = (void *)(blocks + TSFS_BLOCK_SIZE);
    if (!error && (head->header.magic != TSFS_MAGIC_JOURNAL ||
                   head->header.checksum != tsfs_checksum(fs->seed, head, sizeof(*head))))
        error = tsfs_damaged(fs, "block %u, journal head: its checksum is wrong",
                             fs->super.journal);
    if (!error) {
        fs->sequence = head->sequence;
        *used = first->header.magic == TSFS_MAGIC_TRANSACTION &&
                first->sequence == head->sequence &&
                first->header.checksum == tsfs_checksum(fs->seed, first, TSFS_BLOCK_SIZE);
    }
    heap_free(blocks);
    return error;
}

int tsfs_statistics(struct mount *mount, struct os_fs_info *info)
{
    struct tsfs *fs = tsfs_of(mount);
    const struct tsfs_superblock *s = &fs->super;
    info->block_size = TSFS_BLOCK_SIZE;
    info->blocks = s->blocks - 1 - s->data;
    info->blocks_free = fs->state->free_blocks;
    info->files = s->inodes - 1;
    info->files_free = fs->state->free_inodes;
    info->name_max = TSFS_NAME_MAX;
    return 0;
}
