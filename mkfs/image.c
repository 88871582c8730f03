// SPDX-License-Identifier: MIT
//
// An image file as a block device, and as the tree of names. Requests are done at once,
// before block_submit() returns. A flush does nothing: a tool that is killed leaves what it
// has written, in order, and tool_close_image() waits for the host's disk once, at the end.
#include "block.h"
#include "cache.h"
#include "error.h"
#include "fs/tsfs.h"
#include "fs/vfs.h"
#include "outside.h"
#include "tool.h"

static struct {
    struct block_device device;
    const char *path;
    int file;
} image;

static int transfer(const struct block_request *request)
{
    uint64_t offset = request->sector * SECTOR_SIZE;
    for (unsigned i = 0; i < request->segment_count; i++) {
        const struct segment *segment = &request->segments[i];
        int error = request->operation == BLOCK_READ
                        ? outside_read_at(image.file, offset, segment->data, segment->size)
                        : outside_write_at(image.file, offset, segment->data, segment->size);
        if (error)
            return error;
        offset += segment->size;
    }
    return 0;
}

static int image_submit(struct block_device *device, struct block_request *request)
{
    int error = request->operation == BLOCK_FLUSH ? 0 : transfer(request);
    if (error)
        tool_complain("%s: sector %llu: %s", image.path, (unsigned long long)request->sector,
                      error_text(error));
    block_complete(device, request, error ? -EIO : 0);
    return 0;
}

static void image_start(struct block_device *device)
{
}

static struct block_device *add_device(const char *path, int file, uint64_t size, bool writable)
{
    static const struct block_operations operations = {image_submit, image_start};
    image.path = path;
    image.file = file;
    image.device = (struct block_device){
        .operations = &operations,
        .sectors = size / SECTOR_SIZE,
        .block_size = SECTOR_SIZE,
        .read_only = !writable,
        .can_flush = true,
        .segments_max = 1024,
        .sectors_max = 1 << 16,
        .segment_size_max = 1 << 30,
    };
    int error = block_add(&image.device);
    if (!error)
        return &image.device;
    tool_complain("%s is no disk: %llu bytes, less than a sector", path,
                  (unsigned long long)size);
    return NULL;
}

struct block_device *tool_open_image(const char *path, bool writable)
{
    struct outside_status status = {0};
    int file = outside_open(path, writable ? OUTSIDE_CHANGE : OUTSIDE_READ);
    int error = file < 0 ? file : outside_status_of(file, &status);
    if (!error && status.type == OUTSIDE_FOLDER)
        error = -EISDIR;
    if (!error)
        return add_device(path, file, status.size, writable);
    tool_complain("%s: %s", path, error_text(error));
    return NULL;
}

struct block_device *tool_make_image(const char *path, uint64_t size)
{
    int file = outside_open(path, OUTSIDE_MAKE);
    int error = file < 0 ? file : outside_set_size(file, size);
    if (!error)
        return add_device(path, file, size, true);
    tool_complain("%s: %s", path, error_text(error));
    return NULL;
}

int tool_close_image(struct block_device *device)
{
    int error = outside_sync(image.file);
    if (error)
        tool_complain("%s: %s", image.path, error_text(error));
    return error;
}

int tool_mount(unsigned flags)
{
    static const struct file_system *const file_systems[] = {&tsfs_file_system, NULL};
    vfs_init(file_systems);
    int error = vfs_mount(image.device.name, "/", "tsfs", flags);
    if (error == -EINVAL)
        tool_complain("%s holds no tsfs, or a damaged one.  `fsck.tsfs %s` says which",
                      image.path, image.path);
    else if (error)
        tool_complain("%s: %s.  `fsck.tsfs %s` says more", image.path, error_text(error),
                      image.path);
    return error;
}

int tool_unmount(void)
{
    int error = vfs_unmount("/");
    if (error)
        tool_complain("%s: %s", image.path, error_text(error));
    return error;
}
