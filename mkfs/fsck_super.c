// SPDX-License-Identifier: MIT
//
// fsck: the superblock, in the first block, and its copy in the last.
#include "crc32c.h"
#include "error.h"
#include "fsck_parts.h"
#include "string.h"

// What is wrong with it as a block; NULL: nothing.
static const char *seal_fault(const struct tsfs_superblock *s, uint64_t number)
{
    if (s->header.magic != TSFS_MAGIC_SUPERBLOCK)
        return "it is something else";
    if (s->header.checksum != tsfs_checksum(0, s, sizeof(*s)))
        return "its checksum is wrong";
    return s->header.block == number ? NULL : "it belongs to another place";
}

// Everything in it follows from three numbers.
static const char *layout_fault(const struct tsfs_superblock *s)
{
    struct tsfs_superblock right;
    const struct tsfs_make_options options = {
        .blocks = s->blocks, .inodes = s->inodes, .journal_blocks = s->journal_blocks};
    if (s->block_size != TSFS_BLOCK_SIZE)
        return "its block size is not 4096";
    if (tsfs_layout(&options, &right) < 0 || right.inodes != s->inodes ||
        right.journal_blocks != s->journal_blocks)
        return "its numbers of blocks and inodes make no sense";
    bool same = right.journal == s->journal && right.state == s->state &&
                right.block_bitmap == s->block_bitmap &&
                right.block_bitmap_blocks == s->block_bitmap_blocks &&
                right.inode_bitmap == s->inode_bitmap &&
                right.inode_bitmap_blocks == s->inode_bitmap_blocks &&
                right.inode_table == s->inode_table &&
                right.inode_table_blocks == s->inode_table_blocks && right.data == s->data;
    return same ? NULL : "its areas are not where they should be";
}

static const char *read_superblock(struct fsck *f, uint64_t number, struct tsfs_superblock *s)
{
    if (number > UINT32_MAX || fsck_read(f, (uint32_t)number, f->block) < 0)
        return "it cannot be read";
    memcpy(s, f->block, sizeof(*s));
    const char *fault = seal_fault(s, number);
    return fault ? fault : layout_fault(s);
}

static void write_superblock(struct fsck *f, uint32_t number)
{
    struct tsfs_superblock *s = &f->fs.super;
    s->header.block = number;
    tsfs_seal(0, s, sizeof(*s));
    if (block_write(f->fs.device, (uint64_t)number * CACHE_BLOCK_SECTORS, s, sizeof(*s)) < 0)
        f->result.io_errors++;
}

// Versions and features that we do not know are left alone.
static int check_version(struct fsck *f)
{
    const struct tsfs_superblock *s = &f->fs.super;
    if (s->version == TSFS_VERSION && !(s->incompatible & ~TSFS_INCOMPATIBLE) &&
        !(s->read_only_compatible & ~TSFS_READ_ONLY_COMPATIBLE))
        return 0;
    fsck_tell(f, "it was made by a later tsumiki: version %u, features %#x and %#x; this is "
                 "version %d. Use that one's fsck.tsfs.",
              s->version, s->incompatible, s->read_only_compatible, TSFS_VERSION);
    return -EINVAL;
}

static int check_size(struct fsck *f, uint64_t disk_blocks)
{
    if (f->fs.super.blocks <= disk_blocks)
        return 0;
    fsck_tell(f, "the superblock says %u blocks, the disk has %llu: it was cut, or not copied "
                 "to its end", f->fs.super.blocks, (unsigned long long)disk_blocks);
    return -EINVAL;
}

static void check_copy(struct fsck *f)
{
    struct tsfs_superblock copy;
    uint32_t number = f->fs.super.blocks - 1;
    const char *fault = read_superblock(f, number, &copy);
    // But for block and checksum both are the same.
    copy.header = f->fs.super.header;
    if (!fault && memcmp(&copy, &f->fs.super, sizeof(copy)) != 0)
        fault = "it is another file system's";
    if (fault && fsck_find(f, "written anew", "block %u, the superblock's copy: %s", number,
                           fault))
        write_superblock(f, number);
}

int fsck_super(struct fsck *f)
{
    uint64_t disk_blocks = f->fs.device->sectors / CACHE_BLOCK_SECTORS;
    if (disk_blocks < TSFS_BLOCKS_MIN) {
        fsck_tell(f, "the disk is too small for a tsfs");
        return -EINVAL;
    }
    const char *fault = read_superblock(f, 0, &f->fs.super);
    bool from_copy = fault != NULL;
    if (fault && read_superblock(f, disk_blocks - 1, &f->fs.super)) {
        fsck_tell(f, "block 0, the superblock: %s; and there is no copy in the last block. "
                     "This is no tsfs, or too little of one.", fault);
        return -EINVAL;
    }
    int error = check_version(f);
    error = error ? error : check_size(f, disk_blocks);
    if (error)
        return error;
    if (from_copy && fsck_find(f, "written anew from its copy", "block 0, the superblock: %s",
                               fault))
        write_superblock(f, 0);
    if (!from_copy)
        check_copy(f);
    f->fs.seed = crc32c(0, f->fs.super.id, sizeof(f->fs.super.id));
    memcpy(&f->fs.hash_seed, f->fs.super.id, sizeof(f->fs.hash_seed));
    return 0;
}
