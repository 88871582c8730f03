// SPDX-License-Identifier: MIT
//
// A split virtqueue: buffers on their way to a device and back (virtio 1.2, 2.7).
//
// Three arrays in memory that both sides see. Descriptors say where buffers lie; chained,
// several make one request. In the ring "avail" we put the first descriptor of each request;
// in the ring "used" the device puts it back. Each ring has one writer, and an index that
// only grows and wraps around at 65536, so neither side ever waits for the other.
//
// Believed is only what is kept on our side: the free list, the chains and what belongs to
// them are in `slots`, which the device cannot reach.
// Chapter 14.
#include "drivers/virtio/virtqueue.h"

#include "drivers/virtio/virtio.h"
#include "error.h"
#include "heap.h"
#include "machine.h"
#include "panic.h"

enum { TABLE_MIN = 8 }; // descriptors of the smallest indirect table

// ---- To the device ----------------------------------------------------------------------
unsigned virtqueue_segments_max(const struct virtqueue *queue)
{
    return queue->size; // of an indirect table, too: virtio 1.2, 2.7.5.3.1
}

bool virtqueue_is_full(const struct virtqueue *queue)
{
    return queue->free_count == 0;
}

// Neither empty nor longer than a descriptor can say.
static inline bool fits(const struct segment *segment)
{
    return segment->size - 1 < UINT32_MAX;
}

// How many bytes fit into the segments from `first` on, or -EINVAL: one of all does not fit.
static int64_t measure(const struct segment *segments, unsigned first, unsigned count)
{
    uint64_t room = 0;
    for (unsigned i = 0; i < count; i++) {
        if (!fits(&segments[i]))
            return -EINVAL;
        if (i >= first)
            room += segments[i].size;
    }
    return (int64_t)room;
}

static void describe(struct virtq_desc *desc, const struct segment *segment, unsigned flags,
                     uint16_t next)
{
    desc->address = machine_dma_address(segment->data);
    desc->length = (uint32_t)segment->size;
    desc->flags = (uint16_t)flags;
    desc->next = next;
}

// Chains free descriptors, in the order in which they are free. Nothing is taken yet.
static void fill_ring(struct virtqueue *queue, const struct segment *segments, unsigned out,
                      unsigned count)
{
    uint16_t head = queue->free_head, at = head;
    for (unsigned i = 0;; i++) {
        unsigned flags = i < out ? 0 : VIRTQ_DESC_WRITE;
        uint16_t next = queue->slots[at].next;
        if (i + 1 == count) {
            describe(&queue->desc[at], &segments[i], flags, 0);
            break;
        }
        describe(&queue->desc[at], &segments[i], flags | VIRTQ_DESC_NEXT, next);
        at = next;
    }
    queue->slots[head].last = at;
    queue->slots[head].count = (uint16_t)count;
}

// The same in a table of its own, which costs one descriptor of the ring.
static void fill_table(struct virtqueue *queue, const struct segment *segments, unsigned out,
                       unsigned count)
{
    uint16_t head = queue->free_head;
    struct virtqueue_slot *slot = &queue->slots[head];
    struct virtq_desc *desc = slot->table;
    for (unsigned i = 0; i < count; i++) {
        unsigned flags = i < out ? VIRTQ_DESC_NEXT : VIRTQ_DESC_NEXT | VIRTQ_DESC_WRITE;
        describe(&desc[i], &segments[i], flags, (uint16_t)(i + 1));
    }
    desc[count - 1].flags &= (uint16_t)~VIRTQ_DESC_NEXT;

    const struct segment table = {desc, count * sizeof(*desc)};
    describe(&queue->desc[head], &table, VIRTQ_DESC_INDIRECT, 0);
    slot->last = head;
    slot->count = 1;
}

// Whether the free slot at the head has a table for so many; a longer one is made when it
// does not, and kept.
static bool has_table(struct virtqueue *queue, unsigned count)
{
    struct virtqueue_slot *slot = &queue->slots[queue->free_head];
    if (count <= slot->table_size)
        return true;

    unsigned size = TABLE_MIN;
    while (size < count)
        size *= 2;
    struct virtq_desc *table = heap_alloc(size * sizeof(*table));
    if (!table)
        return false; // a chain in the ring does it, too
    heap_free(slot->table);
    slot->table = table;
    slot->table_size = (uint16_t)size;
    return true;
}

// The request that begins at `head` is the device's now.
static inline void hand_over(struct virtqueue *queue, uint16_t head)
{
    uint64_t before = queue->counters.requests;
    queue->avail->ring[before & (queue->size - 1u)] = head;
    queue->counters.requests = before + 1;
    machine_write_barrier(); // the device sees the entry before the index that covers it
    queue->avail->index = (uint16_t)(before + 1);
}

// A single segment needs neither a chain nor a table: most of what network cards are given.
static inline void submit_one(struct virtqueue *queue, const struct segment *segment, bool in,
                              void *cookie)
{
    uint16_t head = queue->free_head;
    struct virtqueue_slot *slot = &queue->slots[head];
    describe(&queue->desc[head], segment, in ? VIRTQ_DESC_WRITE : 0, 0);
    slot->last = head;
    slot->count = 1;
    slot->cookie = cookie;
    slot->room = in ? segment->size : 0;
    queue->free_head = slot->next;
    queue->free_count--;
    queue->counters.descriptors++;
    hand_over(queue, head);
}

// Headers and their data: the other thing that they are given all the time. Chained in the ring
// as long as that has room in plenty.
static inline void submit_pair(struct virtqueue *queue, const struct segment *segments,
                               void *cookie)
{
    uint16_t head = queue->free_head;
    struct virtqueue_slot *slot = &queue->slots[head];
    uint16_t last = slot->next;
    describe(&queue->desc[head], &segments[0], VIRTQ_DESC_NEXT, last);
    describe(&queue->desc[last], &segments[1], 0, 0);
    slot->last = last;
    slot->count = 2;
    slot->cookie = cookie;
    slot->room = 0;
    queue->free_head = queue->slots[last].next;
    queue->free_count -= 2;
    queue->counters.descriptors += 2;
    hand_over(queue, head);
}

// Any number of segments, and all that can be wrong with them.
static __attribute__((noinline)) int submit_any(struct virtqueue *queue,
                                                const struct segment *segments, unsigned out,
                                                unsigned in, void *cookie)
{
    ASSERT(cookie);

    if (queue->device->broken)
        return -EIO;
    unsigned count = out + in;
    if (count == 0 || count > queue->size)
        return -EINVAL;
    int64_t room = measure(segments, out, count);
    if (room < 0)
        return -EINVAL;
    if (queue->free_count == 0)
        return -EBUSY;

    if (queue->indirect && has_table(queue, count))
        fill_table(queue, segments, out, count);
    else if (count <= queue->free_count)
        fill_ring(queue, segments, out, count);
    else
        return -EBUSY;

    uint16_t head = queue->free_head;
    struct virtqueue_slot *slot = &queue->slots[head];
    slot->cookie = cookie;
    slot->room = (uint64_t)room;
    queue->free_head = queue->slots[slot->last].next;
    queue->free_count -= slot->count;
    queue->counters.descriptors += slot->count;
    hand_over(queue, head);
    return 0;
}

int virtqueue_submit(struct virtqueue *queue, const struct segment *segments, unsigned out,
                     unsigned in, void *cookie)
{
    bool is_usable = cookie && !queue->device->broken;
    if (is_usable && out == 2 && in == 0 && queue->free_count > queue->size / 2 &&
        fits(&segments[0]) && fits(&segments[1])) {
        submit_pair(queue, segments, cookie);
        return 0;
    }
    if (is_usable && out + in == 1 && queue->free_count > 0 && fits(segments)) {
        submit_one(queue, segments, in, cookie);
        return 0;
    }
    return submit_any(queue, segments, out, in, cookie);
}

// With event indexes: whether the device's wish lies among the entries since the last call
// (virtio 1.2, 2.7.10). The differences stay right when the indexes wrap around.
static bool wants_notification(const struct virtqueue *queue, uint16_t before, uint16_t now)
{
    if (!queue->event_idx)
        return !(queue->used->flags & VIRTQ_USED_NO_NOTIFY);
    return (uint16_t)(now - *queue->avail_event - 1) < (uint16_t)(now - before);
}

// Behind a barrier: what we have written can be seen before anything else is read. QEMU 7.2
// leaves barriers out of its translation for a machine with one processor, although its
// devices are another thread. No register is read without the lock that this thread holds.
static void meet_device(const struct virtqueue *queue)
{
    queue->device->transport->status(queue->device);
}

void virtqueue_notify(struct virtqueue *queue)
{
    uint16_t before = queue->notified, now = (uint16_t)queue->counters.requests;
    if (before == now || queue->device->broken)
        return;
    queue->notified = now;
    // Either the device sees our index before it sleeps, or we see that it wants to be woken.
    machine_barrier();
    if (!wants_notification(queue, before, now)) {
        meet_device(queue);
        if (!wants_notification(queue, before, now))
            return;
    }
    queue->counters.notifications++;
    queue->device->transport->notify(queue->device, queue->index);
}

// ---- And back ---------------------------------------------------------------------------
bool virtqueue_has_used(const struct virtqueue *queue)
{
    return queue->used->index != (uint16_t)queue->counters.completions;
}

// Looks at the device's index, once for all that it covers.
static bool find_used(struct virtqueue *queue)
{
    uint16_t index = queue->used->index;
    uint16_t count = (uint16_t)(index - queue->counters.completions);
    if (count == 0)
        return false;
    unsigned in_flight = virtqueue_in_flight(queue);
    if (count > in_flight) {
        virtio_break(queue->device, "queue \"%s\": %u requests finished of %u in flight",
                     queue->name, count, in_flight);
        return false;
    }
    machine_read_barrier(); // entries are not read before the index that covers them
    queue->seen = queue->counters.completions + count;
    return true;
}

// The next used entry is to interrupt. Whoever has asked looks once more: an entry that came
// in between did not (virtio 1.2, 2.7.10).
static void ask_for_interrupt(struct virtqueue *queue)
{
    if (!queue->completed)
        return;
    queue->is_quiet = false;
    if (queue->event_idx)
        *queue->used_event = (uint16_t)queue->counters.completions;
    else
        queue->avail->flags = 0;
    machine_barrier();
    meet_device(queue);
}

// Takes back what the request has used. Returns its cookie.
static inline void *take_back(struct virtqueue *queue, uint16_t head)
{
    struct virtqueue_slot *slots = queue->slots, *slot = &slots[head];
    void *cookie = slot->cookie;
    slot->cookie = NULL;
    slots[slot->last].next = queue->free_head;
    queue->free_head = head;
    queue->free_count += slot->count;
    queue->counters.completions++;
    return cookie;
}

static inline volatile struct virtq_used_element *next_used(struct virtqueue *queue)
{
    return &queue->used->ring[queue->counters.completions & (queue->size - 1u)];
}

// The next one that has been seen, or NULL: the device has written nonsense.
static inline void *take_next(struct virtqueue *queue, uint32_t *length)
{
    // Each is read once: the device could change it between a check and a use.
    volatile struct virtq_used_element *used = next_used(queue);
    uint32_t id = used->id, written = used->length;
    if (id >= queue->size || !queue->slots[id].cookie || written > queue->slots[id].room)
        return NULL;
    *length = written;
    return take_back(queue, (uint16_t)id);
}

// Both numbers are only told, not used.
static void complain(struct virtqueue *queue)
{
    uint32_t id = next_used(queue)->id, written = next_used(queue)->length;
    if (id >= queue->size || !queue->slots[id].cookie)
        virtio_break(queue->device, "queue \"%s\": request %u finished, which is not in flight",
                     queue->name, (unsigned)id);
    else
        virtio_break(queue->device, "queue \"%s\": %u bytes written where %llu fit",
                     queue->name, (unsigned)written, (unsigned long long)queue->slots[id].room);
}

// One that has been seen was nonsense; or it is looked for more, and once more behind the wish
// to be told.
static __attribute__((noinline)) void *collect_slowly(struct virtqueue *queue, uint32_t *length)
{
    if (queue->device->broken)
        return NULL;
    if (queue->counters.completions != queue->seen) {
        complain(queue);
        return NULL;
    }
    if (!find_used(queue)) {
        ask_for_interrupt(queue);
        if (!find_used(queue))
            return NULL;
    }
    return virtqueue_collect(queue, length);
}

void *virtqueue_collect(struct virtqueue *queue, uint32_t *length)
{
    void *cookie = NULL;
    if (queue->counters.completions != queue->seen && !queue->device->broken)
        cookie = take_next(queue, length);
    return cookie ? cookie : collect_slowly(queue, length);
}

// With event indexes the device has passed the one that it was asked for; the one before is
// 65535 entries away.
void virtqueue_forbid_interrupts(struct virtqueue *queue)
{
    queue->is_quiet = true;
    if (queue->event_idx)
        *queue->used_event = (uint16_t)(queue->counters.completions - 1);
    else
        queue->avail->flags = VIRTQ_AVAIL_NO_INTERRUPT;
}

void virtqueue_interrupted(struct virtqueue *queue)
{
    virtqueue_forbid_interrupts(queue); // until everything has been collected
    if (queue->completed)
        queue->completed(queue);
}

void *virtqueue_abandon(struct virtqueue *queue)
{
    ASSERT(queue->device->broken);

    for (unsigned i = 0; i < queue->size; i++) {
        if (queue->slots[i].cookie)
            return take_back(queue, (uint16_t)i);
    }
    return NULL;
}
