// SPDX-License-Identifier: MIT
//
// Copying files and trees of files.
//
// Where a file has holes, its copy has them as well: blocks of nothing but zeros are then
// left out.
// Chapter 18.
#include "copy.h"

#include "path.h"
#include "walk.h"

enum { BUFFER_LARGE = 256 * 1024, BUFFER_SMALL = 8192, HOLE_SIZE = 4096, SECTOR = 512 };

static bool prepare_buffer(struct copy *copy)
{
    if (copy->buffer)
        return true;
    copy->buffer_size = BUFFER_LARGE;
    copy->buffer = os_alloc(BUFFER_LARGE);
    if (!copy->buffer) {
        copy->buffer_size = BUFFER_SMALL;
        copy->buffer = os_alloc(BUFFER_SMALL);
    }
    return copy->buffer != NULL;
}

void copy_finish(struct copy *copy)
{
    os_free(copy->buffer);
    copy->buffer = NULL;
}

// ---- One file ---------------------------------------------------------------------------
static int write_all(int handle, uint64_t offset, const char *bytes, size_t size)
{
    while (size > 0) {
        int written = os_write_at(handle, offset, bytes, size);
        if (written <= 0)
            return written < 0 ? written : -ENOSPC;
        offset += (unsigned)written; // when it is not all of it, the next call tells why
        bytes += written;
        size -= (size_t)written;
    }
    return 0;
}

static bool is_zero(const char *bytes, size_t size)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

static int write_around_holes(int handle, uint64_t offset, const char *bytes, size_t size)
{
    int error = 0;
    for (size_t done = 0; done < size && !error;) {
        size_t piece = size - done < HOLE_SIZE ? size - done : HOLE_SIZE;
        if (!is_zero(bytes + done, piece))
            error = write_all(handle, offset + done, bytes + done, piece);
        done += piece;
    }
    return error;
}

// *reading: whether the error came from reading.
static int copy_contents(const struct copy *copy, int from, int to, bool *reading)
{
    struct os_status status;
    int error = os_fstat(from, &status), size;
    bool holes = !error && status.type == OS_TYPE_FILE && status.blocks * SECTOR < status.size;
    uint64_t offset = 0;
    *reading = false;
    while ((size = os_read(from, copy->buffer, copy->buffer_size)) > 0) {
        error =
            (holes ? write_around_holes : write_all)(to, offset, copy->buffer, (size_t)size);
        if (error)
            return error;
        offset += (unsigned)size;
    }
    *reading = size < 0;
    if (size < 0)
        return size;
    return holes ? os_truncate(to, offset) : 0;
}

static int copy_file(struct copy *copy, const char *from, const char *to)
{
    bool reading = true;
    if (!prepare_buffer(copy))
        return os_print_error(copy->program, -ENOMEM);
    int input = os_open(from, OS_READ_ONLY);
    if (input < 0)
        return path_error(copy->program, from, input);
    int output = os_open(to, OS_WRITE_ONLY | OS_CREATE | OS_TRUNCATE);
    if (output < 0) {
        struct os_status status;
        os_close(input);
        int error = output == -EISDIR ? os_stat(to, &status) : 0; // "nothing/" is none
        return path_error(copy->program, to, error ? error : output);
    }
    int error = copy_contents(copy, input, output, &reading);
    os_close(input);
    os_close(output);
    return error ? path_error(copy->program, reading ? from : to, error) : 0;
}

static int copy_link(const struct copy *copy, const char *from, const char *to)
{
    char *target = os_alloc(OS_PATH_MAX);
    int length = target ? os_read_link(from, target, OS_PATH_MAX) : -ENOMEM;
    int error = length < 0 ? length : os_symlink(target, to);
    if (error == -EEXIST && os_unlink(to) == 0)
        error = os_symlink(target, to);
    os_free(target);
    return error ? path_error(copy->program, length < 0 ? from : to, error) : 0;
}

// ---- One thing of whatever kind ---------------------------------------------------------
static bool is_same_file(const struct os_status *from, const char *to, bool follow)
{
    struct os_status status;
    return (follow ? os_stat : os_lstat)(to, &status) == 0 && status.number == from->number &&
           status.device == from->device;
}

static void keep_times(const struct copy *copy, const struct os_status *status, const char *to)
{
    if (copy->keep_times && status->type != OS_TYPE_SYMLINK)
        os_set_times(to, status->accessed_ns, status->modified_ns);
}

// Anything but a directory.
static int copy_one(struct copy *copy, const char *from, const struct os_status *status,
                    const char *to)
{
    bool is_link = status->type == OS_TYPE_SYMLINK;
    if (is_same_file(status, to, !is_link)) {
        os_fprintf(OS_ERROR, "%s: %s and %s are the same file\n", copy->program, from, to);
        return 1;
    }
    if (copy->below && status->type != OS_TYPE_FILE && !is_link) {
        os_fprintf(OS_ERROR, "%s: %s: is a device, and stays where it is\n", copy->program,
                   from);
        return 1;
    }
    int failed = is_link ? copy_link(copy, from, to) : copy_file(copy, from, to);
    if (!failed)
        keep_times(copy, status, to);
    if (!failed && copy->verbose)
        os_printf("%s -> %s\n", from, to);
    return failed;
}

// Makes the directory that is about to be filled. 0: go into it.
static int enter_directory(struct copy *copy, const struct walk *walk, const char *to)
{
    struct os_status made;
    if (walk->depth > 0 && walk->status.device == copy->top_device &&
        walk->status.number == copy->top_number) {
        os_fprintf(OS_ERROR, "%s: %s: a directory is not copied into itself\n", copy->program,
                   walk->path);
        return 1;
    }
    int error = os_mkdir(to);
    if (error == -EEXIST && os_stat(to, &made) == 0 && made.type == OS_TYPE_DIRECTORY)
        error = 0;
    if (!error)
        error = os_stat(to, &made);
    if (error)
        return path_error(copy->program, to, error);
    if (walk->depth == 0) {
        copy->top_device = made.device;
        copy->top_number = made.number;
    }
    return 0;
}

// ---- Trees ------------------------------------------------------------------------------
// What the walk has met goes to `to`.
static int copy_step(struct copy *copy, struct walk *walk, enum walk_event event,
                     const char *to)
{
    int status = 0;
    switch (event) {
    case WALK_FILE:
        return copy_one(copy, walk->path, &walk->status, to);
    case WALK_LEAVE:
        keep_times(copy, &walk->status, to);
        return 0;
    case WALK_ENTER:
        status = enter_directory(copy, walk, to);
        if (status)
            walk_skip(walk);
        return status;
    default:
        return path_error(copy->program, walk->path, walk->error);
    }
}

static int copy_directory(struct copy *copy, const char *from, const char *to)
{
    struct walk walk;
    enum walk_event event;
    int error = walk_start(&walk, from), status = 0;
    while (!error && (event = walk_next(&walk)) != WALK_END) {
        const char *rest = walk.path + strlen(from);
        char *path = *rest ? path_join(to, rest + (*rest == '/')) : path_join("", to);
        if (!path) {
            error = -ENOMEM;
            break;
        }
        status |= copy_step(copy, &walk, event, path);
        os_free(path);
    }
    walk_finish(&walk);
    return error ? path_error(copy->program, from, error) : status;
}

int copy_tree(struct copy *copy, const char *from, const char *to)
{
    struct os_status status;
    int error = (copy->keep_links ? os_lstat : os_stat)(from, &status);
    if (error)
        return path_error(copy->program, from, error);
    if (status.type != OS_TYPE_DIRECTORY)
        return copy_one(copy, from, &status, to);
    if (copy->below)
        return copy_directory(copy, from, to);
    os_fprintf(OS_ERROR, "%s: %s: is a directory: -r copies it with what is in it\n",
               copy->program, from);
    return 1;
}
