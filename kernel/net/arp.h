// SPDX-License-Identifier: MIT
//
// ARP: which Ethernet address an IPv4 address has (RFC 826; timeouts of RFC 1122, 2.3.2).
//
//   arp_init()
//   arp_set_address(device, ip)            we are that: requests for it are answered
//   arp_send(device, packet, next_hop)     the packet goes as soon as the answer is here
//   arp_probe(device, ip, done, context)   does somebody else have it (RFC 5227)
//
// An entry is incomplete while it is asked for, with a few packets waiting; then reachable;
// then stale: it is still used, and asked for again. Chapter 20.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ethernet.h"

extern const struct ethernet_protocol arp_protocol;

void arp_init(void);
// 0: none any more. Announces it (RFC 5227, 2.3).
void arp_set_address(struct net_device *device, be32 ip);
be32 arp_address(const struct net_device *device); // 0: none
// Takes the packet, which begins with its IP header, over; it goes in an Ethernet frame. When
// nobody answers, unreachable() of those that wait is called (arp_set_unreachable).
void arp_send(struct net_device *device, struct packet *packet, be32 next_hop);
// Whoever has it does not answer any more: he is asked before much else goes to him.
void arp_suspect(struct net_device *device, be32 ip);
// What becomes of packets whose next hop did not answer: set by ip.c, which tells their
// senders. Takes the packet over. Unset: they are dropped.
void arp_set_unreachable(void (*unreachable)(struct packet *packet));
// Asks a few times whether somebody has the address (RFC 5227, 2.1); then done(context,
// is_taken, by), between threads. -EBUSY: one is under way on this device.
int arp_probe(struct net_device *device, be32 ip,
              void (*done)(void *context, bool is_taken, const uint8_t by[MAC_SIZE]),
              void *context);
// Somebody else uses our address (RFC 5227, 2.4): it is in the log already.
void arp_set_conflict(void (*conflict)(struct net_device *device, be32 ip,
                                       const uint8_t by[MAC_SIZE]));

enum arp_state { ARP_INCOMPLETE, ARP_REACHABLE, ARP_STALE, ARP_PERMANENT };
struct arp_entry_info {
    const struct net_device *device;
    be32 ip;
    uint8_t mac[MAC_SIZE];
    enum arp_state state;
    uint64_t age_ns;      // since it was heard
    unsigned waiting;     // packets
};
bool arp_next(unsigned i, struct arp_entry_info *info); // the i-th; false: no more
int arp_set(struct net_device *device, be32 ip, const uint8_t mac[MAC_SIZE]); // permanent
int arp_forget(be32 ip); // -ENOENT
void arp_flush(struct net_device *device); // all but the permanent ones
