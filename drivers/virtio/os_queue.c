// SPDX-License-Identifier: MIT
//
// os.h: virtqueues, for those who look. Here, since the kernel knows no driver.
// Chapter 14.
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtqueue.h"
#include "string.h"
#include "user/os.h"

// The i-th queue of all devices, or NULL.
static const struct virtqueue *queue_at(unsigned i)
{
    struct virtio_device *device = NULL;
    while ((device = virtio_next(device))) {
        for (unsigned index = 0; index < VIRTIO_QUEUES_MAX; index++) {
            if (device->queues[index] && i-- == 0)
                return device->queues[index];
        }
    }
    return NULL;
}

bool os_queue_next(unsigned i, struct os_queue_info *info)
{
    const struct virtqueue *queue = queue_at(i);
    if (!queue)
        return false;
    *info = (struct os_queue_info){
        .size = queue->size,
        .free = queue->free_count,
        .in_flight = virtqueue_in_flight(queue),
        .event_idx = queue->event_idx,
        .indirect = queue->indirect,
        .broken = queue->device->broken,
        .requests = queue->counters.requests,
        .completions = queue->counters.completions,
        .descriptors = queue->counters.descriptors,
        .notifications = queue->counters.notifications,
        .interrupts = queue->counters.interrupts,
        .avail_index = (uint16_t)queue->counters.requests,
        .used_index = queue->used->index,
        .last_used = (uint16_t)queue->counters.completions,
    };
    strlcpy(info->device, queue->device->name, sizeof(info->device));
    strlcpy(info->driver, queue->device->driver->name, sizeof(info->driver));
    strlcpy(info->name, queue->name, sizeof(info->name));
    return true;
}

// Whether a request that is in flight has this descriptor: what the slots say, since the
// device may have written over the descriptors.
static bool is_in_flight(const struct virtqueue *queue, unsigned index)
{
    for (unsigned head = 0; head < queue->size; head++) {
        if (!queue->slots[head].cookie)
            continue;
        unsigned at = head;
        for (unsigned i = 0; i < queue->slots[head].count; i++, at = queue->slots[at].next) {
            if (at == index)
                return true;
        }
    }
    return false;
}

bool os_queue_descriptor(unsigned i, unsigned index, struct os_queue_descriptor *descriptor)
{
    const struct virtqueue *queue = queue_at(i);
    if (!queue || index >= queue->size)
        return false;
    const struct virtq_desc *desc = &queue->desc[index];
    *descriptor = (struct os_queue_descriptor){
        .address = desc->address,
        .length = desc->length,
        .next = desc->flags & VIRTQ_DESC_NEXT,
        .write = desc->flags & VIRTQ_DESC_WRITE,
        .indirect = desc->flags & VIRTQ_DESC_INDIRECT,
        .next_index = desc->next,
        .head = queue->slots[index].cookie,
        .in_flight = is_in_flight(queue, index),
    };
    return true;
}
