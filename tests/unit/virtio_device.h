// SPDX-License-Identifier: MIT
//
// A virtio device made of variables, for tests of our side: registers in `fake`, and the
// device's half of a queue. It reads the rings as virtio 1.2, 2.7 has them, and can lie.
#pragma once

#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtqueue.h"
#include "error.h"
#include "fake_memory.h"
#include "heap.h"
#include "string.h"

enum { FAKE_STATUSES = 16 };

static struct {
    // What the test chooses:
    uint64_t offered;
    uint32_t size_max;
    uint8_t refused; // bits of the status that it does not take
    int reset_error, connect_error;
    uint32_t config[4];
    unsigned config_changes; // how often its configuration changes under a reader
    void (*meanwhile)(void); // what the device does while its status is read
    // What it has been told:
    uint8_t status, statuses[FAKE_STATUSES];
    unsigned status_count;
    uint64_t accepted;
    unsigned notifications, connections, generation;
    unsigned completions, brokens; // how often our callbacks were called
    struct virtio_device *device;
    // Its half of the queues; `queue` is the one at work, at first the last to be enabled:
    const struct virtqueue *queue;
    uint16_t taken[VIRTIO_QUEUES_MAX]; // how far it has read avail->ring
} fake;

static uint8_t fake_status(struct virtio_device *device)
{
    fake.meanwhile ? fake.meanwhile() : (void)0;
    return fake.status;
}

static int fake_set_status(struct virtio_device *device, uint8_t status)
{
    if (fake.status_count < FAKE_STATUSES)
        fake.statuses[fake.status_count++] = status;
    fake.status = status & (uint8_t)~fake.refused;
    return status == 0 ? fake.reset_error : 0;
}

static uint64_t fake_features(struct virtio_device *device)
{
    return fake.offered;
}

static void fake_set_features(struct virtio_device *device, uint64_t features)
{
    fake.accepted = features;
}

static uint32_t fake_queue_size_max(struct virtio_device *device, unsigned index)
{
    return fake.size_max;
}

static int fake_enable_queue(struct virtio_device *device, const struct virtqueue *queue)
{
    fake.queue = queue;
    fake.taken[queue->index] = 0;
    return 0;
}

static int fake_connect(struct virtio_device *device)
{
    fake.connections++;
    return fake.connect_error;
}

static void fake_notify(struct virtio_device *device, unsigned index)
{
    fake.notifications++;
}

static uint32_t fake_generation(struct virtio_device *device)
{
    return fake.generation;
}

static uint32_t fake_config_read32(struct virtio_device *device, unsigned offset)
{
    uint32_t value = fake.config[offset / 4];
    if (fake.config_changes > 0) {
        fake.config_changes--;
        fake.generation++;
        fake.config[0]++, fake.config[1]++;
    }
    return value;
}

static const struct virtio_transport fake_transport = {
    .name = "fake",
    .status = fake_status,
    .set_status = fake_set_status,
    .features = fake_features,
    .set_features = fake_set_features,
    .queue_size_max = fake_queue_size_max,
    .enable_queue = fake_enable_queue,
    .connect = fake_connect,
    .notify = fake_notify,
    .config_generation = fake_generation,
    .config_read32 = fake_config_read32,
};

// ---- The device, and its queue number 0 -------------------------------------------------
static void fake_completed(struct virtqueue *queue)
{
    fake.completions++;
}

static void fake_broken(struct virtio_device *device)
{
    fake.brokens++;
}

static const struct virtio_driver fake_driver = {.name = "tester", .broken = fake_broken};

// For a test that begins: a live device with these features, and a queue of it. Those of the
// last test are gone. NULL when there is no memory.
static inline struct virtqueue *fake_begin(uint64_t features, unsigned size)
{
    if (fake.device && fake.device->queues[0])
        virtqueue_destroy(fake.device->queues[0]);
    heap_free(fake.device);
    memset(&fake, 0, sizeof(fake));
    fake.size_max = 1024;
    fake.device = heap_alloc(sizeof(*fake.device));
    if (!fake.device)
        return NULL;
    fake.device->transport = &fake_transport;
    fake.device->driver = &fake_driver;
    fake.device->features = features;
    fake.device->live = true;
    strlcpy(fake.device->name, "fake0", sizeof(fake.device->name));

    struct virtqueue *queue = NULL;
    virtqueue_create(fake.device, 0, size, "requests", fake_completed, &queue);
    return queue;
}

// ---- Its half of the queue --------------------------------------------------------------
// The descriptors of a request, wherever they lie.
struct fake_chain {
    const struct virtq_desc *desc;
    uint16_t head, at;
    bool ended;
};

static inline bool fake_has_request(void)
{
    return fake.taken[fake.queue->index] != fake.queue->avail->index;
}

static inline struct fake_chain fake_take(void)
{
    uint16_t place = fake.taken[fake.queue->index]++;
    uint16_t head = fake.queue->avail->ring[place % fake.queue->size];
    const struct virtq_desc *desc = &fake.queue->desc[head];
    if (desc->flags & VIRTQ_DESC_INDIRECT)
        return (struct fake_chain){fake_memory(desc->address), head, 0, false};
    return (struct fake_chain){fake.queue->desc, head, head, false};
}

// The next descriptor of the chain, or NULL behind its last.
static inline const struct virtq_desc *fake_next(struct fake_chain *chain)
{
    if (chain->ended)
        return NULL;
    const struct virtq_desc *desc = &chain->desc[chain->at];
    chain->ended = !(desc->flags & VIRTQ_DESC_NEXT);
    chain->at = desc->next;
    return desc;
}

static inline void fake_use(uint32_t id, uint32_t length)
{
    volatile struct virtq_used *used = fake.queue->used;
    used->ring[used->index % fake.queue->size].id = id;
    used->ring[used->index % fake.queue->size].length = length;
    used->index++;
}

// Whether it would interrupt for the entries since `before` (virtio 1.2, 2.7.7.2).
static inline bool fake_would_interrupt(uint16_t before)
{
    uint16_t now = fake.queue->used->index;
    if (!fake.queue->event_idx)
        return !(fake.queue->avail->flags & VIRTQ_AVAIL_NO_INTERRUPT);
    uint16_t event = fake.queue->avail->ring[fake.queue->size];
    return (uint16_t)(now - event - 1) < (uint16_t)(now - before);
}
