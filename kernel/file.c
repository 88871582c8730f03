// SPDX-License-Identifier: MIT
//
// Files: shared by counting references.
//
//   file_get(file), file_put(file)
//   file_read(file, buffer, size) ...     what its kind does, or the error when it cannot
//
// What a file does is up to its kind (pipe.c, terminal.c); here is only what all kinds
// have in common, and the one that does nothing. Chapter 13.
#include "file.h"

#include "error.h"
#include "panic.h"
#include "string.h"
#include "user/os_files.h"
#include "user/os_net.h"

void file_init(struct file *file, const struct file_operations *operations)
{
    *file = (struct file){.operations = operations, .references = 1};
}

struct file *file_get(struct file *file)
{
    ASSERT(file->references > 0);
    file->references++;
    return file;
}

// The last reference calls the kind's release().
void file_put(struct file *file)
{
    if (!file)
        return;
    ASSERT(file->references > 0);
    file->references--;
    if (file->references == 0 && file->operations->release)
        file->operations->release(file);
}

// A reference of our own: while we wait in there, somebody may close the handle.
int file_read(struct file *file, void *buffer, size_t size)
{
    if (!file->operations->read)
        return -EBADF;
    file_get(file);
    int count = file->operations->read(file, buffer, size);
    file_put(file);
    return count;
}

int file_write(struct file *file, const void *bytes, size_t size)
{
    if (!file->operations->write)
        return -EBADF;
    file_get(file);
    int count = file->operations->write(file, bytes, size);
    file_put(file);
    return count;
}

// ---- Files with positions, and directories ----------------------------------------------
int64_t file_seek(struct file *file, int64_t offset, int whence)
{
    return file->operations->seek ? file->operations->seek(file, offset, whence) : -ESPIPE;
}

// Positions and sizes are INT64_MAX at most.
int64_t file_move(uint64_t *position, uint64_t size, int64_t offset, int whence)
{
    int64_t base = whence == OS_SEEK_END ? (int64_t)size : (int64_t)*position, moved;
    if (whence == OS_SEEK_SET)
        base = 0;
    else if (whence != OS_SEEK_CURRENT && whence != OS_SEEK_END)
        return -EINVAL;
    if (__builtin_add_overflow(base, offset, &moved))
        return -EOVERFLOW;
    if (moved < 0)
        return -EINVAL;
    *position = (uint64_t)moved;
    return moved;
}

int file_read_at(struct file *file, uint64_t offset, void *buffer, size_t size)
{
    if (!file->operations->read_at)
        return -ESPIPE;
    file_get(file);
    int count = file->operations->read_at(file, offset, buffer, size);
    file_put(file);
    return count;
}

int file_write_at(struct file *file, uint64_t offset, const void *bytes, size_t size)
{
    if (!file->operations->write_at)
        return -ESPIPE;
    file_get(file);
    int count = file->operations->write_at(file, offset, bytes, size);
    file_put(file);
    return count;
}

int file_lend(struct file *file, uint64_t offset, struct file_loan *loans, unsigned count)
{
    if (!file->operations->lend)
        return -EOPNOTSUPP;
    file_get(file);
    int lent = file->operations->lend(file, offset, loans, count);
    file_put(file);
    return lent;
}

int file_truncate(struct file *file, uint64_t size)
{
    if (!file->operations->truncate)
        return -EINVAL;
    file_get(file);
    int error = file->operations->truncate(file, size);
    file_put(file);
    return error;
}

int file_sync(struct file *file)
{
    if (!file->operations->sync)
        return -EINVAL;
    file_get(file);
    int error = file->operations->sync(file);
    file_put(file);
    return error;
}

// A kind that says nothing of itself is a stream of bytes.
int file_status(struct file *file, struct os_status *status)
{
    *status = (struct os_status){.type = OS_TYPE_PIPE, .links = 1};
    if (!file->operations->status)
        return 0;
    file_get(file);
    int error = file->operations->status(file, status);
    file_put(file);
    return error;
}

int file_list(struct file *file, struct os_entry *entry)
{
    if (!file->operations->list)
        return -ENOTDIR;
    file_get(file);
    int found = file->operations->list(file, entry);
    file_put(file);
    return found;
}

// What has nothing to say of it never waits for long.
unsigned file_poll(struct file *file, struct poll_source **source)
{
    if (!file->operations->poll)
        return OS_POLL_READ | OS_POLL_WRITE;
    return file->operations->poll(file, source);
}

// ---- The file that does nothing ---------------------------------------------------------
static int null_read(struct file *file, void *buffer, size_t size)
{
    return 0;
}

static int null_write(struct file *file, const void *bytes, size_t size)
{
    return (int)size;
}

static int null_status(struct file *file, struct os_status *status)
{
    *status = (struct os_status){.type = OS_TYPE_DEVICE, .links = 1};
    return 0;
}

static const struct file_operations null_operations = {
    .kind = "null",
    .read = null_read,
    .write = null_write,
    .status = null_status,
};

static struct file null_file = {.operations = &null_operations, .references = 1};

struct file *file_null(void)
{
    return file_get(&null_file);
}

// ---- Names ------------------------------------------------------------------------------
struct file_hooks *file_hooks(void)
{
    static struct file_hooks hooks;
    return &hooks;
}
