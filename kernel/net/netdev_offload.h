// SPDX-License-Identifier: MIT
//
// What a network device would do and this one cannot: checksums completed, large TCP packets
// cut into segments, and segments put together. Only for netdev.c. Chapter 20.
#pragma once

#include "netdev.h"

static inline bool netdev_needs_offload(const struct net_device *device,
                                        const struct packet *packet)
{
    if (packet->segment_size > 0)
        return !device->can_segment || packet->total > device->segment_max;
    return packet->checksum == PACKET_CHECKSUM_PARTIAL && !device->can_checksum;
}

// Does it, and hands what comes out to netdev_transmit_ready(). Takes the packet over.
void netdev_offload(struct net_device *device, struct packet *packet);
void netdev_transmit_ready(struct net_device *device, struct packet *packet);

// ---- netdev_merge.c, during a batch ----------------------------------------------------
// A frame with an Ethernet header: whether it is taken over. What was held before goes up
// first, if this is not what continues it.
bool netdev_merge(struct packet *packet);
void netdev_merge_finish(void);
