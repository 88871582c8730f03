// SPDX-License-Identifier: MIT
//
// devfs: a whole disk as a file.
//
// Bytes go through the cache, so any place and any size will do, and a file system that is
// mounted from the disk sees the same blocks. Writing one that is mounted is refused:
// nothing good could come of it. Chapter 17.
#include "block.h"
#include "cache.h"
#include "error.h"
#include "fs/devfs.h"
#include "heap.h"

struct disk_file {
    struct file file;
    struct block_device *device;
    unsigned flags; // OS_READ_ONLY ...
    uint64_t position;
};

static struct disk_file *disk_file_of(struct file *file)
{
    return container_of(file, struct disk_file, file);
}

static uint64_t size_of(const struct block_device *device)
{
    return device->sectors * SECTOR_SIZE;
}

// How much of `size` bytes lies before the end.
static size_t clip(const struct block_device *device, uint64_t offset, size_t size)
{
    uint64_t end = size_of(device);
    uint64_t left = offset < end ? end - offset : 0;
    return size < left ? size : (size_t)left;
}

static int disk_read_at(struct file *file, uint64_t offset, void *buffer, size_t size)
{
    const struct disk_file *disk = disk_file_of(file);
    if (!(disk->flags & OS_READ_ONLY))
        return -EBADF;
    size = clip(disk->device, offset, size);
    if (size == 0)
        return 0;
    int error = cache_read(disk->device, offset, buffer, size);
    return error ? error : (int)size;
}

static int disk_write_at(struct file *file, uint64_t offset, const void *bytes, size_t size)
{
    const struct disk_file *disk = disk_file_of(file);
    if (!(disk->flags & OS_WRITE_ONLY))
        return -EBADF;
    if (disk->device->used_by)
        return -EBUSY;
    size_t count = clip(disk->device, offset, size);
    if (count == 0)
        return size == 0 ? 0 : -ENOSPC;
    int error = cache_write(disk->device, offset, bytes, count);
    return error ? error : (int)count;
}

static int disk_read(struct file *file, void *buffer, size_t size)
{
    struct disk_file *disk = disk_file_of(file);
    int count = disk_read_at(file, disk->position, buffer, size);
    if (count > 0)
        disk->position += (uint64_t)count;
    return count;
}

static int disk_write(struct file *file, const void *bytes, size_t size)
{
    struct disk_file *disk = disk_file_of(file);
    int count = disk_write_at(file, disk->position, bytes, size);
    if (count > 0)
        disk->position += (uint64_t)count;
    return count;
}

static int64_t disk_seek(struct file *file, int64_t offset, int whence)
{
    struct disk_file *disk = disk_file_of(file);
    return file_move(&disk->position, size_of(disk->device), offset, whence);
}

static int disk_sync(struct file *file)
{
    return cache_sync(disk_file_of(file)->device);
}

static int disk_status(struct file *file, struct os_status *status)
{
    const struct block_device *device = disk_file_of(file)->device;
    *status = (struct os_status){
        .type = OS_TYPE_DISK,
        .links = 1,
        .size = size_of(device),
        .blocks = device->sectors,
        .block_size = CACHE_BLOCK_SIZE,
    };
    return 0;
}

static void disk_release(struct file *file)
{
    heap_free(disk_file_of(file));
}

static const struct file_operations disk_operations = {
    .kind = "disk",
    .read = disk_read,
    .write = disk_write,
    .release = disk_release,
    .seek = disk_seek,
    .read_at = disk_read_at,
    .write_at = disk_write_at,
    .sync = disk_sync,
    .status = disk_status,
};

int devfs_open_disk(struct block_device *device, unsigned flags, struct file **file)
{
    bool writes = flags & OS_WRITE_ONLY;
    if (writes && device->read_only)
        return -EROFS;
    if (writes && device->used_by)
        return -EBUSY;
    struct disk_file *disk = heap_alloc(sizeof(*disk));
    if (!disk)
        return -ENOMEM;
    file_init(&disk->file, &disk_operations);
    disk->device = device;
    disk->flags = flags;
    *file = &disk->file;
    return 0;
}
