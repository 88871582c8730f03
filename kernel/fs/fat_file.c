// SPDX-License-Identifier: MIT
//
// FAT's files: bytes in a chain of clusters.
//
// The chain is walked from its beginning, so the piece found last is kept: where it begins
// in the file and on the disk, and how many clusters lie there side by side. Reading on from
// there costs no step back, and what lies side by side is read at once.
//
// There are no holes: what is skipped is filled with zeros. Contents and the FAT are changed
// first, the entry in the directory last (fat_order.c). Chapter 19.
#include "error.h"
#include "fs/fat_inode.h"
#include "page.h"
#include "smaller.h"

#define SIZE_LIMIT UINT32_MAX // an entry has 32 bits for it

static uint32_t clusters_for(const struct fat *fat, uint64_t size)
{
    uint64_t round = (1u << fat->cluster_shift) - 1;
    return (uint32_t)((size + round) >> fat->cluster_shift);
}

// ---- Where bytes lie -------------------------------------------------------------------

// Makes the piece longer, up to the index `end`, as far as clusters lie side by side. *next:
// what comes after the last one, when it stopped before.
static int extend_run(struct fat_inode *file, uint32_t end, uint32_t *next)
{
    while (file->run_index + file->run_count < end) {
        uint32_t last = file->run_first + file->run_count - 1;
        int error = fat_next(file->fat, last, next);
        if (error || *next != last + 1)
            return error;
        file->run_count++;
    }
    return 0;
}

// Walks until the piece with that index is found.
static int find_run(struct fat_inode *file, uint32_t index)
{
    if (file->run_count == 0 || index < file->run_index) {
        if (file->first == 0)
            return fat_corrupt(file->fat, "a file of %llu bytes has no cluster",
                               (unsigned long long)file->inode.size);
        file->run_index = 0;
        file->run_first = file->first;
        file->run_count = 1;
    }
    for (;;) {
        uint32_t next = FAT_END;
        int error = extend_run(file, index + 1, &next);
        if (error || index < file->run_index + file->run_count)
            return error;
        if (next == FAT_END)
            return fat_corrupt(file->fat, "the chain of cluster %u ends before its file does",
                               file->first);
        file->run_index += file->run_count;
        file->run_first = next;
        file->run_count = 1;
    }
}

int fat_cluster_at(struct fat_inode *file, uint32_t index, uint32_t *cluster)
{
    int error = find_run(file, index);
    if (!error)
        *cluster = file->run_first + (index - file->run_index);
    return error;
}

int fat_map(struct fat_inode *file, uint64_t position, uint64_t wanted, uint64_t *offset,
            uint64_t *length)
{
    struct fat *fat = file->fat;
    uint32_t next;
    if (file->first == 0 && file->inode.type == OS_TYPE_DIRECTORY) { // FAT12's, FAT16's root
        *offset = fat->root + position;
        *length = smaller(wanted, fat->root_size - position);
        return 0;
    }
    int error = find_run(file, (uint32_t)(position >> fat->cluster_shift));
    if (!error)
        error = extend_run(file, clusters_for(fat, position + wanted), &next);
    if (error)
        return error;
    uint64_t start = (uint64_t)file->run_index << fat->cluster_shift;
    uint64_t end = start + ((uint64_t)file->run_count << fat->cluster_shift);
    *offset = fat_cluster_offset(fat, file->run_first) + (position - start);
    *length = smaller(wanted, end - position);
    return 0;
}

// ---- Reading ---------------------------------------------------------------------------

int fat_read(struct inode *inode, uint64_t offset, void *buffer, size_t size)
{
    enum { AHEAD = 512 << 10 }; // bytes: how far the chain is followed for reading ahead
    struct fat_inode *file = fat_inode_of(inode);
    size_t done = 0;
    if (offset >= inode->size)
        return 0;
    size = smaller(size, inode->size - offset);
    while (done < size) {
        uint64_t place, length, rest = inode->size - offset - done;
        int error = fat_map(file, offset + done, smaller(rest, size - done + AHEAD), &place,
                            &length);
        size_t piece = smaller(length, size - done);
        if (!error)
            error = cache_read_sequential(file->fat->device, place, (char *)buffer + done,
                                          piece, length);
        if (error)
            return done > 0 ? (int)done : error;
        done += piece;
    }
    return (int)done;
}

// ---- Clusters come and go --------------------------------------------------------------

// Makes the chain as long as `size` bytes need. -ENOSPC: it is as long as it could be made.
static int lengthen(struct fat_inode *file, uint64_t size)
{
    struct fat *fat = file->fat;
    uint32_t wanted = clusters_for(fat, size), have = clusters_for(fat, file->inode.size);
    uint32_t last = 0, next;
    int error = 0;
    if (wanted > 0 && file->first == 0)
        error = fat_alloc(fat, 0, &file->first);
    if (have == 0)
        have = 1;
    if (!error && wanted > have)
        error = fat_cluster_at(file, have - 1, &last);
    for (; have < wanted && !error; have++, last = next) {
        error = fat_next(fat, last, &next); // it may be longer than the file already
        if (error || next != FAT_END)
            continue;
        error = fat_alloc(fat, last, &next);
        if (!error)
            error = fat_set(fat, last, next);
    }
    return error;
}

// How many bytes the chain has room for: those of the file, and what lengthen() has added.
static int find_room(struct fat_inode *file, uint64_t wanted, uint64_t *room)
{
    struct fat *fat = file->fat;
    uint32_t cluster, have = clusters_for(fat, file->inode.size);
    *room = (uint64_t)have << fat->cluster_shift;
    if (file->first == 0)
        return 0;
    cluster = file->first;
    if (have == 0)
        *room = 1u << fat->cluster_shift;
    else if (fat_cluster_at(file, have - 1, &cluster))
        return -EIO;
    while (*room < wanted) {
        int error = fat_next(fat, cluster, &cluster);
        if (error || cluster == FAT_END)
            return error;
        *room += 1u << fat->cluster_shift;
    }
    return 0;
}

// Cuts the chain to what the size needs. Nobody on the disk may count on the rest any more.
// It is given away when the end is on the disk: until then the chain may still lead there.
static int shorten(struct fat_inode *file)
{
    struct fat *fat = file->fat;
    uint32_t keep = clusters_for(fat, file->inode.size), last, next = file->first;
    int error = 0;
    if (file->first == 0)
        return 0;
    if (keep == 0) {
        file->first = 0;
    } else {
        error = fat_cluster_at(file, keep - 1, &last);
        if (!error)
            error = fat_next(fat, last, &next);
        if (!error && next != FAT_END)
            error = fat_set(fat, last, FAT_END);
    }
    file->run_count = 0;
    if (error || next == FAT_END)
        return error;
    return fat_free_later(fat, next);
}

// After a power cut a chain may lead on behind the end of its file, to clusters that are free
// for others, or theirs by now. What belongs to nobody is left to fsck.
int fat_cut_tail(struct fat_inode *file)
{
    struct fat *fat = file->fat;
    uint32_t keep = clusters_for(fat, file->inode.size), last, next;
    if (keep == 0)
        return 0;
    int error = fat_cluster_at(file, keep - 1, &last);
    if (!error)
        error = fat_get(fat, last, &next);
    if (error || next == FAT_END)
        return error;
    error = fat_begin(fat);
    return error ? error : fat_set(fat, last, FAT_END);
}

// ---- Writing ---------------------------------------------------------------------------

int fat_write_zeros(struct fat *fat, uint64_t offset, uint64_t size)
{
    void *zeros = page_alloc(1);
    int error = zeros ? 0 : -ENOMEM;
    while (size > 0 && !error) {
        size_t piece = smaller(size, PAGE_SIZE - offset % PAGE_SIZE);
        error = cache_write(fat->device, offset, zeros, piece);
        offset += piece;
        size -= piece;
    }
    if (zeros)
        page_free(zeros, 1);
    return error;
}

// From the caller's bytes, or zeros (NULL). There are clusters for all of it.
static int write_range(struct fat_inode *file, uint64_t position, const char *bytes,
                       uint64_t size)
{
    while (size > 0) {
        uint64_t place, piece;
        int error = fat_map(file, position, size, &place, &piece);
        if (!error)
            error = bytes ? cache_write(file->fat->device, place, bytes, piece)
                          : fat_write_zeros(file->fat, place, piece);
        if (error)
            return error;
        if (bytes)
            bytes += piece;
        position += piece;
        size -= piece;
    }
    return 0;
}

// Makes the file longer, with zeros. All of it, or nothing.
static int extend(struct fat_inode *file, uint64_t size)
{
    int error = lengthen(file, size);
    if (!error)
        error = write_range(file, file->inode.size, NULL, size - file->inode.size);
    if (!error)
        file->inode.size = size;
    else
        shorten(file);
    return error;
}

// Writes what there is room for. The file has at least `offset` bytes.
static int write_bytes(struct fat_inode *file, uint64_t offset, const void *bytes, size_t size)
{
    uint64_t end = offset + size, room = end;
    int error = end > file->inode.size ? lengthen(file, end) : 0;
    if (error == -ENOSPC) {
        error = find_room(file, end, &room);
        size = smaller(end, room) - offset;
        if (!error && size == 0)
            error = -ENOSPC;
    }
    if (!error)
        error = write_range(file, offset, bytes, size);
    if (error) {
        shorten(file);
        return error;
    }
    if (offset + size > file->inode.size)
        file->inode.size = offset + size;
    return (int)size;
}

int fat_write(struct inode *inode, uint64_t offset, const void *bytes, size_t size)
{
    struct fat_inode *file = fat_inode_of(inode);
    if (offset >= SIZE_LIMIT)
        return -EFBIG;
    if (size == 0)
        return 0;
    size = smaller(size, SIZE_LIMIT - offset);
    int error = fat_begin(file->fat);
    if (!error && offset > inode->size)
        error = extend(file, offset);
    if (error)
        return error;
    int count = write_bytes(file, offset, bytes, size);
    fat_touch(file);
    error = fat_update_entry(file);
    return error ? error : count;
}

// The entry first: as long as it says that the file is long, its clusters stay its own.
static int cut(struct fat_inode *file, uint64_t size)
{
    struct fat *fat = file->fat;
    bool fewer = clusters_for(fat, size) < clusters_for(fat, file->inode.size);
    uint32_t first = file->first;
    file->inode.size = size;
    if (size == 0)
        file->first = file->run_count = 0;
    fat_touch(file);
    int error = fat_update_entry(file);
    if (!error && size == 0)
        return fat_free_later(fat, first);
    if (error || !fewer)
        return error;
    error = fat_commit(fat);
    return error ? error : shorten(file);
}

int fat_truncate(struct inode *inode, uint64_t size)
{
    struct fat_inode *file = fat_inode_of(inode);
    if (size > SIZE_LIMIT)
        return -EFBIG;
    int error = fat_begin(file->fat);
    if (error)
        return error;
    if (size <= inode->size)
        return cut(file, size);
    error = extend(file, size);
    fat_touch(file);
    int late = fat_update_entry(file);
    return error ? error : late;
}
