// SPDX-License-Identifier: MIT
//
// The device's side of a split virtqueue: what the driver has made available is read, what
// is done is written into the used ring (virtio 1.2, 2.7).
//
//   virtio_ring_start()     the driver has enabled the queue
//   virtio_ring_take()      its next request, with all descriptors gone over
//   virtio_ring_give()      done; says whether an interrupt is due
//
// Every rule that a driver must keep is looked at, and a broken one is the end: a driver
// that works here does not work by accident.
// Chapter 14.
#include <stdlib.h>
#include <string.h>

#include "boot/host/virtio_model.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtqueue.h"

enum {
    AVAILABLE_NO_INTERRUPT = 1, // virtio 1.2, 2.7.6
    USED_NO_NOTIFY = 1,         // 2.7.8: never set by this device
};

// A chain while it is gone over: twice, first to count.
struct walk {
    const struct virtio_model *model;
    const struct virtio_ring *ring;
    const struct virtq_desc *table; // the queue's own, or an indirect one
    uint32_t entries;
    uint32_t length; // descriptors seen in the chain, indirect ones included
    bool indirect;
    unsigned out, in;
    uint64_t out_size, in_size;
    struct segment *segments; // NULL: counts only
};

static struct virtq_desc *descriptors_of(const struct virtio_ring *ring)
{
    return (struct virtq_desc *)(uintptr_t)ring->descriptors;
}

static volatile struct virtq_avail *available_of(const struct virtio_ring *ring)
{
    return (volatile struct virtq_avail *)(uintptr_t)ring->available;
}

static volatile struct virtq_used *used_of(const struct virtio_ring *ring)
{
    return (volatile struct virtq_used *)(uintptr_t)ring->used;
}

// Behind the available ring: the used index at which the driver wants an interrupt.
static uint16_t used_event(const struct virtio_ring *ring)
{
    return available_of(ring)->ring[ring->size];
}

// Behind the used ring: the available index at which we want a notification.
static void set_available_event(const struct virtio_ring *ring, uint16_t index)
{
    *(volatile uint16_t *)&used_of(ring)->ring[ring->size] = index;
}

// ---- Starting -----------------------------------------------------------------------

static void check_part(const struct virtio_model *model, uint64_t address, uint64_t size,
                       const char *what)
{
    if (!host_is_kernel_memory(address, size))
        virtio_model_blame(model, "2.7",
                           "put the %s of queue %u at %#llx, where it has no memory", what,
                           model->selected, (unsigned long long)address);
}

void virtio_ring_start(const struct virtio_model *model, unsigned queue)
{
    const struct virtio_ring *ring = &model->rings[queue];
    uint64_t size = ring->size;
    if (ring->descriptors % 16 || ring->available % 2 || ring->used % 4)
        virtio_model_blame(model, "2.7",
                           "aligned queue %u wrongly: descriptors at %#llx, available ring "
                           "at %#llx, used ring at %#llx",
                           queue, (unsigned long long)ring->descriptors,
                           (unsigned long long)ring->available, (unsigned long long)ring->used);
    check_part(model, ring->descriptors, 16 * size, "descriptors");
    check_part(model, ring->available, 6 + 2 * size, "available ring");
    check_part(model, ring->used, 6 + 8 * size, "used ring");
    if (available_of(ring)->index != 0 || used_of(ring)->index != 0)
        virtio_model_blame(model, "4.2.3.2", "enabled queue %u with rings that are not zeroed",
                           queue);
}

void virtio_ring_reset(struct virtio_ring *ring)
{
    free(ring->owner);
    *ring = (struct virtio_ring){0};
}

// ---- Taking -------------------------------------------------------------------------

// One piece of memory of the request.
static void add_segment(struct walk *walk, const struct virtq_desc *desc)
{
    bool write = (desc->flags & VIRTQ_DESC_WRITE) != 0;
    if (desc->length == 0)
        virtio_model_blame(walk->model, "2.7.5", "made a descriptor of 0 bytes");
    if (!host_is_kernel_memory(desc->address, desc->length))
        virtio_model_blame(walk->model, "2.7.5",
                           "made a descriptor of %u bytes at %#llx, where it has no memory",
                           desc->length, (unsigned long long)desc->address);
    if (!write && walk->in > 0)
        virtio_model_blame(walk->model, "2.7.4.2",
                           "put a descriptor that the device reads behind one that it "
                           "writes");
    if (walk->segments)
        walk->segments[walk->out + walk->in] =
            (struct segment){(void *)(uintptr_t)desc->address, desc->length};
    *(write ? &walk->in : &walk->out) += 1;
    *(write ? &walk->in_size : &walk->out_size) += desc->length;
}

static void enter_indirect(struct walk *walk, const struct virtq_desc *desc)
{
    if (!walk->ring->indirect)
        virtio_model_blame(walk->model, "2.7.5.3.1",
                           "used an indirect descriptor without having negotiated "
                           "INDIRECT_DESC");
    if (walk->indirect)
        virtio_model_blame(walk->model, "2.7.5.3.1",
                           "put an indirect descriptor into an indirect table");
    if (desc->flags & VIRTQ_DESC_NEXT)
        virtio_model_blame(walk->model, "2.7.5.3.1", "set INDIRECT and NEXT in one descriptor");
    if (desc->length == 0 || desc->length % sizeof(*desc) != 0 ||
        !host_is_kernel_memory(desc->address, desc->length))
        virtio_model_blame(walk->model, "2.7.5.3",
                           "made an indirect table of %u bytes at %#llx: expected a "
                           "multiple of 16, in memory",
                           desc->length, (unsigned long long)desc->address);
    walk->table = (const struct virtq_desc *)(uintptr_t)desc->address;
    walk->entries = desc->length / (uint32_t)sizeof(*desc);
    walk->indirect = true;
}

// Marks a descriptor of the ring as part of a request, or sees that it was free.
static void check_owner(const struct walk *walk, uint16_t index, uint16_t head)
{
    if (walk->indirect)
        return;
    uint16_t *owner = &walk->ring->owner[index];
    if (walk->segments)
        *owner = (uint16_t)(head + 1);
    else if (*owner != 0)
        virtio_model_blame(walk->model, "2.7.13.1",
                           "used descriptor %u for request %u, and it is part of request "
                           "%u, which is under way",
                           index, head, *owner - 1);
}

// From the head to the end of the chain.
static void go_over(struct walk *walk, uint16_t head)
{
    uint16_t index = head;
    for (;;) {
        if (index >= walk->entries)
            virtio_model_blame(walk->model, "2.7.5", "named descriptor %u of a table of %u",
                               index, walk->entries);
        check_owner(walk, index, head);
        const struct virtq_desc *desc = &walk->table[index];
        if (desc->flags & VIRTQ_DESC_INDIRECT) {
            enter_indirect(walk, desc);
            index = 0;
            continue;
        }
        if (++walk->length > walk->ring->size)
            virtio_model_blame(walk->model, "2.7.5.3.1",
                               "made a chain of more descriptors than the %u of the queue",
                               walk->ring->size);
        add_segment(walk, desc);
        if (!(desc->flags & VIRTQ_DESC_NEXT))
            return;
        index = desc->next;
    }
}

static struct virtio_request *read_request(struct virtio_model *model, unsigned queue,
                                           uint16_t head)
{
    const struct virtio_ring *ring = &model->rings[queue];
    struct walk walk = {
        .model = model, .ring = ring, .table = descriptors_of(ring), .entries = ring->size};
    struct walk again = walk;
    go_over(&walk, head);
    if (walk.out_size + walk.in_size > UINT32_MAX)
        virtio_model_blame(model, "2.7.5.2", "made a chain of more than 4 GiB");

    unsigned count = walk.out + walk.in;
    struct virtio_request *request =
        calloc(1, sizeof(*request) + count * sizeof(struct segment));
    if (!request)
        abort();
    request->queue = queue;
    request->head = head;
    request->out = walk.out;
    request->in = walk.in;
    request->out_size = walk.out_size;
    request->in_size = walk.in_size;
    again.segments = request->segments;
    go_over(&again, head);
    return request;
}

struct virtio_request *virtio_ring_take(struct virtio_model *model, unsigned queue)
{
    struct virtio_ring *ring = &model->rings[queue];
    volatile struct virtq_avail *available = available_of(ring);
    uint16_t index = __atomic_load_n(&available->index, __ATOMIC_ACQUIRE);
    uint16_t waiting = (uint16_t)(index - ring->last_available);
    if (waiting == 0) {
        // From here on a notification is due, however many the driver adds.
        if (ring->event_idx)
            set_available_event(ring, ring->last_available);
        return NULL;
    }
    if (waiting > ring->size)
        virtio_model_blame(model, "2.7.6",
                           "moved the available index of queue %u from %u to %u, and it "
                           "has %u descriptors",
                           queue, ring->last_available, index, ring->size);
    uint16_t head = available->ring[ring->last_available % ring->size];
    ring->last_available++;
    return read_request(model, queue, head);
}

// ---- Giving back --------------------------------------------------------------------

static bool wants_interrupt(const struct virtio_ring *ring, uint16_t before)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!ring->event_idx)
        return !(available_of(ring)->flags & AVAILABLE_NO_INTERRUPT);
    // Whether the index has passed the one that the driver asked for (virtio 1.2, 2.7.7).
    uint16_t moved = (uint16_t)(ring->used_index - before);
    return (uint16_t)(ring->used_index - used_event(ring) - 1) < moved;
}

bool virtio_ring_give_raw(struct virtio_model *model, unsigned queue, uint32_t id,
                          uint32_t length)
{
    struct virtio_ring *ring = &model->rings[queue];
    volatile struct virtq_used *used = used_of(ring);
    uint16_t before = ring->used_index;
    used->ring[before % ring->size].id = id;
    used->ring[before % ring->size].length = length;
    ring->used_index++;
    __atomic_store_n(&used->index, ring->used_index, __ATOMIC_RELEASE);
    return wants_interrupt(ring, before);
}

void virtio_ring_jump(struct virtio_model *model, unsigned queue, unsigned entries)
{
    struct virtio_ring *ring = &model->rings[queue];
    ring->used_index = (uint16_t)(ring->used_index + entries);
    __atomic_store_n(&used_of(ring)->index, ring->used_index, __ATOMIC_RELEASE);
}

bool virtio_ring_give(struct virtio_model *model, struct virtio_request *request)
{
    struct virtio_ring *ring = &model->rings[request->queue];
    bool interrupt = false;
    for (const struct virtio_request *each = request; each; each = each->rest) {
        for (uint32_t i = 0; i < ring->size; i++)
            if (ring->owner[i] == each->head + 1)
                ring->owner[i] = 0;
        interrupt |= virtio_ring_give_raw(model, each->queue, each->head, each->written);
    }
    virtio_request_free(request);
    return interrupt;
}

void virtio_request_free(struct virtio_request *request)
{
    while (request) {
        struct virtio_request *rest = request->rest;
        free(request);
        request = rest;
    }
}

// ---- A request's bytes --------------------------------------------------------------

// Copies from or to `count` segments, from `offset` in all of them together.
static size_t copy(const struct segment *segments, unsigned count, uint64_t offset, void *bytes,
                   size_t size, bool to_segments)
{
    size_t done = 0;
    for (unsigned i = 0; i < count && done < size; i++) {
        if (offset >= segments[i].size) {
            offset -= segments[i].size;
            continue;
        }
        size_t piece = segments[i].size - offset;
        if (piece > size - done)
            piece = size - done;
        char *place = (char *)segments[i].data + offset, *ours = (char *)bytes + done;
        memcpy(to_segments ? place : ours, to_segments ? ours : place, piece);
        done += piece;
        offset = 0;
    }
    return done;
}

size_t virtio_request_read(const struct virtio_request *request, uint64_t offset, void *to,
                           size_t size)
{
    return copy(request->segments, request->out, offset, to, size, false);
}

size_t virtio_request_write(const struct virtio_request *request, uint64_t offset,
                            const void *from, size_t size)
{
    return copy(request->segments + request->out, request->in, offset, (void *)from, size,
                true);
}
