// SPDX-License-Identifier: MIT
//
// What the fuzzer's device does: with its queues, and besides.
#pragma once

#include "drivers/virtio/virtqueue.h"
#include "invented_device.h"

static void put_used(struct invented_queue *queue, uint32_t id, uint32_t length)
{
    struct virtq_used *used = (struct virtq_used *)(uintptr_t)queue->used;
    used->ring[queue->used_index % queue->size] = (struct virtq_used_element){id, length};
    used->index = ++queue->used_index;
}

static void take(struct invented_queue *queue)
{
    const struct virtq_avail *avail = (const void *)(uintptr_t)queue->available;
    if (!queue->lied && queue->held_count < HELD_MAX && avail->index != queue->last_available)
        queue->held[queue->held_count++] = avail->ring[queue->last_available++ % queue->size];
}

// Touches both ends of each buffer that it may write. Returns their bytes; the last one, a
// disk's status, is the fuzzer's.
static uint32_t fill(const struct invented_queue *queue, uint16_t head)
{
    const struct virtq_desc *table = (const void *)(uintptr_t)queue->descriptors;
    const struct virtq_desc *desc = &table[head];
    uint8_t *last = NULL;
    uint32_t room = 0;
    if (desc->flags & VIRTQ_DESC_INDIRECT)
        table = desc = (const void *)(uintptr_t)desc->address;
    for (;; desc = &table[desc->next]) {
        if (desc->flags & VIRTQ_DESC_WRITE) {
            uint8_t *bytes = (uint8_t *)(uintptr_t)desc->address;
            last = bytes + desc->length - 1;
            *bytes = *last = 'x';
            room += desc->length;
        }
        if (!(desc->flags & VIRTQ_DESC_NEXT))
            break;
    }
    if (last)
        *last = next_byte() & 3;
    return room;
}

// One of those that it has taken ends, whichever.
static void finish(struct invented_queue *queue)
{
    if (queue->held_count == 0)
        return;
    unsigned i = next_byte() % queue->held_count;
    uint16_t head = queue->held[i];
    queue->held[i] = queue->held[--queue->held_count];
    uint32_t room = queue->lied ? 0 : fill(queue, head);
    put_used(queue, head, next_byte() & 1 ? next_number(4) : room);
}

// Any byte that driver and device share.
static void scribble(struct invented_queue *queue)
{
    static const unsigned char sizes[] = {sizeof(struct virtq_desc), 2, 8};
    const uint64_t parts[] = {queue->descriptors, queue->available, queue->used};
    unsigned part = next_byte() % 3, offset = next_number(2) % (sizes[part] * queue->size);
    ((uint8_t *)(uintptr_t)parts[part])[offset] = next_byte();
}

static void lie(struct invented_queue *queue, unsigned how)
{
    queue->lied = true;
    if (how == 0)
        put_used(queue, next_number(1), next_number(4));
    else if (how == 1)
        put_used(queue, next_number(4), next_number(4));
    else
        scribble(queue);
    if (how == 3)
        ((struct virtq_used *)(uintptr_t)queue->used)->index = queue->used_index += next_byte();
}

// Something happens to the device.
static void device_turn(void)
{
    struct invented_queue *queue =
        &device.queues[device.id == VIRTIO_CONSOLE && next_byte() % 2];
    uint8_t what = next_byte() % 16;
    if (what == 12)
        device.interrupts |= 1; // for nothing
    else if (what == 13)
        device.interrupts |= 2;
    else if (what == 14)
        device.config[next_byte() % CONFIG_SIZE] = next_byte();
    else if (what == 15)
        device_withdraw();
    if (!queue->ready)
        return;
    if (what >= 8 && what < 12)
        lie(queue, what - 8);
    for (unsigned i = 0; what < 8 && i <= what % 4; i++)
        take(queue);
    for (unsigned i = 0; what >= 4 && what < 8 && i <= what % 4; i++)
        finish(queue);
    if (what != 0)
        device.interrupts |= 1;
}
