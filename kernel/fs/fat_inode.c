// SPDX-License-Identifier: MIT
//
// FAT's inodes. There are none on the disk: what others keep there, FAT has in the directory,
// beside the name. So a file's number is the place of its entry, and changes when it is
// renamed; a file whose last name has gone gets a number that no place has. Chapter 19.
#include "endian.h"
#include "error.h"
#include "fs/fat_inode.h"
#include "heap.h"
#include "wallclock.h"

#define ORPHAN (UINT64_C(1) << 63)

uint32_t fat_entry_cluster(const struct fat *fat, const uint8_t *entry)
{
    uint32_t low = le16_read(entry + FAT_CLUSTER_LOW);
    return fat->bits == 32 ? low | (uint32_t)le16_read(entry + FAT_CLUSTER_HIGH) << 16 : low;
}

void fat_set_entry_cluster(const struct fat *fat, uint8_t *entry, uint32_t cluster)
{
    le16_write(entry + FAT_CLUSTER_LOW, (uint16_t)cluster);
    if (fat->bits == 32) // elsewhere this belongs to somebody else
        le16_write(entry + FAT_CLUSTER_HIGH, (uint16_t)(cluster >> 16));
}

// ---- Reading ---------------------------------------------------------------------------

// Its chain says how long a directory is. One in a circle is too long for any.
static int find_directory_size(struct fat *fat, uint32_t first, uint64_t *size)
{
    uint32_t cluster = first;
    *size = 0;
    do {
        *size += 1u << fat->cluster_shift;
        if (*size > FAT_DIRECTORY_MAX)
            return fat_corrupt(fat, "the directory at cluster %u does not end", first);
        int error = fat_next(fat, cluster, &cluster);
        if (error)
            return error;
    } while (cluster != FAT_END);
    return 0;
}

int fat_open_directory(struct fat *fat, uint32_t first, struct fat_inode *directory)
{
    *directory = (struct fat_inode){.fat = fat, .first = first};
    directory->inode.type = OS_TYPE_DIRECTORY;
    directory->inode.links = 2;
    if (first == 0)
        directory->first = fat->root_cluster;
    if (directory->first == 0) {
        directory->inode.size = fat->root_size;
        return 0;
    }
    return find_directory_size(fat, directory->first, &directory->inode.size);
}

// What its entry says, but for a directory's size.
static int read_entry(struct fat *fat, const uint8_t *entry, uint64_t place,
                      struct fat_inode *inode)
{
    bool is_directory = entry[FAT_ATTRIBUTES] & FAT_IS_DIRECTORY;
    uint32_t first = fat_entry_cluster(fat, entry);
    if ((first == 0 && is_directory) || (first != 0 && !fat_is_cluster(fat, first)))
        return fat_corrupt(fat, "the entry \"%.11s\" has the cluster %u", (const char *)entry,
                           first);
    inode->fat = fat;
    inode->first = first;
    inode->place = place;
    inode->inode.type = is_directory ? OS_TYPE_DIRECTORY : OS_TYPE_FILE;
    inode->inode.links = is_directory ? 2 : 1;
    inode->inode.size = is_directory ? 0 : le32_read(entry + FAT_SIZE);
    inode->inode.accessed_ns = fat_time_read(entry, FAT_ACCESSED_DATE, 0);
    inode->inode.modified_ns = fat_time_read(entry, FAT_MODIFIED_DATE, FAT_MODIFIED_TIME);
    inode->inode.changed_ns = inode->inode.modified_ns; // there is nothing closer
    return 0;
}

static int read_at_place(struct fat *fat, uint64_t place, struct fat_inode *inode)
{
    struct cache_block *block;
    int error = cache_get(fat->device, place / CACHE_BLOCK_SIZE, &block);
    if (error)
        return error;
    error = read_entry(fat, block->data + place % CACHE_BLOCK_SIZE, place, inode);
    cache_put(block);
    if (!error && inode->inode.type == OS_TYPE_DIRECTORY)
        error = find_directory_size(fat, inode->first, &inode->inode.size);
    return error;
}

// Of a volume that was not unmounted. A chain that is too short makes it read-only: then there
// is nothing to be done, and what the file has can be read.
static int repair(struct fat_inode *file)
{
    const struct mount *mount = file->fat->mount;
    if (!file->fat->was_dirty || mount->read_only || file->inode.type != OS_TYPE_FILE)
        return 0;
    int error = fat_cut_tail(file);
    return mount->read_only ? 0 : error;
}

int fat_read_inode(struct mount *mount, uint64_t number, struct inode **inode)
{
    struct fat *fat = mount->data;
    struct fat_inode *file = heap_alloc(sizeof(*file));
    if (!file)
        return -ENOMEM;
    int error = number == FAT_ROOT_NUMBER
                    ? fat_open_directory(fat, 0, file)
                    : read_at_place(fat, number * FAT_ENTRY_SIZE, file);
    if (!error)
        error = repair(file);
    if (error) {
        heap_free(file);
        return error;
    }
    *inode = &file->inode;
    return 0;
}

void fat_release_inode(struct inode *inode)
{
    struct fat_inode *file = fat_inode_of(inode);
    if (inode->links == 0 && !inode->mount->read_only && fat_begin(file->fat) == 0)
        fat_free_later(file->fat, file->first);
    heap_free(file);
}

// ---- Changing --------------------------------------------------------------------------

static void fill_entry(const struct fat_inode *file, uint8_t *entry)
{
    const struct inode *inode = &file->inode;
    fat_set_entry_cluster(file->fat, entry, file->first);
    if (inode->type == OS_TYPE_FILE) {
        le32_write(entry + FAT_SIZE, (uint32_t)inode->size);
        entry[FAT_ATTRIBUTES] |= FAT_IS_ARCHIVE; // for programs that save what is new
    }
    fat_time_write(entry, FAT_MODIFIED_DATE, FAT_MODIFIED_TIME, inode->modified_ns);
    fat_time_write(entry, FAT_ACCESSED_DATE, 0, inode->accessed_ns);
}

int fat_update_entry(struct fat_inode *file)
{
    struct cache_block *block;
    if (file->place == 0)
        return 0;
    int error = cache_get(file->fat->device, file->place / CACHE_BLOCK_SIZE, &block);
    if (error)
        return error;
    fill_entry(file, block->data + file->place % CACHE_BLOCK_SIZE);
    fat_hold(file->fat, block);
    cache_put(block);
    return 0;
}

void fat_touch(struct fat_inode *file)
{
    file->inode.modified_ns = file->inode.changed_ns = wallclock_now_ns();
}

int fat_set_times(struct inode *inode, const uint64_t times_ns[2])
{
    struct fat_inode *file = fat_inode_of(inode);
    int error = fat_begin(file->fat);
    if (error)
        return error;
    inode->accessed_ns = times_ns[0];
    inode->modified_ns = times_ns[1];
    inode->changed_ns = wallclock_now_ns();
    return fat_update_entry(file);
}

void fat_make_orphan(struct fat_inode *file)
{
    file->place = 0;
    inode_renumber(&file->inode, ORPHAN | ++file->fat->orphans);
}

void fat_status(struct inode *inode, struct os_status *status)
{
    const struct fat *fat = fat_inode_of(inode)->fat;
    uint64_t size = 1u << fat->cluster_shift;
    status->blocks = (inode->size + size - 1) / size * size / SECTOR_SIZE;
    status->block_size = (uint32_t)size;
}
