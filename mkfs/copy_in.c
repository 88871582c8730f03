// SPDX-License-Identifier: MIT
//
// From the host into the image.
#include "copy.h"
#include "error.h"
#include "fs/vfs.h"
#include "heap.h"
#include "outside.h"
#include "string.h"
#include "tool.h"
#include "wallclock.h"

enum { PIECE = 256 * 1024 }; // bytes copied at once

static struct {
    struct place from, to; // outside, inside
    struct linked_files linked;
    uint8_t *buffer;
    bool reproducibly;
    uint64_t latest_ns;
} copy;

static int copy_any(void);

void copy_reproducibly(uint64_t latest_ns)
{
    copy.reproducibly = true;
    copy.latest_ns = latest_ns;
}

static int complain(const char *path, int error)
{
    tool_complain("%s: %s", path, error_text(error));
    return error;
}

// ---- Files ------------------------------------------------------------------------------
static int copy_piece(int from, struct file *to, uint64_t offset, uint64_t end)
{
    int error = 0;
    while (offset < end && !error) {
        size_t size = end - offset < PIECE ? (size_t)(end - offset) : PIECE;
        error = outside_read_at(from, offset, copy.buffer, size);
        if (error)
            return complain(copy.from.path, error);
        int written = file_write_at(to, offset, copy.buffer, size);
        if (written != (int)size)
            return complain(copy.to.path, written < 0 ? written : -ENOSPC);
        offset += size;
    }
    return 0;
}

// Only what is no hole; the size comes last.
static int copy_contents(int from, struct file *to, uint64_t size)
{
    uint64_t start, end = 0;
    int found;
    while ((found = outside_next_data(from, end, &start, &end)) > 0 && start < size) {
        int error = copy_piece(from, to, start, end < size ? end : size);
        if (error)
            return error;
    }
    if (found < 0)
        return complain(copy.from.path, found);
    int error = file_truncate(to, size);
    return error ? complain(copy.to.path, error) : 0;
}

static int copy_file(const struct outside_status *status)
{
    int from = outside_open(copy.from.path, OUTSIDE_READ);
    if (from < 0)
        return complain(copy.from.path, from);
    struct file *to;
    int error = vfs_open(copy.to.path, OS_WRITE_ONLY | OS_CREATE | OS_TRUNCATE, &to);
    if (error) {
        complain(copy.to.path, error);
    } else {
        error = copy_contents(from, to, status->size);
        file_put(to);
    }
    outside_close(from);
    return error;
}

// ---- Folders and links ------------------------------------------------------------------
static int copy_entry(const char *name)
{
    size_t from, to;
    int error = place_enter(&copy.from, name, &from);
    if (error)
        return complain(copy.from.path, error);
    error = place_enter(&copy.to, name, &to);
    error = error ? complain(copy.to.path, error) : copy_any();
    place_leave(&copy.to, to);
    place_leave(&copy.from, from);
    return error;
}

static int copy_folder(void)
{
    struct os_status there = {0};
    struct inode *inode;
    int error = vfs_make(copy.to.path, OS_TYPE_DIRECTORY, NULL);
    if (error == -EEXIST && vfs_find(copy.to.path, true, &inode) == 0) {
        vfs_fill_status(inode, &there);
        inode_put(inode);
        error = there.type == OS_TYPE_DIRECTORY ? 0 : -ENOTDIR;
    }
    if (error)
        return complain(copy.to.path, error);

    char **names;
    int count = outside_list(copy.from.path, &names);
    if (count < 0)
        return complain(copy.from.path, count);
    for (int i = 0; i < count && !error; i++)
        error = copy_entry(names[i]);
    outside_list_free(names, count);
    return error;
}

static int copy_link(void)
{
    char *target = (char *)copy.buffer;
    int length = outside_read_link(copy.from.path, target, PLACE_SIZE);
    if (length < 0)
        return complain(copy.from.path, length);
    int error = vfs_make(copy.to.path, OS_TYPE_SYMLINK, target);
    return error ? complain(copy.to.path, error) : 0;
}

// A further name of a file that is there already. 1; 0: it is not; or an error.
static int copy_name(const struct outside_status *status)
{
    if (status->names < 2 || status->type == OUTSIDE_FOLDER)
        return 0;
    const char *existing = linked_find(&copy.linked, status->device, status->number);
    int error = existing ? vfs_link(existing, copy.to.path)
                         : linked_add(&copy.linked, status->device, status->number,
                                      copy.to.path);
    return error ? complain(copy.to.path, error) : existing != NULL;
}

static int copy_kind(const struct outside_status *status)
{
    switch (status->type) {
    case OUTSIDE_FILE: return copy_file(status);
    case OUTSIDE_FOLDER: return copy_folder();
    case OUTSIDE_LINK: return copy_link();
    default:
        tool_complain("%s is neither a file, a folder nor a link: left out", copy.from.path);
        return 0;
    }
}

static int copy_any(void)
{
    struct outside_status status;
    int error = outside_status(copy.from.path, &status);
    if (error)
        return complain(copy.from.path, error);
    if (copy.reproducibly && status.modified_ns > copy.latest_ns)
        status.modified_ns = copy.latest_ns;
    if (copy.reproducibly)
        wallclock_set(status.modified_ns);
    error = copy_name(&status);
    if (error)
        return error < 0 ? error : 0;
    error = copy_kind(&status);
    if (error || status.type == OUTSIDE_LINK || status.type == OUTSIDE_OTHER)
        return error;
    if (copy.reproducibly)
        wallclock_set(status.modified_ns); // a folder's entries have moved it
    error = vfs_set_times(copy.to.path, status.modified_ns, status.modified_ns);
    return error ? complain(copy.to.path, error) : 0;
}

int copy_in(const char *outside, const char *inside)
{
    copy.buffer = heap_alloc(PIECE);
    int error = copy.buffer ? place_set(&copy.from, outside) : -ENOMEM;
    error = error ? error : place_set(&copy.to, inside);
    error = error ? complain(outside, error) : copy_any();
    linked_free(&copy.linked);
    heap_free(copy.buffer);
    return error;
}
