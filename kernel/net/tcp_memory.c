// SPDX-License-Identifier: MIT
//
// How much memory TCP may take: a part of the machine's, whatever the peers do.
//
//   tcp_limits()                     chosen once, by how much memory there is
//   tcp_memory_add(connection, n)    what a connection holds
//   tcp_memory_is_short()            then nothing is taken that could come again later
//
// Chapter 23.
#include "machine.h"
#include "page.h"
#include "smaller.h"
#include "tcp_parts.h"

enum {
    KIB = 1024,
    MEMORY_SHARE = 4,      // of the machine's: one in so many
    BUFFER_SHARE = 64,     // a connection's largest buffer
    TIME_WAIT_SHARE = 256, // records of connections that were
    TIME_WAIT_SIZE = 192,  // of a record on the heap, about
};

static struct {
    struct tcp_limits limits;
    size_t used;
} memory;

static void choose_limits(struct tcp_limits *limits)
{
    struct page_statistics pages;
    page_statistics(&pages);
    size_t bytes = pages.total * PAGE_SIZE;
    limits->memory = bytes / MEMORY_SHARE;
    limits->send_most = between(bytes / BUFFER_SHARE, 32 * KIB, 4096 * KIB);
    limits->receive_most = between(bytes / BUFFER_SHARE, 32 * KIB, 2048 * KIB);
    limits->send = between(limits->send_most, 0, 256 * KIB);
    limits->receive = between(limits->receive_most, 0, 128 * KIB);
    limits->time_wait = between(bytes / TIME_WAIT_SHARE / TIME_WAIT_SIZE, 64, 16384);
}

const struct tcp_limits *tcp_limits(void)
{
    if (memory.limits.memory == 0)
        choose_limits(&memory.limits);
    return &memory.limits;
}

void tcp_memory_add(struct tcp_connection *connection, size_t bytes)
{
    memory.used += bytes;
    if (connection)
        connection->memory += bytes;
}

void tcp_memory_subtract(struct tcp_connection *connection, size_t bytes)
{
    ASSERT(bytes <= memory.used);

    memory.used -= bytes;
    if (connection)
        connection->memory -= bytes;
}

size_t tcp_memory(void)
{
    return memory.used;
}

bool tcp_memory_is_short(void)
{
    return memory.used > memory.limits.memory; // known since the first connection
}

// Pages of its own, or the bytes of somebody else's.
static inline size_t piece_memory(const struct packet *piece)
{
    return piece->pages ? piece->pages * PAGE_SIZE : sizeof(*piece) + piece->size;
}

size_t tcp_packet_memory(const struct packet *packet)
{
    size_t bytes = piece_memory(packet);
    while ((packet = packet->more))
        bytes += piece_memory(packet);
    return bytes;
}
