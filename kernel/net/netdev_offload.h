// SPDX-License-Identifier: MIT
//
// What a network device would do and this one cannot: checksums completed, large TCP packets
// cut into segments, and segments put together. Only for netdev.c. Chapter 20.
#pragma once

#include "endian.h"
#include "netdev.h"

static inline bool netdev_needs_offload(const struct net_device *device,
                                        const struct packet *packet)
{
    if (packet->segment_size > 0)
        return !device->can_segment || packet->total > device->segment_max;
    return packet->checksum == PACKET_CHECKSUM_PARTIAL && !device->can_checksum;
}

// The headers of a TCP packet, behind the link's, at a multiple of four: IPv4 without options
// (RFC 791, 3.1), TCP (RFC 9293, 3.1), and its options if they are a timestamp (RFC 7323, 3.2).
struct netdev_headers {
    uint8_t version, service;
    be16 length, id, fragment;
    uint8_t ttl, protocol;
    be16 checksum;
    be32 source, destination;
    uint32_t ports;
    be32 sequence, acknowledgment;
    uint8_t offset, flags;
    be16 window, tcp_checksum, urgent;
    be32 time_start, time, echo;
};
enum {
    NETDEV_IP_VERSION = 0x45, // and its header's five words
    NETDEV_IP_SIZE = 20,
    NETDEV_TCP_SIZE = 20, // without options
    NETDEV_TCP_MAX = 60,
};

// Does it, and hands what comes out to netdev_transmit_ready(). Takes the packet over.
void netdev_offload(struct net_device *device, struct packet *packet);
void netdev_transmit_ready(struct net_device *device, struct packet *packet);

// ---- For netdev_merge.c ----------------------------------------------------------------
// During a batch: `merge`, a frame with an Ethernet header, whether it is taken over; what was
// held before goes up first, if this is not what continues it. The last one so far need not be
// held itself. `finish`: nothing more comes.
void netdev_set_merge(bool (*merge)(struct packet *packet, bool is_last), void (*finish)(void));
