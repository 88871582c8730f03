// SPDX-License-Identifier: MIT
//
// FAT: names come, go and move.
//
//   fat_create()   fat_unlink()   fat_rename()
//
// The VFS has checked that it may be; what is left is the order. Contents of a file whose
// name has gone are freed when nobody uses it any more, and a name that moves is there under
// its new place before it goes from the old one. Chapter 19.
#include "error.h"
#include "fs/fat_inode.h"
#include "string.h"
#include "wallclock.h"

// An entry without a name, whose times are now.
static void make_entry(const struct fat *fat, uint8_t *entry, uint8_t attributes,
                       uint32_t cluster)
{
    uint64_t now_ns = wallclock_now_ns();
    memset(entry, 0, FAT_ENTRY_SIZE);
    entry[FAT_ATTRIBUTES] = attributes;
    fat_set_entry_cluster(fat, entry, cluster);
    fat_time_write(entry, FAT_CREATED_DATE, FAT_CREATED_TIME, now_ns);
    fat_time_write(entry, FAT_MODIFIED_DATE, FAT_MODIFIED_TIME, now_ns);
    fat_time_write(entry, FAT_ACCESSED_DATE, 0, now_ns);
}

// The directory itself has changed.
static int touch(struct inode *directory)
{
    fat_touch(fat_inode_of(directory));
    return fat_update_entry(fat_inode_of(directory));
}

// ---- Creating --------------------------------------------------------------------------

// How a directory's ".." calls the one above it: the root has no number there.
static uint32_t number_for_dot_dot(const struct fat_inode *directory)
{
    return directory->inode.number == FAT_ROOT_NUMBER ? 0 : directory->first;
}

// A cluster with "." and "..", which is on the disk before anybody knows of it.
static int make_directory(struct fat_inode *parent, uint32_t *cluster)
{
    struct fat *fat = parent->fat;
    uint8_t entries[2 * FAT_ENTRY_SIZE];
    int error = fat_alloc(fat, 0, cluster);
    if (error)
        return error;
    make_entry(fat, entries, FAT_IS_DIRECTORY, *cluster);
    make_entry(fat, entries + FAT_ENTRY_SIZE, FAT_IS_DIRECTORY, number_for_dot_dot(parent));
    memcpy(entries, ".          ", FAT_SHORT_SIZE);
    memcpy(entries + FAT_ENTRY_SIZE, "..         ", FAT_SHORT_SIZE);
    uint64_t offset = fat_cluster_offset(fat, *cluster);
    error = fat_write_zeros(fat, offset, 1u << fat->cluster_shift);
    if (!error)
        error = cache_write(fat->device, offset, entries, sizeof(entries));
    if (!error)
        error = fat_settle_at(fat, offset, 1u << fat->cluster_shift);
    if (error)
        fat_free_chain(fat, *cluster);
    return error;
}

int fat_create(struct inode *inode, const char *name, size_t length, enum os_file_type type,
               const char *target, uint64_t *number)
{
    struct fat_inode *directory = fat_inode_of(inode);
    struct fat *fat = directory->fat;
    bool is_directory = type == OS_TYPE_DIRECTORY;
    uint8_t entry[FAT_ENTRY_SIZE];
    uint16_t units[FAT_NAME_UNITS];
    uint64_t place;
    uint32_t cluster = 0;
    if (target)
        return -EPERM; // there are no symbolic links
    int error = fat_units_of_name(name, length, units) < 0 ? -EINVAL : fat_begin(fat);
    if (!error && is_directory)
        error = make_directory(directory, &cluster);
    if (error)
        return error;
    make_entry(fat, entry, is_directory ? FAT_IS_DIRECTORY : FAT_IS_ARCHIVE, cluster);
    error = fat_add(directory, name, length, entry, &place);
    if (error) {
        if (is_directory)
            fat_free_chain(fat, cluster);
        return error;
    }
    *number = place / FAT_ENTRY_SIZE;
    return touch(inode);
}

// ---- Removing --------------------------------------------------------------------------

// It has no name any more; fat_release_inode() frees what it has.
static void lose_name(struct inode *inode)
{
    inode->links = 0;
    inode->changed_ns = wallclock_now_ns();
    fat_make_orphan(fat_inode_of(inode));
}

int fat_unlink(struct inode *inode, const char *name, size_t length, struct inode *target)
{
    struct fat_inode *directory = fat_inode_of(inode);
    struct fat_found found;
    int error = fat_begin(directory->fat);
    if (!error)
        error = fat_find(directory, name, length, &found);
    if (!error)
        error = fat_remove(directory, &found);
    if (error)
        return error;
    lose_name(target);
    return touch(inode);
}

// ---- Renaming --------------------------------------------------------------------------

// What had the name gives up its entry: one of 32 bytes, so there is always one or the other.
static int take_over_entry(const struct rename *rename, const uint8_t *entry, uint64_t *place)
{
    struct fat_inode *directory = fat_inode_of(rename->new_directory);
    struct fat_found found;
    uint8_t *slot;
    int error = fat_find(directory, rename->new_name, rename->new_length, &found);
    if (error)
        return error;
    struct fat_cursor cursor = {.directory = directory};
    error = fat_cursor_at(&cursor, found.position, &slot);
    if (!error) {
        cache_prepare(cursor.block);
        uint8_t case_of_name = slot[FAT_CASE];
        memcpy(slot + FAT_SHORT_SIZE, entry + FAT_SHORT_SIZE, FAT_ENTRY_SIZE - FAT_SHORT_SIZE);
        slot[FAT_CASE] = case_of_name;
        fat_hold(directory->fat, cursor.block);
        *place = found.place;
        lose_name(rename->replaced);
    }
    fat_cursor_end(&cursor);
    return error;
}

// A directory that has moved has another one above it.
static int change_dot_dot(const struct rename *rename)
{
    struct fat_inode *moved = fat_inode_of(rename->inode);
    struct fat_cursor cursor = {.directory = moved};
    uint8_t *entry;
    if (rename->inode->type != OS_TYPE_DIRECTORY ||
        rename->old_directory == rename->new_directory)
        return 0;
    int error = fat_cursor_at(&cursor, FAT_ENTRY_SIZE, &entry);
    if (!error) {
        cache_prepare(cursor.block);
        fat_set_entry_cluster(moved->fat, entry,
                              number_for_dot_dot(fat_inode_of(rename->new_directory)));
        fat_hold(moved->fat, cursor.block);
    }
    fat_cursor_end(&cursor);
    return error;
}

// The new name is there. Unless both lie in one block, it gets to the disk before the old one
// goes: better two names than none.
static int drop_old_name(const struct rename *rename, const struct fat_found *old,
                         uint64_t place)
{
    struct fat_inode *moved = fat_inode_of(rename->inode);
    int error = change_dot_dot(rename);
    if (!error && place / CACHE_BLOCK_SIZE != old->place / CACHE_BLOCK_SIZE)
        error = fat_commit(moved->fat);
    if (!error)
        error = fat_remove(fat_inode_of(rename->old_directory), old);
    moved->place = place;
    inode_renumber(rename->inode, place / FAT_ENTRY_SIZE);
    return error;
}

int fat_rename(const struct rename *rename)
{
    struct fat_inode *old_directory = fat_inode_of(rename->old_directory);
    struct fat_inode *new_directory = fat_inode_of(rename->new_directory);
    struct fat_found old;
    uint64_t place;
    int error = fat_begin(old_directory->fat);
    if (!error)
        error = fat_find(old_directory, rename->old_name, rename->old_length, &old);
    if (error)
        return error;
    if (rename->replaced)
        error = take_over_entry(rename, old.entry, &place);
    else
        error = fat_add(new_directory, rename->new_name, rename->new_length, old.entry, &place);
    if (!error)
        error = drop_old_name(rename, &old, place);
    if (!error)
        error = touch(rename->old_directory);
    if (!error && new_directory != old_directory)
        error = touch(rename->new_directory);
    return error;
}
