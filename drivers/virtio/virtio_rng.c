// SPDX-License-Identifier: MIT
//
// The entropy device (virtio 1.2, 5.4): it fills what it is given with random bytes.
//
// The smallest driver there is, and the one to copy from: start() makes the queue, the
// device goes live, ready() offers it to the kernel. A request is submitted, the device is
// told, completed() collects it between threads and wakes who waits.
// Chapter 14.
#include "drivers/virtio/virtio_rng.h"

#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtqueue.h"
#include "error.h"
#include "heap.h"
#include "print.h"
#include "random.h"
#include "string.h"
#include "timer.h"
#include "wait.h"

enum { QUEUE_SIZE = 4, BUFFER_SIZE = 64 };

#define ANSWER_TIMEOUT_NS 1000000000ull

struct rng {
    struct entropy_device entropy;
    struct virtio_device *device;
    struct virtqueue *queue;
    struct wait_queue readers;
    bool asked;     // the buffer is the device's
    uint32_t count; // bytes in the buffer that nobody has got yet
    uint8_t buffer[BUFFER_SIZE];
};

// Between threads, when the device has answered.
static void completed(struct virtqueue *queue)
{
    struct rng *rng = queue->device->data;
    uint32_t length;
    while (virtqueue_collect(queue, &length)) {
        rng->asked = false;
        rng->count = length;
        if (length == 0) // or we would ask without end: virtio 1.2, 5.4.6.2
            virtio_break(queue->device, "it answered without a single random byte");
        wait_queue_wake_all(&rng->readers, 0);
    }
}

static int ask(struct rng *rng)
{
    const struct segment room = {rng->buffer, sizeof(rng->buffer)};
    int error = virtqueue_submit(rng->queue, &room, 0, 1, rng);
    if (error)
        return error;
    rng->asked = true;
    virtqueue_notify(rng->queue);
    return 0;
}

// An answer that comes too late for one reader is kept for the next.
static int wait_for_bytes(struct rng *rng)
{
    static const struct wait_reason reason = {
        .what = "device", .name = "virtio_rng", .external = true, .uninterruptible = true};
    uint64_t deadline = timer_deadline_after(ANSWER_TIMEOUT_NS);
    while (rng->count == 0) {
        int error = rng->device->broken ? -EIO : rng->asked ? 0 : ask(rng);
        if (!error)
            error = wait_queue_wait(&rng->readers, &reason, deadline);
        if (error)
            return error;
    }
    return 0;
}

static int read(struct entropy_device *entropy, void *buffer, size_t size)
{
    struct rng *rng = container_of(entropy, struct rng, entropy);
    int error = wait_for_bytes(rng);
    if (error)
        return error;
    uint32_t count = rng->count < size ? rng->count : (uint32_t)size;
    rng->count -= count;
    memcpy(buffer, rng->buffer + rng->count, count);
    memset(rng->buffer + rng->count, 0, count); // given once
    return (int)count;
}

static int start(struct virtio_device *device)
{
    struct rng *rng = heap_alloc(sizeof(*rng));
    if (!rng)
        return -ENOMEM;
    rng->entropy = (struct entropy_device){.name = device->name, .read = read};
    rng->device = device;
    wait_queue_init(&rng->readers);
    int error = virtqueue_create(device, 0, QUEUE_SIZE, "requests", completed, &rng->queue);
    if (error) {
        heap_free(rng);
        return error;
    }
    device->data = rng;
    return 0;
}

static void ready(struct virtio_device *device)
{
    struct rng *rng = device->data;
    int error = random_set_device(&rng->entropy);
    if (error)
        log_warning("%s: no entropy from it: %s", device->name, error_text(error));
}

static void broken(struct virtio_device *device)
{
    struct rng *rng = device->data;
    while (virtqueue_abandon(rng->queue))
        rng->asked = false;
    wait_queue_wake_all(&rng->readers, -EIO);
}

const struct virtio_driver virtio_rng_driver = {
    .name = "virtio_rng",
    .id = VIRTIO_RNG,
    .start = start,
    .ready = ready,
    .broken = broken,
};
