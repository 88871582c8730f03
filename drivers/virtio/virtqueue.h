// SPDX-License-Identifier: MIT
//
// A split virtqueue: buffers on their way to a device and back (virtio 1.2, 2.7).
//
//   virtqueue_create(device, index, size, "requests", completed, &queue)   in start()
//   virtqueue_submit(queue, segments, out, in, cookie)
//   virtqueue_notify(queue)                         once for many
//   while ((cookie = virtqueue_collect(queue, &length))) ...     in completed()
//
// Free list, wrap-around, barriers, event index and indirect descriptors stay inside.
// Chapter 14.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "segment.h"

struct virtio_device;

// What a device is shared with, laid out by virtio 1.2, 2.7.5 to 2.7.8. Little endian, as
// both machines are.
struct virtq_desc {
    uint64_t address;
    uint32_t length; // bytes
    uint16_t flags;
    uint16_t next;
};
enum { VIRTQ_DESC_NEXT = 1, VIRTQ_DESC_WRITE = 2, VIRTQ_DESC_INDIRECT = 4 };
struct virtq_avail {
    uint16_t flags, index;
    uint16_t ring[]; // and behind it used_event
};
struct virtq_used_element {
    uint32_t id, length;
};
struct virtq_used {
    uint16_t flags, index;
    struct virtq_used_element ring[]; // and behind it avail_event
};
enum { VIRTQ_AVAIL_NO_INTERRUPT = 1, VIRTQ_USED_NO_NOTIFY = 1 }; // flags without EVENT_IDX
_Static_assert(sizeof(struct virtq_desc) == 16, "virtio 1.2, 2.7.5");
_Static_assert(sizeof(struct virtq_used_element) == 8, "virtio 1.2, 2.7.8");

struct virtqueue_counters {
    uint64_t requests;      // the index of "avail" is the last 16 bits of this
    uint64_t completions;   // and how far "used" has been read, of this
    uint64_t descriptors;   // of the ring, taken by requests
    uint64_t notifications; // that we gave the device
    uint64_t interrupts;    // that it gave us
};

// What belongs to a descriptor, by its number.
struct virtqueue_slot {
    uint16_t next; // free one, or of its chain
    // If it is the first of a request:
    uint16_t last, count;     // of its chain
    uint16_t table_size;      // descriptors
    struct virtq_desc *table; // indirect; kept for the next request that begins here
    void *cookie;             // NULL: none begins here
    uint64_t room;            // bytes that the device may write
};

struct virtqueue {
    // Set once in virtqueue_create():
    struct virtio_device *device;
    const char *name;
    unsigned index;
    uint16_t size; // descriptors, a power of two
    bool event_idx, indirect;
    void (*completed)(struct virtqueue *queue);
    struct virtq_desc *desc;            // shared; we write
    volatile struct virtq_avail *avail; // shared; we write
    volatile struct virtq_used *used;   // shared; the device writes: never trusted
    volatile uint16_t *used_event;      // behind avail: when we want to be interrupted
    volatile uint16_t *avail_event;     // behind used: when the device wants a notification
    // Ours, never seen by the device:
    struct virtqueue_slot *slots;
    uint16_t free_head, free_count;
    uint16_t notified; // index of "avail" at the last virtqueue_notify()
    bool is_quiet;     // the device is not to interrupt
    uint64_t seen;     // completions that there were when used->index was looked at last
    struct virtqueue_counters counters;
};

// `size_max` descriptors or what the device allows, if that is less; it becomes a power of
// two. `completed` is called between threads when there may be something to collect; NULL: the
// device need not interrupt.
// 0; -ENOENT: the device has no such queue; -EINVAL: its queue is too small; -ENOMEM.
int virtqueue_create(struct virtio_device *device, unsigned index, unsigned size_max,
                     const char *name, void (*completed)(struct virtqueue *queue),
                     struct virtqueue **queue);

// Hands `out` segments that the device reads, and `in` that it writes, to it. The memory
// is the device's until the cookie (not NULL) comes back; the array of segments is not
// needed after the call. Never sleeps. 0; -EBUSY: no room, try again after a completion;
// -EINVAL: more segments than the queue can ever hold, or an empty one; -EIO: the device
// is broken.
int virtqueue_submit(struct virtqueue *queue, const struct segment *segments, unsigned out,
                     unsigned in, void *cookie);
// How many segments one request may have at most.
unsigned virtqueue_segments_max(const struct virtqueue *queue);
// Tells the device of everything submitted, if it wants to be told.
void virtqueue_notify(struct virtqueue *queue);
// The cookie of a request that the device has finished, or NULL: there is none now.
// *length: how many bytes it says it has written, never more than there was room for.
void *virtqueue_collect(struct virtqueue *queue, uint32_t *length);
// Whether there is something to collect. Unlike an empty-handed collect, asks for nothing.
bool virtqueue_has_used(const struct virtqueue *queue);
bool virtqueue_is_full(const struct virtqueue *queue); // one segment more would not fit
// How many requests the device has.
static inline unsigned virtqueue_in_flight(const struct virtqueue *queue)
{
    return (unsigned)(queue->counters.requests - queue->counters.completions);
}
// Takes the cookie of some request that is in flight, or NULL: only for a broken device.
void *virtqueue_abandon(struct virtqueue *queue);

// ---- For virtio.c -----------------------------------------------------------------------
void virtqueue_forbid_interrupts(struct virtqueue *queue);
void virtqueue_interrupted(struct virtqueue *queue); // calls completed()
void virtqueue_destroy(struct virtqueue *queue);     // once the device has been reset
