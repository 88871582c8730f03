// SPDX-License-Identifier: MIT
//
// A pipe: a ring of bytes between two files.
//
//   pipe_create(&read_end, &write_end)
//
// Each end is a file of its own, so that the last file_put() of one end can be told
// from the other's. The pipe goes when both ends are gone. Chapter 13.
#include "pipe.h"

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "heap.h"
#include "list.h"
#include "poll.h"
#include "smaller.h"
#include "string.h"
#include "user/os_net.h"
#include "wait.h"

struct pipe {
    struct file read_end, write_end;
    bool can_read, can_write; // whether anybody holds the read end, the write end
    size_t first, count;      // bytes in the ring: where they start, how many
    struct wait_queue readers, writers;
    struct poll_source read_source, write_source; // who looks at either end (chapter 25)
    char bytes[PIPE_SIZE];
};

static const struct wait_reason empty_reason = {.what = "pipe to be filled"};
static const struct wait_reason full_reason = {.what = "pipe to be emptied"};

// Copies up to `size` bytes in; they may go around the end of the ring.
static size_t put_bytes(struct pipe *pipe, const char *bytes, size_t size)
{
    size_t taken = 0;
    while (taken < size && pipe->count < PIPE_SIZE) {
        size_t place = (pipe->first + pipe->count) % PIPE_SIZE;
        size_t room = smaller(PIPE_SIZE - pipe->count, PIPE_SIZE - place);
        size_t piece = smaller(size - taken, room);
        memcpy(pipe->bytes + place, bytes + taken, piece);
        pipe->count += piece;
        taken += piece;
    }
    return taken;
}

// The same the other way: how many bytes there were to give.
static size_t take_bytes(struct pipe *pipe, char *buffer, size_t size)
{
    size_t given = 0;
    while (given < size && pipe->count > 0) {
        size_t piece = smaller(smaller(size - given, pipe->count), PIPE_SIZE - pipe->first);
        memcpy(buffer + given, pipe->bytes + pipe->first, piece);
        pipe->first = (pipe->first + piece) % PIPE_SIZE;
        pipe->count -= piece;
        given += piece;
    }
    return given;
}

// Nobody waits at an end that has gone, or was told not to.
static int wait_for_other(struct file *file, struct wait_queue *queue,
                          const struct wait_reason *reason)
{
    if (file->is_closed)
        return -EBADF;
    return file->no_wait ? -EAGAIN : wait_queue_wait(queue, reason, MACHINE_NEVER);
}

static void tell_readers(struct pipe *pipe)
{
    wait_queue_wake_all(&pipe->readers, 0);
    poll_changed(&pipe->read_source);
}

static void tell_writers(struct pipe *pipe)
{
    wait_queue_wake_all(&pipe->writers, 0);
    poll_changed(&pipe->write_source);
}

// Waits only while it is empty: what is there is given at once, however little.
static int pipe_read(struct file *file, void *buffer, size_t size)
{
    struct pipe *pipe = container_of(file, struct pipe, read_end);
    while (size > 0 && pipe->count == 0 && pipe->can_write) {
        int error = wait_for_other(file, &pipe->readers, &empty_reason);
        if (error)
            return error;
    }
    size_t given = take_bytes(pipe, buffer, size);
    if (given > 0)
        tell_writers(pipe);
    return (int)given;
}

// Waits until all of it is taken. What a failure leaves is the reader's to know: a part
// that was taken is a count.
static int pipe_write(struct file *file, const void *bytes, size_t size)
{
    struct pipe *pipe = container_of(file, struct pipe, write_end);
    size_t taken = 0;
    int error = 0;
    while (taken < size && !error) {
        if (!pipe->can_read) {
            error = -EPIPE;
        } else if (pipe->count == PIPE_SIZE) {
            error = wait_for_other(file, &pipe->writers, &full_reason);
        } else {
            taken += put_bytes(pipe, (const char *)bytes + taken, size - taken);
            tell_readers(pipe);
        }
    }
    return taken > 0 ? (int)taken : error;
}

// ---- Readiness and ends -----------------------------------------------------------------
static unsigned poll_read_end(struct file *file, struct poll_source **source)
{
    struct pipe *pipe = container_of(file, struct pipe, read_end);
    *source = &pipe->read_source;
    if (!pipe->can_write)
        return OS_POLL_READ | OS_POLL_END;
    return pipe->count > 0 ? OS_POLL_READ : 0;
}

static unsigned poll_write_end(struct file *file, struct poll_source **source)
{
    struct pipe *pipe = container_of(file, struct pipe, write_end);
    *source = &pipe->write_source;
    if (!pipe->can_read)
        return OS_POLL_WRITE | OS_POLL_ERROR;
    return pipe->count < PIPE_SIZE ? OS_POLL_WRITE : 0;
}

// Those who wait find out that their own end has gone.
static void close_read_end(struct file *file)
{
    wait_queue_wake_all(&container_of(file, struct pipe, read_end)->readers, 0);
}

static void close_write_end(struct file *file)
{
    wait_queue_wake_all(&container_of(file, struct pipe, write_end)->writers, 0);
}

static void free_if_unused(struct pipe *pipe)
{
    if (!pipe->can_read && !pipe->can_write)
        heap_free(pipe);
}

// Writers that wait find out that nobody will read.
static void release_read_end(struct file *file)
{
    struct pipe *pipe = container_of(file, struct pipe, read_end);
    pipe->can_read = false;
    poll_source_end(&pipe->read_source);
    tell_writers(pipe);
    free_if_unused(pipe);
}

// Readers that wait find out that nothing more will come.
static void release_write_end(struct file *file)
{
    struct pipe *pipe = container_of(file, struct pipe, write_end);
    pipe->can_write = false;
    poll_source_end(&pipe->write_source);
    tell_readers(pipe);
    free_if_unused(pipe);
}

static const struct file_operations read_end_operations = {
    .kind = "pipe",
    .read = pipe_read,
    .release = release_read_end,
    .closed = close_read_end,
    .poll = poll_read_end,
};

static const struct file_operations write_end_operations = {
    .kind = "pipe",
    .write = pipe_write,
    .release = release_write_end,
    .closed = close_write_end,
    .poll = poll_write_end,
};

int pipe_create(struct file **read_end, struct file **write_end)
{
    struct pipe *pipe = heap_alloc(sizeof(*pipe));
    if (!pipe)
        return -ENOMEM;
    file_init(&pipe->read_end, &read_end_operations);
    file_init(&pipe->write_end, &write_end_operations);
    pipe->can_read = pipe->can_write = true;
    wait_queue_init(&pipe->readers);
    wait_queue_init(&pipe->writers);
    poll_source_init(&pipe->read_source);
    poll_source_init(&pipe->write_source);
    *read_end = &pipe->read_end;
    *write_end = &pipe->write_end;
    return 0;
}
