// SPDX-License-Identifier: MIT
//
// ICMP: echo, and word of packets that did not get there (RFC 792, RFC 1122, 3.2.2).
//
//   icmp_protocol                        for ip_init()'s table
//   icmp_report(packet, type, code, mtu) tells the sender of a packet why it is refused
//   struct icmp_echo                     our own questions: ping
//
// Chapter 21.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ip.h"

enum icmp_type { ICMP_ECHO_REPLY = 0, ICMP_UNREACHABLE = 3, ICMP_SOURCE_QUENCH = 4,
                 ICMP_REDIRECT = 5, ICMP_ECHO = 8, ICMP_TIME_EXCEEDED = 11,
                 ICMP_PARAMETER = 12 };
enum icmp_unreachable { ICMP_NET = 0, ICMP_HOST = 1, ICMP_PROTOCOL = 2, ICMP_PORT = 3,
                        ICMP_FRAGMENTATION_NEEDED = 4 };

extern const struct ip_protocol icmp_protocol;

// Not for broadcasts, later fragments, errors (RFC 1122, 3.2.2), and not too often. The packet
// stays the caller's; packet->network is its IP header.
void icmp_report(const struct packet *packet, uint8_t type, uint8_t code, uint32_t mtu);

// Whoever asks others: sees replies to its id, and failures of its requests. Never sleeps.
struct icmp_echo {
    struct list link;
    uint16_t id;         // given by icmp_echo_open()
    // Takes the packet over: it begins behind the ICMP header. `error`: 0 for a reply.
    void (*answered)(struct icmp_echo *echo, struct packet *packet,
                     const struct os_address *from, uint16_t sequence, uint8_t ttl,
                     const struct ip_failure *failure); // failure, and no packet; or NULL
};
void icmp_echo_open(struct icmp_echo *echo); // finds a free id
void icmp_echo_close(struct icmp_echo *echo);
// Takes over the packet, which holds the data to be echoed. 0 or as ip_send().
int icmp_echo_send(struct icmp_echo *echo, struct packet *packet, struct ip_flow *flow,
                   uint16_t sequence);
