// SPDX-License-Identifier: MIT
//
// What all steps of a node's script share: its connection, waiting, and the bytes that go over
// it.
#pragma once

#include <stdarg.h>

#include "error.h"
#include "format.h"
#include "heap.h"
#include "net/dns.h"
#include "net/packet.h"
#include "net/tcp.h"
#include "page.h"
#include "panic.h"
#include "print.h"
#include "string.h"
#include "timer.h"
#include "wait.h"

enum { PIECE = 8192 };
static const uint64_t SECOND_NS = 1000000000, MILLISECOND_NS = 1000000;

static struct {
    struct tcp_connection *listener, *connection;
    struct tcp_user user, listener_user;
    bool has_changed;
    struct wait_queue waiter;
    uint64_t sent, received; // bytes of the connection
    struct dns_query query;
} node;

// ---- Waiting ----------------------------------------------------------------------------

static void wake(void)
{
    node.has_changed = true;
    wait_queue_wake_all(&node.waiter, 0);
}

static void changed(struct tcp_user *user)
{
    wake();
}

// Until something has changed. False: the deadline came first.
static bool wait_for_change(uint64_t deadline_ns)
{
    static const struct wait_reason reason = {.what = "the network", .external = true};
    while (!node.has_changed)
        if (wait_queue_wait(&node.waiter, &reason, deadline_ns) == -ETIMEDOUT)
            return false;
    node.has_changed = false;
    return true;
}

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
    char text[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    uint64_t ms = machine_clock_ns() / MILLISECOND_NS;
    print("%llu.%03llu %s\n", (unsigned long long)(ms / 1000), (unsigned long long)(ms % 1000),
          text);
}

// memory: what is in use
static void step_memory(char **words)
{
    struct heap_statistics heap;
    struct page_statistics pages;
    struct packet_statistics packets;
    struct tcp_statistics tcp;
    tcp_statistics(&tcp);
    heap_statistics(&heap);
    page_statistics(&pages);
    packet_statistics(&packets);
    say("memory: %zu allocations, %zu bytes, heap of %zu pages, %zu pages in use, "
        "%zu of them spare; %zu connections, %zu in TIME_WAIT",
        heap.allocations, heap.bytes, heap.pages, pages.total - pages.free,
        packets.spare / PAGE_SIZE, tcp.connections, tcp.time_wait);
}

static uint64_t number(const char *text)
{
    uint64_t value = 0;
    for (; text && *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (uint64_t)(*text - '0');
    return value;
}

// ---- Bytes ------------------------------------------------------------------------------

// The same as pattern() of wire.py.
static uint8_t byte_at(uint64_t offset)
{
    return (uint8_t)(offset * 7 + (offset >> 8) * 13);
}

// A count, or an error; -EAGAIN is none of the caller's affairs.
static int write_some(uint64_t left)
{
    static uint8_t bytes[PIECE];
    size_t size = left < sizeof(bytes) ? left : sizeof(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = byte_at(node.sent + i);
    int count = tcp_write(node.connection, bytes, size);
    node.sent += count > 0 ? (uint64_t)count : 0;
    return count;
}

static int read_some(uint64_t left)
{
    static uint8_t bytes[PIECE];
    int count = tcp_read(node.connection, bytes, left < sizeof(bytes) ? left : sizeof(bytes));
    for (int i = 0; i < count; i++)
        if (bytes[i] != byte_at(node.received + (unsigned)i))
            panic("byte %llu is %#x: expected %#x",
                  (unsigned long long)node.received + (unsigned)i, bytes[i],
                  byte_at(node.received + (unsigned)i));
    node.received += count > 0 ? (uint64_t)count : 0;
    return count;
}
