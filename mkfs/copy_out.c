// SPDX-License-Identifier: MIT
//
// From the image to the host.
#include "copy.h"
#include "error.h"
#include "fs/vfs.h"
#include "heap.h"
#include "outside.h"
#include "string.h"
#include "tool.h"

enum {
    PIECE = 256 * 1024, // bytes copied at once
    HOLE = 4096,        // so many zeros become one
};

static struct {
    struct place from, to; // inside, outside
    struct linked_files linked;
    uint8_t *buffer;
} copy;

static int copy_any(void);

static int complain(const char *path, int error)
{
    tool_complain("%s: %s", path, error_text(error));
    return error;
}

// ---- Files ------------------------------------------------------------------------------
static bool is_zero(const uint8_t *bytes, size_t size)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

// What is read at once, without its zeros: they are in the new file already.
static int write_data(int to, uint64_t offset, size_t size)
{
    for (size_t done = 0; done < size;) {
        size_t part = 0;
        while (done + part < size && part < size) {
            size_t left = size - done - part, step = left < HOLE ? left : HOLE;
            if (is_zero(copy.buffer + done + part, step))
                break;
            part += step;
        }
        int error = outside_write_at(to, offset + done, copy.buffer + done, part);
        if (error)
            return error;
        done += part;
        if (done < size)
            done += size - done < HOLE ? size - done : HOLE;
    }
    return 0;
}

static int copy_contents(struct file *from, int to, uint64_t size)
{
    for (uint64_t offset = 0; offset < size;) {
        int count = file_read_at(from, offset, copy.buffer, PIECE);
        if (count <= 0)
            return complain(copy.from.path, count < 0 ? count : -EIO);
        int error = write_data(to, offset, (size_t)count);
        if (error)
            return complain(copy.to.path, error);
        offset += (uint64_t)count;
    }
    int error = outside_set_size(to, size);
    return error ? complain(copy.to.path, error) : 0;
}

static int copy_file(const struct os_status *status)
{
    struct file *from;
    int error = vfs_open(copy.from.path, OS_READ_ONLY | OS_NO_FOLLOW, &from);
    if (error)
        return complain(copy.from.path, error);
    int to = outside_open(copy.to.path, OUTSIDE_MAKE);
    if (to < 0) {
        error = complain(copy.to.path, to);
    } else {
        error = copy_contents(from, to, status->size);
        outside_close(to);
    }
    file_put(from);
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
    struct file *folder;
    struct os_entry *entry = heap_alloc(sizeof(*entry));
    int error = -ENOMEM;
    if (entry)
        error = vfs_open(copy.from.path, OS_READ_ONLY | OS_DIRECTORY, &folder);
    if (error) {
        heap_free(entry);
        return complain(copy.from.path, error);
    }
    error = outside_make_folder(copy.to.path);
    if (error)
        complain(copy.to.path, error);
    int found = 1;
    while (!error && (found = file_list(folder, entry)) > 0)
        error = copy_entry(entry->name);
    if (found < 0)
        error = complain(copy.from.path, found);
    file_put(folder);
    heap_free(entry);
    return error;
}

static int copy_link(void)
{
    char *target = (char *)copy.buffer;
    int length = vfs_read_link(copy.from.path, target, PIECE);
    if (length < 0)
        return complain(copy.from.path, length);
    int error = outside_make_link(target, copy.to.path);
    return error ? complain(copy.to.path, error) : 0;
}

// A further name of a file that is there already. 1; 0: it is not; or an error.
static int copy_name(const struct os_status *status)
{
    if (status->links < 2 || status->type == OS_TYPE_DIRECTORY)
        return 0;
    const char *existing = linked_find(&copy.linked, 0, status->number);
    int error = existing ? outside_make_name(existing, copy.to.path)
                         : linked_add(&copy.linked, 0, status->number, copy.to.path);
    return error ? complain(copy.to.path, error) : existing != NULL;
}

static int copy_any(void)
{
    struct inode *inode;
    struct os_status status = {0};
    int error = vfs_find(copy.from.path, false, &inode);
    if (error)
        return complain(copy.from.path, error);
    vfs_fill_status(inode, &status);
    inode_put(inode);
    error = copy_name(&status);
    if (error)
        return error < 0 ? error : 0;
    error = status.type == OS_TYPE_DIRECTORY ? copy_folder()
            : status.type == OS_TYPE_SYMLINK ? copy_link()
                                             : copy_file(&status);
    if (error)
        return error;
    error = outside_set_times(copy.to.path, status.accessed_ns, status.modified_ns);
    return error ? complain(copy.to.path, error) : 0;
}

int copy_out(const char *inside, const char *outside)
{
    copy.buffer = heap_alloc(PIECE);
    int error = copy.buffer ? place_set(&copy.from, inside) : -ENOMEM;
    error = error ? error : place_set(&copy.to, outside);
    error = error ? complain(inside, error) : copy_any();
    linked_free(&copy.linked);
    heap_free(copy.buffer);
    return error;
}
