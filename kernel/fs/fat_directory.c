// SPDX-License-Identifier: MIT
//
// FAT's directories: names are found, added and removed.
//
//   fat_find(directory, name, length, &found)
//   fat_add(directory, name, length, entry, &place)
//   fat_remove(directory, &found)
//
// A name takes an entry, and one more for each 13 units when it is a long one; they lie in
// a row. There is no order: looking for a name is reading until it comes. A directory grows
// by a cluster, but never shrinks, and the root of FAT12 and FAT16 does not grow.
// Chapter 19.
#include "error.h"
#include "fs/fat_inode.h"
#include "string.h"

enum { CANDIDATES = 8 }; // short names that are looked for in one go

// ---- Finding ---------------------------------------------------------------------------

static bool has_name(const struct fat_found *found, const uint16_t *units, unsigned count)
{
    uint16_t short_units[13];
    if (found->name.count > 0 &&
        fat_is_same_name(found->name.units, found->name.count, units, count))
        return true;
    if (count > 12)
        return false;
    unsigned short_count = fat_units_of_short(found->entry, short_units);
    return fat_is_same_name(short_units, short_count, units, count);
}

int fat_find(struct fat_inode *directory, const char *name, size_t length,
             struct fat_found *found)
{
    uint16_t units[FAT_NAME_UNITS];
    struct fat_cursor cursor = {.directory = directory};
    uint64_t position = 0;
    int count = fat_units_of_name(name, length, units), more;
    if (count < 0)
        return -ENOENT; // nothing here can have such a name
    do {
        more = fat_next_entry(&cursor, &position, found);
    } while (more > 0 && !has_name(found, units, (unsigned)count));
    fat_cursor_end(&cursor);
    return more > 0 ? 0 : more < 0 ? more : -ENOENT;
}

int fat_is_empty(struct inode *inode)
{
    struct fat_found found;
    struct fat_cursor cursor = {.directory = fat_inode_of(inode)};
    uint64_t position = 0;
    int more = fat_next_entry(&cursor, &position, &found);
    fat_cursor_end(&cursor);
    return more < 0 ? more : more == 0;
}

static bool is_directory(const struct fat_found *found)
{
    return found->entry[FAT_ATTRIBUTES] & FAT_IS_DIRECTORY;
}

// The length; 0: both names are nothing that could be opened.
static size_t put_name(const struct fat_found *found, char name[VFS_NAME_MAX])
{
    uint16_t units[13];
    size_t length = fat_name_of_units(found->name.units, found->name.count, name);
    if (length > 0)
        return length;
    return fat_name_of_units(units, fat_units_of_short(found->entry, units), name);
}

int fat_list(struct inode *inode, uint64_t *position, struct os_entry *entry)
{
    struct fat_found found;
    struct fat_cursor cursor = {.directory = fat_inode_of(inode)};
    size_t length = 0;
    int more;
    do {
        more = fat_next_entry(&cursor, position, &found);
        if (more > 0)
            length = put_name(&found, entry->name);
    } while (more > 0 && length == 0);
    fat_cursor_end(&cursor);
    if (more <= 0)
        return more;
    entry->name[length] = '\0';
    entry->number = found.place / FAT_ENTRY_SIZE;
    entry->type = is_directory(&found) ? OS_TYPE_DIRECTORY : OS_TYPE_FILE;
    return 1;
}

// ---- The way up ------------------------------------------------------------------------

// The first cluster of what is above, 0 for the root: the entry ".." says it.
static int find_parent_cluster(struct fat_inode *directory, uint32_t *cluster)
{
    struct fat *fat = directory->fat;
    struct fat_cursor cursor = {.directory = directory};
    uint8_t *entry;
    int error = fat_cursor_at(&cursor, FAT_ENTRY_SIZE, &entry);
    if (!error && memcmp(entry, "..         ", FAT_SHORT_SIZE) != 0)
        error = fat_corrupt(fat, "the directory at cluster %u has no \"..\"",
                            directory->first);
    if (!error)
        *cluster = fat_entry_cluster(fat, entry);
    fat_cursor_end(&cursor);
    if (!error && *cluster == fat->root_cluster)
        *cluster = 0;
    return error;
}

// Entries have no numbers but their places, so the parent's is looked for above it.
static int find_number(struct fat *fat, uint32_t cluster, uint64_t *number)
{
    struct fat_inode parent, above;
    struct fat_found found;
    uint32_t above_cluster = 0;
    uint64_t position = 0;
    int error = fat_open_directory(fat, cluster, &parent);
    if (!error)
        error = find_parent_cluster(&parent, &above_cluster);
    if (!error)
        error = fat_open_directory(fat, above_cluster, &above);
    if (error)
        return error;
    struct fat_cursor cursor = {.directory = &above};
    int more;
    do {
        more = fat_next_entry(&cursor, &position, &found);
    } while (more > 0 && fat_entry_cluster(fat, found.entry) != cluster);
    fat_cursor_end(&cursor);
    if (more == 0)
        return fat_corrupt(fat, "the directory at cluster %u is not in the one above it",
                           cluster);
    *number = found.place / FAT_ENTRY_SIZE;
    return more < 0 ? more : 0;
}

static int look_up_parent(struct fat_inode *directory, uint64_t *number)
{
    uint32_t cluster;
    *number = FAT_ROOT_NUMBER;
    if (directory->inode.number == FAT_ROOT_NUMBER)
        return 0;
    int error = find_parent_cluster(directory, &cluster);
    if (error || cluster == 0)
        return error;
    return find_number(directory->fat, cluster, number);
}

// A directory has to lead back to the one that it was found in. So there are no circles:
// each is where its ".." says, and only there.
static int check_way_back(struct fat_inode *directory, const struct fat_found *found)
{
    struct fat *fat = directory->fat;
    struct fat_inode child = {.fat = fat, .first = fat_entry_cluster(fat, found->entry)};
    bool below_root = directory->inode.number == FAT_ROOT_NUMBER;
    uint32_t above;
    if (!is_directory(found) || !fat_is_cluster(fat, child.first))
        return 0; // fat_read_inode() will tell
    int error = find_parent_cluster(&child, &above);
    if (error || above == (below_root ? 0 : directory->first))
        return error;
    return fat_corrupt(fat, "the directory at cluster %u says that it is in %u, and is in %u",
                       child.first, above, directory->first);
}

int fat_lookup(struct inode *inode, const char *name, size_t length, uint64_t *number)
{
    struct fat_inode *directory = fat_inode_of(inode);
    struct fat_found found;
    if (length == 2 && memcmp(name, "..", 2) == 0)
        return look_up_parent(directory, number);
    int error = fat_find(directory, name, length, &found);
    if (!error)
        error = check_way_back(directory, &found);
    if (!error)
        *number = found.place / FAT_ENTRY_SIZE;
    return error;
}

// ---- Adding ----------------------------------------------------------------------------

// Which of some short names the directory has already: a bit for each.
static int find_taken(struct fat_inode *directory, uint8_t candidates[][FAT_ENTRY_SIZE],
                      unsigned *taken)
{
    struct fat_cursor cursor = {.directory = directory};
    struct fat_found found;
    uint64_t position = 0;
    int more;
    *taken = 0;
    while ((more = fat_next_entry(&cursor, &position, &found)) > 0) {
        for (unsigned i = 0; i < CANDIDATES; i++) {
            if (memcmp(candidates[i], found.entry, FAT_SHORT_SIZE) == 0)
                *taken |= 1u << i;
        }
    }
    fat_cursor_end(&cursor);
    return more;
}

// Gives the entry a short name that nobody has.
static int choose_short(struct fat_inode *directory, const uint16_t *units, unsigned count,
                        uint8_t *entry)
{
    uint8_t candidates[CANDIDATES][FAT_ENTRY_SIZE];
    for (unsigned first = 1; first < 64 * CANDIDATES; first += CANDIDATES) {
        unsigned taken;
        for (unsigned i = 0; i < CANDIDATES; i++)
            fat_make_short(units, count, first + i, candidates[i]);
        int error = find_taken(directory, candidates, &taken);
        if (error)
            return error;
        for (unsigned i = 0; i < CANDIDATES; i++) {
            if (taken & 1u << i)
                continue;
            memcpy(entry + FAT_NAME, candidates[i] + FAT_NAME, FAT_SHORT_SIZE);
            entry[FAT_CASE] = 0;
            return 0;
        }
    }
    return -ENOSPC; // hundreds of hashes are taken: nobody has such a directory
}

// One more cluster, full of zeros on the disk before the chain leads to it.
static int grow(struct fat_inode *directory)
{
    struct fat *fat = directory->fat;
    uint64_t size = directory->inode.size;
    uint32_t last, cluster;
    if (directory->first == 0 || size + (1u << fat->cluster_shift) > FAT_DIRECTORY_MAX)
        return -ENOSPC;
    int error = fat_cluster_at(directory, (uint32_t)(size >> fat->cluster_shift) - 1, &last);
    if (!error)
        error = fat_alloc(fat, last, &cluster);
    if (error)
        return error;
    uint64_t offset = fat_cluster_offset(fat, cluster), length = 1u << fat->cluster_shift;
    error = fat_write_zeros(fat, offset, length);
    if (!error)
        error = fat_settle_at(fat, offset, length);
    if (!error)
        error = fat_set(fat, last, cluster);
    if (error) {
        fat_free_chain(fat, cluster);
        return error;
    }
    directory->inode.size += 1u << fat->cluster_shift;
    return 0;
}

// Where so many free entries are in a row. *at_end: nothing comes behind them.
static int find_room(struct fat_inode *directory, unsigned slots, uint64_t *room, bool *at_end)
{
    struct fat_cursor cursor = {.directory = directory};
    uint64_t position = 0, size = slots * FAT_ENTRY_SIZE;
    uint8_t *entry;
    int error = 0;
    *room = 0;
    *at_end = false;
    while (!*at_end && position < directory->inode.size && position - *room < size) {
        error = fat_cursor_at(&cursor, position, &entry);
        if (error)
            break;
        *at_end = entry[0] == FAT_NO_ENTRY;
        position += FAT_ENTRY_SIZE;
        if (!*at_end && entry[0] != FAT_REMOVED)
            *room = position;
    }
    fat_cursor_end(&cursor);
    while (!error && directory->inode.size - *room < size)
        error = grow(directory);
    return error;
}

// The pieces of the long name, the last one first, and then the entry.
static int write_entries(struct fat_cursor *cursor, uint64_t room, const uint16_t *units,
                         unsigned count, const uint8_t *entry)
{
    struct fat *fat = cursor->directory->fat;
    uint8_t checksum = fat_short_checksum(entry);
    unsigned pieces = fat_long_pieces(count);
    for (unsigned left = pieces + 1; left-- > 0; room += FAT_ENTRY_SIZE) {
        uint8_t *slot;
        int error = fat_cursor_at(cursor, room, &slot);
        if (error)
            return error;
        cache_prepare(cursor->block);
        if (left > 0)
            fat_make_long_piece(slot, units, count, left, checksum);
        else
            memcpy(slot, entry, FAT_ENTRY_SIZE);
        fat_hold(fat, cursor->block);
    }
    return 0;
}

// What lies behind the last entry may be anything: the end is marked anew.
static int mark_end(struct fat_cursor *cursor, uint64_t position)
{
    uint8_t *slot;
    if (position >= cursor->directory->inode.size)
        return 0;
    int error = fat_cursor_at(cursor, position, &slot);
    if (error || slot[0] == FAT_NO_ENTRY)
        return error;
    cache_prepare(cursor->block);
    slot[0] = FAT_NO_ENTRY;
    fat_hold(cursor->directory->fat, cursor->block);
    return 0;
}

int fat_add(struct fat_inode *directory, const char *name, size_t length,
            const uint8_t *template, uint64_t *place)
{
    uint16_t units[FAT_NAME_UNITS];
    uint8_t entry[FAT_ENTRY_SIZE];
    uint64_t room;
    bool at_end;
    int count = fat_units_of_name(name, length, units), error = 0;
    if (count < 0)
        return count;
    memcpy(entry, template, sizeof(entry));
    if (fat_fits_short(units, (unsigned)count, entry))
        count = 0; // and there is no long one
    else
        error = choose_short(directory, units, (unsigned)count, entry);
    unsigned slots = fat_long_pieces((unsigned)count) + 1;
    if (!error)
        error = find_room(directory, slots, &room, &at_end);
    if (error)
        return error;

    struct fat_cursor cursor = {.directory = directory};
    if (at_end)
        error = mark_end(&cursor, room + slots * FAT_ENTRY_SIZE);
    if (!error)
        error = write_entries(&cursor, room, units, (unsigned)count, entry);
    *place = cursor.place;
    fat_cursor_end(&cursor);
    return error;
}

// ---- Removing --------------------------------------------------------------------------

int fat_remove(struct fat_inode *directory, const struct fat_found *found)
{
    struct fat_cursor cursor = {.directory = directory};
    int error = 0;
    for (uint64_t position = fat_first_position(found);
         position <= found->position && !error; position += FAT_ENTRY_SIZE) {
        uint8_t *slot;
        error = fat_cursor_at(&cursor, position, &slot);
        if (error)
            break;
        cache_prepare(cursor.block);
        slot[0] = FAT_REMOVED;
        fat_hold(directory->fat, cursor.block);
    }
    fat_cursor_end(&cursor);
    return error;
}
