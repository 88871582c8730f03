// SPDX-License-Identifier: MIT
//
// UDP without a network: what is sent is kept, for the test to look at; what is received, the
// test makes. Takes the place of kernel/net/udp.c. One port at a time.
#pragma once

#include "error.h"
#include "net/udp.h"
#include "string.h"

enum { FAKE_UDP_MAX = 2000 };

static struct {
    struct udp_port *port; // that is open
    unsigned opened, sent;
    uint8_t bytes[FAKE_UDP_MAX]; // of the last datagram
    size_t size;
    struct os_address to;
    int open_error, send_error; // what they are to return
} fake_udp;

int udp_open(struct udp_port *port, const struct os_address *local)
{
    ASSERT(!fake_udp.port);
    if (fake_udp.open_error)
        return fake_udp.open_error;
    port->local = *local;
    port->remote = (struct os_address){0};
    if (port->local.port == 0)
        port->local.port = (uint16_t)(50000 + fake_udp.opened);
    fake_udp.port = port;
    fake_udp.opened++;
    return 0;
}

int udp_connect(struct udp_port *port, const struct os_address *remote)
{
    port->remote = *remote;
    return 0;
}

void udp_close(struct udp_port *port)
{
    ASSERT(fake_udp.port == port);
    fake_udp.port = NULL;
}

int udp_send(struct udp_port *port, struct packet *packet, const struct os_address *to)
{
    ASSERT(fake_udp.port == port);
    fake_udp.to = to ? *to : port->remote;
    fake_udp.size = packet_read(packet, 0, fake_udp.bytes, FAKE_UDP_MAX);
    packet_put(packet);
    fake_udp.sent++;
    return fake_udp.send_error;
}

// A datagram from whom the last one went to, in two pieces when `cut` is not 0.
static inline void udp_arrives_cut(const void *bytes, size_t size, uint16_t from_port,
                                   size_t cut)
{
    struct os_address from = fake_udp.to;
    struct packet *packet = packet_alloc(PACKET_HEADROOM, size);
    from.port = from_port;
    ASSERT(packet && fake_udp.port);
    packet_append_bytes(packet, bytes, cut ? cut : size);
    if (cut) {
        struct packet *tail = packet_alloc(PACKET_HEADROOM, size);
        packet_append_bytes(tail, (const uint8_t *)bytes + cut, size - cut);
        packet_append(packet, tail);
    }
    fake_udp.port->received(fake_udp.port, packet, &from, &fake_udp.port->local);
}

static inline void udp_arrives(const void *bytes, size_t size, uint16_t from_port)
{
    udp_arrives_cut(bytes, size, from_port, 0);
}

static inline size_t udp_packets(void)
{
    struct packet_statistics statistics;
    packet_statistics(&statistics);
    return statistics.pieces;
}
