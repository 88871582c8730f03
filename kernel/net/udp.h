// SPDX-License-Identifier: MIT
//
// UDP: datagrams from port to port (RFC 768, RFC 1122, 4.1).
//
//   udp_protocol                          for ip_init()'s table
//   udp_open(port, &local)                local.port 0: any free one
//   udp_send(port, packet, &to)
//   port->received(port, packet, &from, &to)
//
// Chapter 22.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ip.h"

extern const struct ip_protocol udp_protocol;

struct udp_header {
    be16 source, destination, length, checksum;
};
_Static_assert(sizeof(struct udp_header) == 8, "RFC 768");

struct udp_port {
    // Set by its owner before udp_open():
    // Takes the packet, which begins behind the UDP header, over. Never sleeps.
    void (*received)(struct udp_port *port, struct packet *packet,
                     const struct os_address *from, const struct os_address *to);
    // A datagram to there failed. NULL: not of interest. Never sleeps.
    void (*failed)(struct udp_port *port, const struct os_address *to,
                   const struct ip_failure *failure);
    // What waits to be received, and what that holds. NULL: nothing ever waits.
    void (*queued)(const struct udp_port *port, size_t *bytes, size_t *memory);
    bool reuse_address, broadcast; // SO_REUSEADDR, SO_BROADCAST
    struct net_device *device;     // only through this one (DHCP); NULL: any
    uint8_t ttl;                   // 0: IP_TTL
    // udp.c's:
    struct os_address local, remote; // remote: family 0, or only from there (connected)
    bool local_is_chosen;            // by udp_connect(): any, when that is undone
    struct ip_flow flow;             // to where the last one went
    struct list link;
};

// 0; -EADDRINUSE; -EADDRNOTAVAIL: not an address of ours; -ENOBUFS: no free port.
int udp_open(struct udp_port *port, const struct os_address *local);
int udp_connect(struct udp_port *port, const struct os_address *remote); // family 0: undone
void udp_close(struct udp_port *port);
// Takes the packet over: the data alone. `to` NULL: to where it is connected. 0; -EMSGSIZE:
// more than 65507 bytes; -EDESTADDRREQ; or as ip_send().
int udp_send(struct udp_port *port, struct packet *packet, const struct os_address *to);
// A port that nobody has, from the dynamic range in an order that others cannot guess (RFC
// 6056); used by TCP as well. 0: all are taken.
uint16_t udp_free_port(void);
// For those who look: the one after `port` (NULL: the first); NULL: no more.
struct udp_port *udp_next(const struct udp_port *port);

struct udp_statistics {
    uint64_t received, sent, bad_checksum, bad_length, no_port;
};
void udp_statistics(struct udp_statistics *statistics);
