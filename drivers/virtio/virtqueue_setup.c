// SPDX-License-Identifier: MIT
//
// A virtqueue's beginning and end: its size, its memory, and how that is laid out.
//
// What the device sees lies in one run of pages: descriptors, the ring "avail", the ring
// "used", in this order, each behind the one before.
// Chapter 14.
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtqueue.h"
#include "error.h"
#include "heap.h"
#include "machine.h"
#include "page.h"
#include "panic.h"
#include "print.h"

enum {
    SIZE_MIN = 4,             // descriptors that we need: the request of a disk has three
    SIZE_MAX_ALLOWED = 32768, // virtio 1.2, 2.7
};

static size_t avail_offset(unsigned size)
{
    return size * sizeof(struct virtq_desc);
}

// Behind avail and its event word, where an address can be divided by 4.
static size_t used_offset(unsigned size)
{
    size_t avail_bytes = sizeof(struct virtq_avail) + (size + 1) * sizeof(uint16_t);
    return avail_offset(size) + ((avail_bytes + 3) & ~(size_t)3);
}

static size_t page_count(unsigned size)
{
    size_t used_bytes =
        sizeof(struct virtq_used) + size * sizeof(struct virtq_used_element) + sizeof(uint16_t);
    return (used_offset(size) + used_bytes + PAGE_SIZE - 1) / PAGE_SIZE;
}

// One run of pages for what the device sees, one piece of heap for what it does not.
static int allocate(struct virtqueue *queue)
{
    char *shared = page_alloc(page_count(queue->size));
    if (!shared)
        return -ENOMEM;
    queue->slots = heap_alloc(queue->size * sizeof(struct virtqueue_slot));
    if (!queue->slots) {
        page_free(shared, page_count(queue->size));
        return -ENOMEM;
    }
    queue->desc = (void *)shared;
    queue->avail = (void *)(shared + avail_offset(queue->size));
    queue->used = (void *)(shared + used_offset(queue->size));

    // Behind the rings: at which index the other side wants to hear of it.
    queue->used_event = &queue->avail->ring[queue->size];
    queue->avail_event = (volatile uint16_t *)&queue->used->ring[queue->size];

    for (unsigned i = 0; i < queue->size; i++)
        queue->slots[i].next = (uint16_t)(i + 1);
    queue->free_count = queue->size;
    return 0;
}

static void release(struct virtqueue *queue)
{
    for (unsigned i = 0; i < queue->size; i++)
        heap_free(queue->slots[i].table);
    heap_free(queue->slots);
    page_free(queue->desc, page_count(queue->size));
    heap_free(queue);
}

// The largest power of two that neither side minds; 0 with an error.
static unsigned choose_size(struct virtio_device *device, unsigned index, unsigned size_max,
                            const char *name, int *error)
{
    uint32_t allowed = device->transport->queue_size_max(device, index);
    unsigned size = SIZE_MAX_ALLOWED;
    while (size > size_max || size > allowed)
        size /= 2;
    *error = allowed == 0 ? -ENOENT : size < SIZE_MIN ? -EINVAL : 0;
    if (*error == -EINVAL)
        log_warning("%s: the queue \"%s\" has %u descriptors, expected %d or more: see "
                    "queue-size= among the device's options",
                    device->name, name, (unsigned)allowed, SIZE_MIN);
    return *error ? 0 : size;
}

int virtqueue_create(struct virtio_device *device, unsigned index, unsigned size_max,
                     const char *name, void (*completed)(struct virtqueue *queue),
                     struct virtqueue **result)
{
    ASSERT(index < VIRTIO_QUEUES_MAX && !device->queues[index] && size_max >= SIZE_MIN);

    int error;
    unsigned size = choose_size(device, index, size_max, name, &error);
    if (error)
        return error;
    struct virtqueue *queue = heap_alloc(sizeof(*queue));
    if (!queue)
        return -ENOMEM;
    queue->device = device;
    queue->name = name;
    queue->index = index;
    queue->size = (uint16_t)size;
    queue->event_idx = virtio_has(device, VIRTIO_F_EVENT_IDX);
    queue->indirect = virtio_has(device, VIRTIO_F_INDIRECT_DESC);
    queue->completed = completed;

    error = allocate(queue);
    if (error) {
        heap_free(queue);
        return error;
    }
    if (!completed)
        virtqueue_forbid_interrupts(queue);
    error = device->transport->enable_queue(device, queue);
    if (error) {
        release(queue);
        return error;
    }
    device->queues[index] = *result = queue;
    return 0;
}

void virtqueue_destroy(struct virtqueue *queue)
{
    queue->device->queues[queue->index] = NULL;
    release(queue);
}
