// SPDX-License-Identifier: MIT
//
// A bounded channel: items of one size, in order, from any thread to any thread.
//
// Senders wait while it is full, receivers while it is empty. After channel_close()
// sends fail with -EPIPE; what was sent can still be received, then receives fail with
// -EPIPE too.
// Chapter 12.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wait.h"

struct channel {
    const char *name;
    size_t item_size;  // bytes
    uint32_t capacity; // items, at least 1
    uint32_t first, count;
    bool closed;
    // Senders wait only while it is full, receivers only while it is empty;
    // reason.data: where the item lies.
    struct wait_queue senders, receivers;
    unsigned char items[]; // capacity * item_size bytes, a ring
};

// NULL when memory is out or the capacity is 0. The name must outlive the channel.
struct channel *channel_create(const char *name, size_t item_size, uint32_t capacity);
void channel_destroy(struct channel *channel); // nobody may be waiting in it
// Sleep. 0; -EPIPE; -ETIMEDOUT; -EINTR.
int channel_send(struct channel *channel, const void *item, uint64_t deadline_ns);
int channel_receive(struct channel *channel, void *item, uint64_t deadline_ns);
void channel_close(struct channel *channel);
