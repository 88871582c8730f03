// SPDX-License-Identifier: MIT
//
// tsfs: an empty file system is written onto a disk.
//
//   tsfs_layout(options, &superblock)     where what will lie
//   tsfs_make(device, options)            writes it
//
// The superblock comes last: a disk on which this was interrupted is no file system. The
// rest of the inode table is not written: nobody will read it.
// Chapter 18.
#include "tsfs_make.h"

#include "block.h"
#include "crc32c.h"
#include "error.h"
#include "heap.h"
#include "string.h"

enum {
    INODE_BYTES = 8192,      // of the disk for one inode, when nobody says anything else
    INODES_MAX = 1 << 22,    // then
    // Blocks of the journal, when nobody says anything else: a thirty-second of the disk,
    // but enough for some transactions, if that is not more than an eighth.
    JOURNAL_SHARE = 32,
    JOURNAL_SHARE_MAX = 8,
    JOURNAL_BLOCKS_GOOD = 256,
    JOURNAL_BLOCKS_MAX = 4096, // 16 MiB
};

// What is written, and where to.
struct making {
    struct block_device *device;
    const struct tsfs_superblock *superblock;
    uint32_t seed;
    void *buffer; // one block
};

static uint32_t divide_up(uint32_t a, uint32_t b)
{
    return a / b + (a % b > 0);
}

static uint32_t choose_inodes(const struct tsfs_make_options *options)
{
    uint64_t wanted = options->inodes;
    if (!wanted)
        wanted = options->blocks * TSFS_BLOCK_SIZE / INODE_BYTES;
    if (!options->inodes && wanted > INODES_MAX)
        wanted = INODES_MAX;
    // Whole blocks of the table; numbers stay below 2^31.
    uint64_t tables = wanted / TSFS_INODES_PER_BLOCK + (wanted % TSFS_INODES_PER_BLOCK > 0);
    if (tables > (1u << 31) / TSFS_INODES_PER_BLOCK)
        return 0;
    return (uint32_t)tables * TSFS_INODES_PER_BLOCK;
}

static uint32_t choose_journal(const struct tsfs_make_options *options)
{
    uint64_t wanted = options->journal_blocks;
    if (!wanted) {
        wanted = options->blocks / JOURNAL_SHARE;
        if (wanted < JOURNAL_BLOCKS_GOOD)
            wanted = JOURNAL_BLOCKS_GOOD;
        if (wanted > options->blocks / JOURNAL_SHARE_MAX)
            wanted = options->blocks / JOURNAL_SHARE_MAX;
    }
    if (wanted < TSFS_JOURNAL_MIN)
        return TSFS_JOURNAL_MIN;
    return wanted > JOURNAL_BLOCKS_MAX ? JOURNAL_BLOCKS_MAX : (uint32_t)wanted;
}

int tsfs_layout(const struct tsfs_make_options *options, struct tsfs_superblock *superblock)
{
    if (options->blocks < TSFS_BLOCKS_MIN || options->blocks > UINT32_MAX)
        return -EINVAL;
    struct tsfs_superblock *s = superblock;
    *s = (struct tsfs_superblock){
        .header.magic = TSFS_MAGIC_SUPERBLOCK,
        .version = TSFS_VERSION,
        .block_size = TSFS_BLOCK_SIZE,
        .blocks = (uint32_t)options->blocks,
        .inodes = choose_inodes(options),
        .made_ns = options->now_ns,
    };
    memcpy(s->id, options->id, sizeof(s->id));
    strlcpy(s->label, options->label, sizeof(s->label));

    s->journal = 1;
    s->journal_blocks = choose_journal(options);
    s->state = s->journal + s->journal_blocks;
    s->block_bitmap = s->state + 1;
    s->block_bitmap_blocks = divide_up(s->blocks, TSFS_BITS_PER_BLOCK);
    s->inode_bitmap = s->block_bitmap + s->block_bitmap_blocks;
    s->inode_bitmap_blocks = divide_up(s->inodes, TSFS_BITS_PER_BLOCK);
    s->inode_table = s->inode_bitmap + s->inode_bitmap_blocks;
    s->inode_table_blocks = s->inodes / TSFS_INODES_PER_BLOCK;
    uint64_t data = (uint64_t)s->inode_table + s->inode_table_blocks;
    if (s->inodes == 0 || data + TSFS_BLOCKS_MIN / 4 > s->blocks)
        return -EINVAL;
    s->data = (uint32_t)data;
    return 0;
}

static int write_block(struct making *making, uint32_t number)
{
    struct tsfs_header *header = making->buffer;
    header->block = number;
    tsfs_seal(making->seed, making->buffer, TSFS_BLOCK_SIZE);
    return block_write(making->device, (uint64_t)number * (TSFS_BLOCK_SIZE / SECTOR_SIZE),
                       making->buffer, TSFS_BLOCK_SIZE);
}

// A block's first sector, and zeros behind it.
static int write_sector(struct making *making, uint32_t number, uint32_t seed)
{
    struct tsfs_header *header = making->buffer;
    header->block = number;
    tsfs_seal(seed, making->buffer, TSFS_SUPERBLOCK_SIZE);
    return block_write(making->device, (uint64_t)number * (TSFS_BLOCK_SIZE / SECTOR_SIZE),
                       making->buffer, TSFS_BLOCK_SIZE);
}

// Sets the bits [from, to) as far as this block holds them; `first` is its first bit.
static void set_bits(struct tsfs_bitmap *bitmap, uint64_t first, uint64_t from, uint64_t to)
{
    for (uint64_t i = from > first ? from : first; i < to; i++) {
        if (i >= first + TSFS_BITS_PER_BLOCK)
            break;
        bitmap->words[(i - first) / 64] |= UINT64_C(1) << (i - first) % 64;
    }
}

struct bitmap_area {
    uint32_t magic, start, blocks;
    uint64_t used_first; // bits [0, used_first) are set,
    uint64_t used_last;  // and from here on
};

static int write_bitmap(struct making *making, const struct bitmap_area *area)
{
    int error = 0;
    for (uint32_t i = 0; i < area->blocks && !error; i++) {
        struct tsfs_bitmap *bitmap = memset(making->buffer, 0, TSFS_BLOCK_SIZE);
        uint64_t first = (uint64_t)i * TSFS_BITS_PER_BLOCK;
        bitmap->header.magic = area->magic;
        set_bits(bitmap, first, 0, area->used_first);
        set_bits(bitmap, first, area->used_last, first + TSFS_BITS_PER_BLOCK);
        error = write_block(making, area->start + i);
    }
    return error;
}

static int write_bitmaps(struct making *making)
{
    const struct tsfs_superblock *s = making->superblock;
    const struct bitmap_area blocks = {
        .magic = TSFS_MAGIC_BLOCK_BITMAP,
        .start = s->block_bitmap,
        .blocks = s->block_bitmap_blocks,
        .used_first = s->data,
        .used_last = s->blocks - 1, // the superblock's copy
    };
    const struct bitmap_area inodes = {
        .magic = TSFS_MAGIC_INODE_BITMAP,
        .start = s->inode_bitmap,
        .blocks = s->inode_bitmap_blocks,
        .used_first = TSFS_ROOT_INODE + 1,
        .used_last = s->inodes,
    };
    int error = write_bitmap(making, &blocks);
    return error ? error : write_bitmap(making, &inodes);
}

static int write_state(struct making *making)
{
    const struct tsfs_superblock *s = making->superblock;
    struct tsfs_state *state = memset(making->buffer, 0, TSFS_BLOCK_SIZE);
    state->header.magic = TSFS_MAGIC_STATE;
    state->free_blocks = s->blocks - 1 - s->data;
    state->free_inodes = s->inodes - TSFS_ROOT_INODE - 1;
    state->tables = 1;
    return write_block(making, s->state);
}

// The first block of the table, with the root directory: empty, and its own parent.
static int write_root(struct making *making)
{
    struct tsfs_inodes *inodes = memset(making->buffer, 0, TSFS_BLOCK_SIZE);
    inodes->header.magic = TSFS_MAGIC_INODES;
    uint64_t now = making->superblock->made_ns;
    inodes->inodes[TSFS_ROOT_INODE] = (struct tsfs_inode_data){
        .type = TSFS_DIRECTORY,
        .links = 2,
        .parent = TSFS_ROOT_INODE,
        .accessed_ns = now,
        .modified_ns = now,
        .changed_ns = now,
    };
    return write_block(making, making->superblock->inode_table);
}

// Empty all over: where the id is not really random, the transactions of an older file
// system would pass for later ones of this.
static int write_journal(struct making *making)
{
    const struct tsfs_superblock *s = making->superblock;
    const uint64_t sectors = TSFS_BLOCK_SIZE / SECTOR_SIZE;
    struct tsfs_journal_head *head = memset(making->buffer, 0, TSFS_BLOCK_SIZE);
    int error = block_write_zeroes(making->device, s->journal * sectors,
                                   s->journal_blocks * sectors);
    if (error)
        return error;
    head->header.magic = TSFS_MAGIC_JOURNAL;
    head->sequence = 1;
    return write_sector(making, s->journal, making->seed);
}

static int write_superblock(struct making *making, uint32_t number)
{
    memset(making->buffer, 0, TSFS_BLOCK_SIZE);
    memcpy(making->buffer, making->superblock, sizeof(*making->superblock));
    return write_sector(making, number, 0);
}

static int write_all(struct making *making)
{
    struct block_device *device = making->device;
    // What was there before ends first.
    memset(making->buffer, 0, TSFS_BLOCK_SIZE);
    int error = block_write(device, 0, making->buffer, TSFS_BLOCK_SIZE);
    error = error ? error : block_flush(device);
    error = error ? error : write_bitmaps(making);
    error = error ? error : write_state(making);
    error = error ? error : write_root(making);
    error = error ? error : write_journal(making);
    error = error ? error : write_superblock(making, making->superblock->blocks - 1);
    error = error ? error : block_flush(device);
    error = error ? error : write_superblock(making, 0);
    return error ? error : block_flush(device);
}

int tsfs_make(struct block_device *device, const struct tsfs_make_options *options)
{
    struct tsfs_superblock superblock;
    struct tsfs_make_options chosen = *options;
    uint64_t most = device->sectors / (TSFS_BLOCK_SIZE / SECTOR_SIZE);
    if (!chosen.blocks)
        chosen.blocks = most < UINT32_MAX ? most : UINT32_MAX;
    if (chosen.blocks > most)
        return -EINVAL;
    int error = tsfs_layout(&chosen, &superblock);
    if (error)
        return error;

    struct making making = {
        .device = device,
        .superblock = &superblock,
        .seed = crc32c(0, superblock.id, sizeof(superblock.id)),
        .buffer = heap_alloc(TSFS_BLOCK_SIZE),
    };
    if (!making.buffer)
        return -ENOMEM;
    error = write_all(&making);
    heap_free(making.buffer);
    return error;
}
