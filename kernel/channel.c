// SPDX-License-Identifier: MIT
//
// A bounded channel: a ring of items between threads.
//
//   channel_create(name, item_size, capacity)
//   channel_send(channel, &item, until)
//   channel_receive(channel, &item, until)
//   channel_close(channel)                    then receive what is left
//
// An item goes by hand where somebody waits for it: a sender puts it where the first
// receiver wants it, and a receiver that makes room fills it at once with what the
// first sender has. So a thread that wakes up is done, and nobody can be overtaken.
// Chapter 12.
#include "channel.h"

#include "error.h"
#include "heap.h"
#include "panic.h"
#include "string.h"

struct channel *channel_create(const char *name, size_t item_size, uint32_t capacity)
{
    if (capacity == 0 || item_size > (SIZE_MAX - sizeof(struct channel)) / capacity)
        return NULL;
    struct channel *channel = heap_alloc(sizeof *channel + item_size * capacity);
    if (!channel)
        return NULL;

    channel->name = name;
    channel->item_size = item_size;
    channel->capacity = capacity;
    wait_queue_init(&channel->senders);
    wait_queue_init(&channel->receivers);
    return channel;
}

void channel_destroy(struct channel *channel)
{
    ASSERT(!wait_queue_first(&channel->senders) && !wait_queue_first(&channel->receivers));

    heap_free(channel);
}

// Most items are a pointer or a number: those need no loop.
static inline void copy_item(const struct channel *channel, void *to, const void *from)
{
    if (channel->item_size == sizeof(uint64_t) && ((uintptr_t)to | (uintptr_t)from) % 8 == 0)
        *(uint64_t *)to = *(const uint64_t *)from;
    else
        memcpy(to, from, channel->item_size);
}

static void put_last(struct channel *channel, const void *item)
{
    size_t place = (size_t)channel->first + channel->count;
    if (place >= channel->capacity)
        place -= channel->capacity;
    copy_item(channel, channel->items + place * channel->item_size, item);
    channel->count++;
}

static void take_first(struct channel *channel, void *item)
{
    copy_item(channel, item, channel->items + channel->first * channel->item_size);
    channel->first = channel->first + 1 == channel->capacity ? 0 : channel->first + 1;
    channel->count--;
}

// Waits until a thread of the other side has dealt with `item`, or the channel is
// closed.
static int wait_in(struct channel *channel, struct wait_queue *queue, void *item,
                   uint64_t deadline_ns)
{
    const struct wait_reason reason = {.what = "channel", .name = channel->name, .data = item};

    return wait_queue_wait(queue, &reason, deadline_ns);
}

int channel_send(struct channel *channel, const void *item, uint64_t deadline_ns)
{
    if (channel->closed)
        return -EPIPE;

    struct thread *receiver = wait_queue_first(&channel->receivers);
    if (receiver) {
        copy_item(channel, receiver->waits_for->data, item);
        thread_wake(receiver, 0);
        return 0;
    }
    if (channel->count < channel->capacity) {
        put_last(channel, item);
        return 0;
    }
    return wait_in(channel, &channel->senders, (void *)item, deadline_ns);
}

int channel_receive(struct channel *channel, void *item, uint64_t deadline_ns)
{
    if (channel->count == 0)
        return channel->closed ? -EPIPE
                               : wait_in(channel, &channel->receivers, item, deadline_ns);

    take_first(channel, item);
    struct thread *sender = wait_queue_first(&channel->senders);
    if (sender) {
        put_last(channel, sender->waits_for->data);
        thread_wake(sender, 0);
    }
    return 0;
}

void channel_close(struct channel *channel)
{
    channel->closed = true;
    wait_queue_wake_all(&channel->senders, -EPIPE);
    wait_queue_wake_all(&channel->receivers, -EPIPE);
}
