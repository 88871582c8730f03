// SPDX-License-Identifier: MIT
//
// An entropy device: fills what it is given with the system's random bytes (virtio 1.2, 5.4).
//
// Always in slot 0, unless the process was started with -no-rng. Chapter 14.
#include <sys/random.h>

#include "boot/host/options.h"
#include "boot/host/virtio_devices.h"
#include "boot/host/virtio_model.h"
#include "drivers/virtio/virtio.h"

// The next 8 bytes that follow from -seed (Vigna's splitmix64).
static uint64_t draw(void)
{
    static uint64_t state;
    if (!state)
        state = host_options()->seed;
    uint64_t word = state += 0x9e3779b97f4a7c15;
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
    word = (word ^ word >> 27) * 0x94d049bb133111eb;
    return word ^ word >> 31;
}

static ssize_t fill_segment(uint8_t *bytes, size_t size)
{
    if (!host_options()->seed)
        return getrandom(bytes, size, 0);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)draw();
    return (ssize_t)size;
}

// How much of the request has been filled. The system may give less than was asked for.
static uint32_t fill(const struct virtio_request *request)
{
    size_t filled = 0;
    for (unsigned i = 0; i < request->in; i++) {
        const struct segment *segment = &request->segments[request->out + i];
        ssize_t count = fill_segment(segment->data, segment->size);
        if (count > 0)
            filled += (size_t)count;
        if (count != (ssize_t)segment->size)
            break;
    }
    return (uint32_t)filled;
}

static void serve(struct virtio_model *model, unsigned queue)
{
    struct virtio_request *request;
    while ((request = virtio_model_take(model, queue))) {
        if (request->out > 0)
            virtio_model_blame(model, "5.4.6.1", "put something to read into the queue");
        bool fails = virtio_model_is_to_fail(model);
        virtio_model_give(model, request, fails ? 0 : fill(request));
    }
}

struct virtio_model *virtio_rng_model(void)
{
    static const struct virtio_model_kind kind = {
        .name = "rng", .id = VIRTIO_RNG, .queues = 1, .serve = serve};
    return virtio_model_create(&kind);
}

void virtio_rng_model_plug(struct board *board)
{
    if (!host_options()->no_rng)
        virtio_model_plug_option(virtio_rng_model(), VIRTIO_SLOT_RNG, board);
}
