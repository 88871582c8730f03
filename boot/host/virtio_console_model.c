// SPDX-License-Identifier: MIT
//
// A console device: one queue takes what is typed, the other gives what is written (virtio
// 1.2, 5.3).
//
// -console PATH connects it: a terminal (/dev/pts/7) both ways; a pair of pipes PATH.in and
// PATH.out; otherwise a file that only takes what is written. Neither side is ever waited
// for: what does not fit stays in the queue until there is room. Words go out at once, so
// that a panic's are not lost.
// Chapter 14.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot/host/options.h"
#include "boot/host/virtio_devices.h"
#include "boot/host/virtio_model.h"
#include "drivers/virtio/virtio.h"

enum { QUEUE_INPUT, QUEUE_OUTPUT, QUEUES };
#define FEATURE_SIZE (UINT64_C(1) << 0) // the configuration has columns and rows

struct console {
    int input, output;               // descriptors, or HOST_NO_DESCRIPTOR
    struct virtio_request *to_fill;  // where the next typed bytes go
    struct virtio_request *to_write; // what is being written
    uint64_t written;                // of that, already
};

// ---- Output -------------------------------------------------------------------------

// Writes what there is room for. True when all of the request is out, or nobody will ever
// take it.
static bool write_on(struct console *console)
{
    char bytes[512];
    size_t count;
    while ((count = virtio_request_read(console->to_write, console->written, bytes,
                                        sizeof bytes)) > 0) {
        ssize_t taken = console->output == HOST_NO_DESCRIPTOR
                            ? (ssize_t)count
                            : write(console->output, bytes, count);
        if (taken < 0 && (errno == EAGAIN || errno == EINTR))
            return false;
        console->written += taken < 0 ? count : (size_t)taken;
    }
    return true;
}

static void serve_output(struct virtio_model *model)
{
    struct console *console = model->data;
    for (;;) {
        if (!console->to_write) {
            console->to_write = virtio_model_take(model, QUEUE_OUTPUT);
            console->written = 0;
        }
        if (!console->to_write || !write_on(console))
            break;
        struct virtio_request *request = console->to_write;
        console->to_write = NULL;
        virtio_model_give(model, request, 0);
    }
    model->device.output = console->to_write ? console->output : HOST_NO_DESCRIPTOR;
}

// ---- Input --------------------------------------------------------------------------

// Reads into the request's segments. False: there is nothing now, or nothing any more.
static bool read_on(struct console *console, uint32_t *count)
{
    char bytes[512];
    size_t size = sizeof bytes;
    if (size > console->to_fill->in_size)
        size = console->to_fill->in_size;
    ssize_t got = console->input == HOST_NO_DESCRIPTOR ? 0 : read(console->input, bytes, size);
    if (got <= 0) {
        // The end of a pipe; another writer may open it, but we would look without end.
        if (got == 0 || (errno != EAGAIN && errno != EINTR))
            console->input = HOST_NO_DESCRIPTOR;
        return false;
    }
    *count = (uint32_t)virtio_request_write(console->to_fill, 0, bytes, (size_t)got);
    return true;
}

// Typed bytes are taken only when there is somewhere to put them, so none is lost.
static void serve_input(struct virtio_model *model)
{
    struct console *console = model->data;
    uint32_t count;
    for (;;) {
        if (!console->to_fill)
            console->to_fill = virtio_model_take(model, QUEUE_INPUT);
        if (!console->to_fill || !read_on(console, &count))
            break;
        struct virtio_request *request = console->to_fill;
        console->to_fill = NULL;
        virtio_model_give(model, request, count);
    }
    model->device.input = console->to_fill ? console->input : HOST_NO_DESCRIPTOR;
}

static void serve(struct virtio_model *model, unsigned queue)
{
    if (queue == QUEUE_INPUT)
        serve_input(model);
    else
        serve_output(model);
}

static void run(struct virtio_model *model)
{
    if (model->rings[QUEUE_INPUT].ready)
        serve_input(model);
    if (model->rings[QUEUE_OUTPUT].ready)
        serve_output(model);
}

// What is held belongs to queues that are no more.
static void reset(struct virtio_model *model)
{
    struct console *console = model->data;
    virtio_request_free(console->to_fill);
    virtio_request_free(console->to_write);
    console->to_fill = console->to_write = NULL;
    model->device.input = model->device.output = HOST_NO_DESCRIPTOR;
}

// ---- The device ---------------------------------------------------------------------

struct virtio_model *virtio_console_model(int input, int output)
{
    static const struct virtio_model_kind kind = {
        .name = "console",
        .id = VIRTIO_CONSOLE,
        .queues = QUEUES,
        .at_once = true,
        .serve = serve,
        .run = run,
        .reset = reset,
    };
    static const uint8_t config[12] = {80, 0, 24, 0}; // columns, rows; and ports, none
    struct virtio_model *model = virtio_model_create(&kind);
    struct console *console = calloc(1, sizeof(*console));
    if (!console)
        abort();
    console->input = input;
    console->output = output;
    model->data = console;
    model->offered |= FEATURE_SIZE;
    model->config_size = sizeof config;
    memcpy(model->config, config, sizeof config);
    return model;
}

// A pipe of which we have both ends is there whether or not somebody else has one.
static int open_pipe(const char *path, const char *suffix)
{
    char name[4096];
    if (snprintf(name, sizeof name, "%s%s", path, suffix) >= (int)sizeof name)
        return HOST_NO_DESCRIPTOR;
    return open(name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

void virtio_console_model_plug(struct board *board)
{
    const char *path = host_options()->console;
    if (!path)
        return;
    int input = open_pipe(path, ".in"), output = open_pipe(path, ".out");
    if (input < 0 || output < 0) {
        output =
            open(path, O_RDWR | O_CREAT | O_TRUNC | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0666);
        input = output >= 0 && isatty(output) ? output : HOST_NO_DESCRIPTOR;
    }
    if (output < 0)
        options_refuse(strerror(errno), path);
    virtio_model_plug_option(virtio_console_model(input, output),
                             VIRTIO_SLOT_DRIVES + host_options()->drive_count, board);
}
