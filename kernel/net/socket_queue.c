// SPDX-License-Identifier: MIT
//
// What has come for a socket of datagrams and waits to be received. See socket_queue.h.
//
// Who sent it is written in front of the datagram, where its headers were: those end at a
// multiple of four bytes, so that it is copied like any struct.
// Chapter 25.
#include "socket_queue.h"

#include "error.h"
#include "machine.h"
#include "page.h"
#include "smaller.h"
#include "string.h"

enum {
    LIMIT_MIN = 16 << 10,
    LIMIT_DEFAULT = 1 << 20, // 256 datagrams of a page each
    SHARE = 16,              // of the machine's memory: what one socket has by default
    SHARE_OF_ALL = 4,        // and what all of them may hold
};

static struct {
    size_t memory, limit; // of all queues; limit 0: not known yet
} queues;

static size_t machine_memory(void)
{
    struct page_statistics pages;
    page_statistics(&pages);
    return pages.total * PAGE_SIZE;
}

void socket_queue_init(struct socket_queue *queue)
{
    size_t memory = machine_memory();
    list_init(&queue->packets);
    queue->bytes = queue->memory = 0;
    queue->limit = smaller(LIMIT_DEFAULT, memory / SHARE);
    queues.limit = memory / SHARE_OF_ALL;
}

int socket_queue_limit(struct socket_queue *queue, int bytes)
{
    if (bytes < 0)
        return -EINVAL;
    queue->limit = bytes > LIMIT_MIN ? (size_t)bytes : LIMIT_MIN;
    return 0;
}

// What is kept from others as long as the packet is there.
static size_t memory_of(const struct packet *packet)
{
    size_t pages = 0;
    for (const struct packet *piece = packet; piece; piece = piece->more)
        pages += piece->lender ? piece->lender->pages : piece->pages;
    return pages * PAGE_SIZE;
}

struct packet *socket_queue_room(struct packet *packet, size_t size)
{
    if (packet_headroom(packet) >= size)
        return packet;
    struct packet *copy = packet_copy(packet);
    packet_put(packet);
    return copy;
}

bool socket_queue_put(struct socket_queue *queue, struct packet *packet,
                      const struct os_address *from)
{
    packet = socket_queue_room(packet, sizeof(*from));
    size_t memory = packet ? memory_of(packet) : 0;
    if (!packet || queue->memory + memory > queue->limit ||
        queues.memory + memory > queues.limit) {
        packet_put(packet);
        return false;
    }
    queue->bytes += packet->total;
    *(struct os_address *)packet_push(packet, sizeof(*from)) = *from;
    list_append(&queue->packets, &packet->link);
    queue->memory += memory;
    queues.memory += memory;
    return true;
}

struct packet *socket_queue_take(struct socket_queue *queue, struct os_address *from)
{
    struct list *link = list_take_first(&queue->packets);
    if (!link)
        return NULL;
    struct packet *packet = container_of(link, struct packet, link);
    size_t memory = memory_of(packet);
    queue->memory -= memory;
    queues.memory -= memory;
    const struct os_address *sender = (const void *)packet->data;
    if (from)
        *from = *sender;
    packet_pull(packet, sizeof(*from));
    queue->bytes -= packet->total;
    return packet;
}

void socket_queue_end(struct socket_queue *queue)
{
    struct packet *packet;
    while ((packet = socket_queue_take(queue, NULL)))
        packet_put(packet);
}

// ---- Sending ----------------------------------------------------------------------------
// The bytes that did not fit into the first piece, behind it. On its own, so that the usual
// way, of small ones, stays short.
static __attribute__((noinline)) int append_rest(struct packet *packet, const char *bytes,
                                                 size_t size)
{
    while (size > 0) {
        size_t count = smaller(size, PACKET_ROOM);
        struct packet *piece = packet_alloc(0, count);
        if (!piece)
            return -ENOMEM;
        memcpy(packet_extend(piece, count), bytes, count);
        packet_append(packet, piece);
        bytes += count;
        size -= count;
    }
    return 0;
}

int socket_packet(const void *bytes, size_t size, struct packet **packet)
{
    if (size > SOCKET_DATAGRAM_MAX)
        return -EMSGSIZE;
    size_t first = smaller(size, PACKET_ROOM);
    *packet = packet_alloc(PACKET_HEADROOM, first);
    if (!*packet)
        return -ENOMEM;
    memcpy(packet_extend(*packet, first), bytes, first);
    if (first == size)
        return 0;
    int error = append_rest(*packet, (const char *)bytes + first, size - first);
    if (error)
        packet_put(*packet);
    return error;
}
