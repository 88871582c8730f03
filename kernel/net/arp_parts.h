// SPDX-License-Identifier: MIT
//
// What the parts of ARP share. Nobody else includes it. Chapter 20.
#pragma once

#include "arp.h"
#include "list.h"
#include "timer.h"

enum arp_operation { ARP_REQUEST = 1, ARP_REPLY = 2 };

// RFC 826, for Ethernet and IPv4. Addresses of IPv4 lie at even places only.
struct arp_message {
    be16 hardware, protocol;
    uint8_t hardware_size, protocol_size;
    be16 operation;
    uint8_t sender_mac[MAC_SIZE];
    uint8_t sender_ip[4];
    uint8_t target_mac[MAC_SIZE];
    uint8_t target_ip[4];
};
_Static_assert(sizeof(struct arp_message) == 28, "RFC 826");

// What was heard, in the form that we use.
struct arp_heard {
    be32 sender, target;
    const uint8_t *mac; // the sender's
    bool is_request;
};

// ---- arp.c -----------------------------------------------------------------------------
// Says who we are, or asks who somebody is. `to` is the Ethernet address that it goes to.
void arp_transmit(struct net_device *device, enum arp_operation operation, be32 sender,
                  const uint8_t target_mac[MAC_SIZE], be32 target, const uint8_t *to);
static inline void arp_ask(struct net_device *device, be32 sender, be32 target,
                           const uint8_t *to)
{
    static const uint8_t unknown[MAC_SIZE];
    arp_transmit(device, ARP_REQUEST, sender, unknown, target, to);
}

// ---- arp_cache.c -----------------------------------------------------------------------
void arp_cache_init(void);
// The sender is heard of. One that the table does not have is only put there when it asks for
// us: then it is going to talk to us.
void arp_cache_learn(struct net_device *device, const struct arp_heard *heard,
                     bool asks_for_us);
void arp_cache_link(struct net_device *device); // its link went up or down

// ---- arp_address.c ---------------------------------------------------------------------
// Compares it with what is ours and what is being probed. False: do not learn from it.
bool arp_address_heard(struct net_device *device, const struct arp_heard *heard);
void arp_address_link(struct net_device *device);
