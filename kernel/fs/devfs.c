// SPDX-License-Identifier: MIT
//
// devfs: the devices as files, for /dev.
//
//   console             the terminal of all programs
//   null, zero, random  nothing, zeros, what nobody can guess
//   vda, vdb ...        whole disks (devfs_disk.c)
//
// Opening one gives a file of the device's own kind: while somebody waits for a key in
// there, no mutex of a mount is held. Chapter 17.
#include "fs/devfs.h"

#include "block.h"
#include "error.h"
#include "fs/flat.h"
#include "heap.h"
#include "random.h"
#include "string.h"
#include "terminal.h"

// ---- Devices without positions ----------------------------------------------------------
struct stream {
    struct file file;
    unsigned flags; // OS_READ_ONLY ...
    const struct stream_kind *kind;
};

struct stream_kind {
    const char *name;
    int (*read)(void *buffer, size_t size);
    int (*write)(const void *bytes, size_t size);
};

static int read_nothing(void *buffer, size_t size)
{
    return 0;
}

static int read_zeros(void *buffer, size_t size)
{
    memset(buffer, 0, size);
    return (int)size;
}

// In pieces that do not take long: others want to run, too.
static int read_random(void *buffer, size_t size)
{
    enum { PIECE = 65536 };
    if (size > PIECE)
        size = PIECE;
    random_bytes(buffer, size);
    return (int)size;
}

static int write_nowhere(const void *bytes, size_t size)
{
    return (int)size;
}

static int write_random(const void *bytes, size_t size)
{
    random_add(bytes, size);
    return (int)size;
}

static const struct stream_kind streams[] = {
    {"null", read_nothing, write_nowhere},
    {"random", read_random, write_random},
    {"zero", read_zeros, write_nowhere},
};
enum { STREAMS = sizeof(streams) / sizeof(streams[0]) };

static int stream_read(struct file *file, void *buffer, size_t size)
{
    const struct stream *stream = container_of(file, struct stream, file);
    return stream->flags & OS_READ_ONLY ? stream->kind->read(buffer, size) : -EBADF;
}

static int stream_write(struct file *file, const void *bytes, size_t size)
{
    const struct stream *stream = container_of(file, struct stream, file);
    return stream->flags & OS_WRITE_ONLY ? stream->kind->write(bytes, size) : -EBADF;
}

static int stream_status(struct file *file, struct os_status *status)
{
    *status = (struct os_status){.type = OS_TYPE_DEVICE, .links = 1, .block_size = 4096};
    return 0;
}

static void stream_release(struct file *file)
{
    heap_free(container_of(file, struct stream, file));
}

static const struct file_operations stream_operations = {
    .kind = "device",
    .read = stream_read,
    .write = stream_write,
    .status = stream_status,
    .release = stream_release,
};

static int open_stream(const struct stream_kind *kind, unsigned flags, struct file **file)
{
    struct stream *stream = heap_alloc(sizeof(*stream));
    if (!stream)
        return -ENOMEM;
    file_init(&stream->file, &stream_operations);
    stream->flags = flags;
    stream->kind = kind;
    *file = &stream->file;
    return 0;
}

// ---- The directory: the console, the streams, then the disks -----------------------------
static struct block_device *disk(unsigned i)
{
    struct block_device *device = block_next(NULL);
    while (device && i-- > 0)
        device = block_next(device);
    return device;
}

static bool devfs_entry(unsigned i, struct flat_entry *entry)
{
    *entry = (struct flat_entry){.name = "console", .type = OS_TYPE_DEVICE};
    if (i == 0)
        return true;
    if (i <= STREAMS) {
        strlcpy(entry->name, streams[i - 1].name, sizeof(entry->name));
        return true;
    }
    const struct block_device *device = disk(i - 1 - STREAMS);
    if (!device)
        return false;
    strlcpy(entry->name, device->name, sizeof(entry->name));
    entry->type = OS_TYPE_DISK;
    entry->size = device->sectors * SECTOR_SIZE;
    return true;
}

static int devfs_open(unsigned i, unsigned flags, struct file **file)
{
    if (i > STREAMS)
        return devfs_open_disk(disk(i - 1 - STREAMS), flags, file);
    if (i > 0)
        return open_stream(&streams[i - 1], flags, file);
    *file = terminal_file();
    return 0;
}

static const struct flat devices = {.entry = devfs_entry, .open = devfs_open};

static int devfs_mount(struct mount *mount)
{
    return flat_mount(mount, &devices);
}

const struct file_system devfs_file_system = {
    .name = "devfs",
    .mount = devfs_mount,
    .read_inode = flat_read_inode,
    .release_inode = flat_release_inode,
    .lookup = flat_lookup,
    .list = flat_list,
    .is_empty = flat_is_empty,
    .open = flat_open,
};
