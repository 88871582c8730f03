// SPDX-License-Identifier: MIT
//
// What has come for a socket of datagrams and waits to be received.
//
//   socket_queue_put(queue, packet, &from)          never sleeps; drops it when full
//   socket_queue_take(queue, &from)                 the next one, or NULL
//   socket_packet(bytes, size)                      a datagram to be sent
//
// However small a datagram is, its packet may hold a page: that is what counts. Bounded for
// each socket, and for all of them together. Chapter 25.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "list.h"
#include "packet.h"
#include "user/os_net.h"

enum { SOCKET_DATAGRAM_MAX = 65507 }; // 65535 without the headers of IPv4 and UDP, or ICMP

struct socket_queue {
    struct list packets;
    size_t bytes;         // of datagrams
    size_t memory, limit; // bytes
};

void socket_queue_init(struct socket_queue *queue);
void socket_queue_end(struct socket_queue *queue); // drops all that is there
int socket_queue_limit(struct socket_queue *queue, int bytes); // 0; -EINVAL
static inline bool socket_queue_is_empty(const struct socket_queue *queue)
{
    return list_is_empty(&queue->packets);
}
// Takes the packet over and gives one with so much room in front, a copy when it shares its
// memory with others. NULL: no memory.
struct packet *socket_queue_room(struct packet *packet, size_t size);
// Takes the packet over. Whether it was put there. `from` must not lie in the packet.
bool socket_queue_put(struct socket_queue *queue, struct packet *packet,
                      const struct os_address *from);
// The caller's; or NULL. `from` may be NULL.
struct packet *socket_queue_take(struct socket_queue *queue, struct os_address *from);

// A copy of the bytes, with headroom. 0; -EMSGSIZE, -ENOMEM.
int socket_packet(const void *bytes, size_t size, struct packet **packet);
