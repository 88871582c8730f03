// SPDX-License-Identifier: MIT
//
// FAT: the boot sector says what a volume looks like, and is not believed.
//
// Everything that it says is checked against the disk before the first byte of anything else
// is read: after mounting, every number of a cluster that passes fat_is_cluster() leads to a
// place on the disk. What is found to be wrong later ends writing (fat_corrupt()).
// Chapter 19.
#include "endian.h"
#include "error.h"
#include "format.h"
#include "fs/fat.h"
#include "fs/fat_inode.h"
#include "heap.h"
#include "print.h"
#include "string.h"

// The boot sector's fields (the specification, "BPB"), as they are used.
struct boot {
    uint32_t sector_size, cluster_sectors, reserved, tables, root_entries;
    uint32_t sectors, table_sectors, media;
    // Of FAT32:
    uint32_t flags, version, root_cluster, info_sector;
    bool is_32;
};

enum {
    BOOT_SIZE = 512,
    INFO_SIZE = 512,
    CLUSTERS_MAX_12 = 4084, // with more it is FAT16, whatever it calls itself
    CLUSTERS_MAX_16 = 65524,
    CLUSTERS_MAX_32 = 0x0ffffff5,
    CLUSTER_SIZE_MAX = 65536,
    COMPLAINTS_MAX = 20, // a broken volume must not fill the log
    FLAG_ONE_TABLE = 0x80, // of FAT32's: only the table in the lowest bits is used
};

// ---- Complaints ------------------------------------------------------------------------

int fat_corrupt(struct fat *fat, const char *format, ...)
{
    char text[128];
    va_list arguments;
    if (++fat->complaints > COMPLAINTS_MAX)
        return -EIO;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (!fat->mount->read_only)
        vfs_make_read_only(fat->mount, "%s", text);
    else
        log_error("%s: %s", fat->mount->claim, text);
    return -EIO;
}

// The volume cannot be mounted.
static int refuse(const struct mount *mount, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static int refuse(const struct mount *mount, const char *format, ...)
{
    char text[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    log_error("%s is no FAT volume that can be used: its boot sector says %s", mount->source,
              text);
    return -EINVAL;
}

// ---- The boot sector -------------------------------------------------------------------

static bool is_power_of_two(uint32_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

// Whether it could be FAT at all: if not, nobody is told.
static bool looks_like_fat(const uint8_t *sector)
{
    return (sector[0] == 0xeb || sector[0] == 0xe9) && le16_read(sector + 510) == 0xaa55 &&
           is_power_of_two(le16_read(sector + 11)) && sector[16] != 0 && sector[21] >= 0xf0;
}

static void parse(const uint8_t *sector, struct boot *boot)
{
    *boot = (struct boot){
        .sector_size = le16_read(sector + 11),
        .cluster_sectors = sector[13],
        .reserved = le16_read(sector + 14),
        .tables = sector[16],
        .root_entries = le16_read(sector + 17),
        .sectors = le16_read(sector + 19),
        .media = sector[21],
        .table_sectors = le16_read(sector + 22),
    };
    if (boot->sectors == 0)
        boot->sectors = le32_read(sector + 32);
    boot->is_32 = boot->table_sectors == 0;
    if (!boot->is_32)
        return;
    boot->table_sectors = le32_read(sector + 36);
    boot->flags = le16_read(sector + 40);
    boot->version = le16_read(sector + 42);
    boot->root_cluster = le32_read(sector + 44);
    boot->info_sector = le16_read(sector + 48);
}

static int check_sizes(const struct mount *mount, const struct boot *boot)
{
    if (boot->sector_size < 512 || boot->sector_size > 4096)
        return refuse(mount, "that a sector has %u bytes", boot->sector_size);
    if (!is_power_of_two(boot->cluster_sectors) ||
        boot->cluster_sectors * boot->sector_size > CLUSTER_SIZE_MAX)
        return refuse(mount, "that a cluster has %u sectors of %u bytes", boot->cluster_sectors,
                      boot->sector_size);
    if (boot->reserved == 0 || boot->table_sectors == 0 || boot->tables > 4)
        return refuse(mount, "%u reserved sectors and %u tables of %u", boot->reserved,
                      boot->tables, boot->table_sectors);
    if (boot->is_32 ? boot->root_entries != 0 : boot->root_entries == 0)
        return refuse(mount, "that the root directory has %u entries", boot->root_entries);
    if (boot->version != 0)
        return refuse(mount, "version %#x of FAT32", boot->version);
    uint64_t bytes = (uint64_t)boot->sectors * boot->sector_size;
    uint64_t device = mount->device->sectors * SECTOR_SIZE;
    if (bytes == 0 || bytes > device)
        return refuse(mount, "that the volume has %llu bytes; the disk has %llu",
                      (unsigned long long)bytes, (unsigned long long)device);
    return 0;
}

// Where the parts lie. What can be too large is computed in 64 bits.
static int lay_out(const struct mount *mount, const struct boot *boot, struct fat *fat)
{
    uint64_t sector = boot->sector_size, cluster = sector * boot->cluster_sectors;
    uint64_t tables = (uint64_t)boot->tables * boot->table_sectors;
    uint64_t root = ((uint64_t)boot->root_entries * FAT_ENTRY_SIZE + sector - 1) / sector;
    uint64_t before = boot->reserved + tables + root;
    if (before >= boot->sectors || (boot->sectors - before) / boot->cluster_sectors == 0)
        return refuse(mount, "that %llu of %u sectors come before the first cluster",
                      (unsigned long long)before, boot->sectors);
    fat->clusters = (uint32_t)((boot->sectors - before) / boot->cluster_sectors);
    while (1ull << fat->cluster_shift < cluster)
        fat->cluster_shift++;
    fat->bits = boot->is_32 ? 32 : fat->clusters > CLUSTERS_MAX_12 ? 16 : 12;
    fat->table = boot->reserved * sector;
    fat->table_size = boot->table_sectors * sector;
    fat->tables = boot->tables;
    fat->root = fat->table + boot->tables * fat->table_size;
    fat->root_size = (uint64_t)boot->root_entries * FAT_ENTRY_SIZE;
    fat->data = before * sector;
    uint64_t numbers = (uint64_t)fat->clusters + FAT_FIRST_CLUSTER;
    if ((numbers * fat->bits + 7) / 8 > fat->table_size)
        return refuse(mount, "that a table has %llu bytes, too few for %u clusters",
                      (unsigned long long)fat->table_size, fat->clusters);
    if (fat->clusters > (boot->is_32 ? (uint32_t)CLUSTERS_MAX_32 : (uint32_t)CLUSTERS_MAX_16))
        return refuse(mount, "that there are %u clusters", fat->clusters);
    return 0;
}

// What only FAT32 has.
static int lay_out_32(const struct mount *mount, const struct boot *boot, struct fat *fat)
{
    uint32_t only = boot->flags & 0xf;
    if (!boot->is_32)
        return 0;
    if (!fat_is_cluster(fat, boot->root_cluster))
        return refuse(mount, "that the root directory is at cluster %u", boot->root_cluster);
    if (boot->flags & FLAG_ONE_TABLE) {
        if (only >= boot->tables)
            return refuse(mount, "that table %u of %u is used", only, boot->tables);
        fat->table += only * fat->table_size;
        fat->tables = 1;
    }
    fat->root_cluster = boot->root_cluster;
    if (boot->info_sector > 0 && boot->info_sector < boot->reserved)
        fat->info = (uint64_t)boot->info_sector * boot->sector_size;
    return 0;
}

// ---- Mounting --------------------------------------------------------------------------

// FSInfo only helps; one that is damaged does not.
static int read_info(struct fat *fat)
{
    struct cache_block *block;
    if (fat->info == 0)
        return 0;
    int error = cache_get(fat->device, fat->info / CACHE_BLOCK_SIZE, &block);
    if (error)
        return error;
    const uint8_t *info = block->data + fat->info % CACHE_BLOCK_SIZE;
    uint32_t next = le32_read(info + 492);
    if (le32_read(info) != 0x41615252 || le32_read(info + 484) != 0x61417272)
        fat->info = 0;
    else if (fat_is_cluster(fat, next))
        fat->next_free = next;
    cache_put(block);
    return 0;
}

// Whether the last one who used the volume came to an end with it.
static int read_mark(struct fat *fat, const uint8_t *sector)
{
    uint32_t clean = fat->bits == 32 ? 0x08000000 : 0x8000, value = clean;
    int error = fat->bits == 12 ? 0 : fat_get(fat, 1, &value);
    fat->was_dirty = !(value & clean) || (sector[fat->bits == 32 ? 65 : 37] & 1);
    if (!error && fat->was_dirty)
        log_warning("%s: the volume was not unmounted: clusters may be lost, fsck.vfat finds "
                    "them", fat->mount->source);
    return error;
}

static int read_volume(struct mount *mount, const uint8_t *sector, struct fat *fat)
{
    struct boot boot;
    if (!looks_like_fat(sector))
        return -EINVAL;
    parse(sector, &boot);
    fat->mount = mount;
    fat->device = mount->device;
    fat->next_free = FAT_FIRST_CLUSTER;
    int error = check_sizes(mount, &boot);
    if (!error)
        error = lay_out(mount, &boot, fat);
    if (!error)
        error = lay_out_32(mount, &boot, fat);
    if (!error)
        error = read_info(fat);
    if (!error)
        error = read_mark(fat, sector);
    return error;
}

static int fat_mount(struct mount *mount)
{
    struct fat *fat = heap_alloc(sizeof(*fat));
    uint8_t *sector = heap_alloc(BOOT_SIZE);
    int error = fat && sector ? cache_read(mount->device, 0, sector, BOOT_SIZE) : -ENOMEM;
    if (!error)
        error = read_volume(mount, sector, fat);
    heap_free(sector);
    if (error) {
        if (fat)
            fat_drop_window(fat);
        heap_free(fat);
        return error;
    }
    mount->data = fat;
    mount->root_number = FAT_ROOT_NUMBER;
    return 0;
}

static void fat_unmount(struct mount *mount)
{
    struct fat *fat = mount->data;
    fat_release_holds(fat);
    fat_drop_window(fat);
    heap_free(fat);
}

static int fat_statistics(struct mount *mount, struct os_fs_info *info)
{
    struct fat *fat = mount->data;
    int error = fat_count_free(fat);
    info->block_size = 1u << fat->cluster_shift;
    info->blocks = fat->clusters;
    info->blocks_free = fat->free_count;
    return error;
}

static int fat_sync_inode(struct inode *inode)
{
    return fat_sync(inode->mount);
}

const struct file_system fat_file_system = {
    .name = "fat",
    .on_device = true,
    .mount = fat_mount,
    .unmount = fat_unmount,
    .statistics = fat_statistics,
    .sync = fat_sync,
    .read_inode = fat_read_inode,
    .release_inode = fat_release_inode,
    .lookup = fat_lookup,
    .list = fat_list,
    .is_empty = fat_is_empty,
    .create = fat_create,
    .unlink = fat_unlink,
    .rename = fat_rename,
    .read = fat_read,
    .write = fat_write,
    .truncate = fat_truncate,
    .sync_inode = fat_sync_inode,
    .set_times = fat_set_times,
    .status = fat_status,
};
