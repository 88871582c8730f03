// SPDX-License-Identifier: MIT
//
// What the parts of IPv4 owe each other. Nobody but them and ICMP includes it: everyone else's
// interface is ip.h.
//
//   ip.c             what comes in: checked, and given to its protocol
//   ip_output.c      what goes out: header, fragments, the way to the device
//   ip_interface.c   the addresses that we have
//   ip_route.c       which way a packet goes
//   ip_mtu.c         what the way to a host lets through
//   ip_fragment.c    fragments, put together
//   loopback.c       the device for ourselves
//
// Chapter 21.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checksum.h"
#include "ip.h"

#define IP_BROADCAST ((be32)0xffffffff) // to all on the link (RFC 919, 7)

// ---- ip.c ------------------------------------------------------------------------------
struct ip_statistics *ip_counters(void);
// Tells the protocol above about a packet of ours: `header`, and what follows it, are `size`
// bytes that may be anybody's invention. False: it cannot be one of ours.
bool ip_tell_failure(const struct ip_header *header, size_t size,
                     const struct ip_failure *failure);

static inline size_t ip_header_size(const struct ip_header *header)
{
    return (header->version_and_length & 15) * 4u;
}

// For the header's field; 0 when the header is right and has it.
static inline be16 ip_header_checksum(const struct ip_header *header)
{
    const uint32_t *word = (const void *)header;
    uint64_t sum = (uint64_t)word[0] + word[1] + word[2] + word[3] + word[4];
    if (ip_header_size(header) > sizeof(*header)) // it has options
        sum = checksum_add(sum, word + 5, ip_header_size(header) - sizeof(*header));
    return checksum_finish(sum);
}

static inline size_t ip_fragment_offset(const struct ip_header *header) // in bytes
{
    return (from_be16(header->fragment) & IP_OFFSET_MASK) * 8u;
}

// The first number of an address: its class.
static inline uint8_t ip_first_byte(be32 address)
{
    return *(const uint8_t *)&address;
}

// ---- ip_output.c -----------------------------------------------------------------------
void ip_output_init(void);

// ---- ip_interface.c --------------------------------------------------------------------
struct ip_interface {
    struct list all;
    struct net_device *device;
    struct ip_configuration configuration;
    be32 address, mask;
    be32 broadcast; // to all of its network; IP_BROADCAST when there is no such address
};
void ip_interface_init(void);
const struct ip_interface *ip_interface_of(const struct net_device *device); // NULL: no address
// The one that is used where nothing says which: the first with a link, or NULL.
const struct ip_interface *ip_interface_default(void);
bool ip_have_address(be32 address);
bool ip_have_broadcast(be32 address);
bool ip_have_any(be32 address); // either of both
// Flows look for their way anew.
void ip_forget_flows(void);
// The same, and all who listen are told.
void ip_changed(void);

static inline bool ip_is_loopback(be32 address) // RFC 1122, 3.2.1.3 (g)
{
    return ip_first_byte(address) == 127;
}

// Of an address on the wire: 24 gives 255.255.255.0.
static inline be32 ip_mask(unsigned prefix)
{
    return prefix == 0 ? 0 : to_be32(UINT32_MAX << (32 - prefix));
}

// ---- ip_route.c ------------------------------------------------------------------------
void ip_route_init(void);
// Replaces the routes that follow from the device's address by those of `interface` (NULL:
// none). 0 or -ENOMEM: then there are none.
int ip_route_replace(struct net_device *device, const struct ip_interface *interface);

// ---- ip_mtu.c --------------------------------------------------------------------------
// What gets to `destination`, when the link lets `mtu` through.
uint32_t ip_mtu_of(be32 destination, uint32_t mtu);

// ---- ip_fragment.c ---------------------------------------------------------------------
void ip_fragment_init(void);
// Takes over a fragment, which begins behind its IP header. The whole packet when this was the
// last that was missing, or NULL.
struct packet *ip_fragment_receive(struct packet *packet);

// ---- loopback.c ------------------------------------------------------------------------
// `receive`: what its packets are given to.
void loopback_init(void (*receive)(struct net_device *device, struct packet *packet));
