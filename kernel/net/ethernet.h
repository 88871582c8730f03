// SPDX-License-Identifier: MIT
//
// Ethernet II frames: who they are for, and which protocol is inside (IEEE 802.3, 3; RFC 894).
//
//   ethernet_init(protocols)              once: the table of those above, ends with NULL
//   ethernet_attach(device)               from here on its frames come to us
//   ethernet_send(device, packet, to, type)
//
// Chapter 20.
#pragma once

#include <stdint.h>

#include "endian.h"
#include "netdev.h"

enum ethernet_type { ETHERNET_IPV4 = 0x0800, ETHERNET_ARP = 0x0806, ETHERNET_IPV6 = 0x86dd };

struct ethernet_header {
    uint8_t destination[MAC_SIZE], source[MAC_SIZE];
    be16 type;
};
_Static_assert(sizeof(struct ethernet_header) == 14, "IEEE 802.3, 3.1.1");

extern const uint8_t ethernet_broadcast[MAC_SIZE];

struct ethernet_protocol {
    const char *name;
    uint16_t type; // enum ethernet_type
    // Takes the packet, which begins behind the Ethernet header, over. Never sleeps.
    void (*receive)(struct net_device *device, struct packet *packet);
};

void ethernet_init(const struct ethernet_protocol *const *protocols);
void ethernet_attach(struct net_device *device);
// Puts the header in front and sends it. Takes the packet over. Never sleeps.
void ethernet_send(struct net_device *device, struct packet *packet,
                   const uint8_t to[MAC_SIZE], uint16_t type);
// "52:54:00:12:34:56". Returns `text`.
enum { MAC_TEXT_SIZE = 18 };
const char *ethernet_print(const uint8_t mac[MAC_SIZE], char text[MAC_TEXT_SIZE]);
