// SPDX-License-Identifier: MIT
//
// The Internet protocol, version 4 (RFC 791, RFC 1122, 3.2): packets to and from any host.
//
//   ip_init(protocols)                         once: ICMP, UDP, TCP; ends with NULL
//   ip_configure(device, &configuration)       an interface's address, or none
//   ip_route_add(), ip_route_remove()
//   ip_send(packet, &flow)                     puts the header in front and sends it
//
// Received: header checked, options skipped, fragments put together (ip_fragment.c), given to
// its protocol. Sent: route found, cut into fragments where that is allowed. We do not forward.
// Chapter 21.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "ethernet.h"
#include "packet.h"

enum ip_number { IP_ICMP = 1, IP_TCP = 6, IP_UDP = 17 };

struct ip_header {
    uint8_t version_and_length; // 4, and the header's length in words
    uint8_t service;            // DSCP and ECN (RFC 2474, RFC 3168)
    be16 total_length, id;
    be16 fragment;              // enum ip_fragment_bits, offset in units of 8 bytes
    uint8_t ttl, protocol;
    be16 checksum;
    be32 source, destination;
};
_Static_assert(sizeof(struct ip_header) == 20, "RFC 791, 3.1");
enum ip_fragment_bits { IP_DONT_FRAGMENT = 0x4000, IP_MORE_FRAGMENTS = 0x2000,
                        IP_OFFSET_MASK = 0x1fff };
enum { IP_TTL = 64, IP_MTU_MIN = 68, IP_HEADER_MAX = 60 };

extern const struct ethernet_protocol ip_protocol_of_ethernet;

// ---- Protocols above -------------------------------------------------------------------
// Who and to whom. Ports are 0 here: those belong to the protocol above.
struct ip_ends {
    struct os_address source, destination;
};

// Why a packet of ours did not get there (RFC 1122, 3.2.2; 4.1.3.3 and 4.2.3.9).
struct ip_failure {
    int error;     // -ECONNREFUSED (port or protocol), -EHOSTUNREACH, -ENETUNREACH, -EMSGSIZE,
                   // -ETIMEDOUT (TTL)
    bool is_hard;  // RFC 1122, 4.2.3.9: nothing else will help
    uint32_t mtu;  // of -EMSGSIZE: what gets through, IP_MTU_MIN at least. Who can tell that
                   // the packet was its own passes it on to ip_mtu_lower()
    struct os_address reporter; // who said so
};

struct ip_protocol {
    const char *name;
    uint8_t number; // enum ip_number
    // Takes the packet over, which begins behind the IP header (packet->network has that).
    // Never sleeps.
    void (*receive)(struct packet *packet, const struct ip_ends *ends);
    // A packet that we sent between these ends failed; `bytes` are the first of what followed
    // its IP header, `size` of them, 8 at least. NULL: not of interest.
    void (*failed)(const struct ip_ends *ends, const uint8_t *bytes, size_t size,
                   const struct ip_failure *failure);
};

void ip_init(const struct ip_protocol *const *protocols);

// ---- Sending ---------------------------------------------------------------------------
struct ip_route;
// What stays the same from packet to packet. A connection keeps one.
struct ip_flow {
    struct os_address source, destination; // source: any, it is chosen by the route
    uint8_t protocol, ttl, service;        // ttl 0: IP_TTL
    bool dont_fragment, may_broadcast;
    struct net_device *device;             // only through this one (DHCP); NULL: by the routes
    // ip_route.c's: what was found last time, right as long as nothing has changed.
    uint32_t generation;                   // 0: never looked
    uint32_t mtu;                          // of the path
    struct net_device *through;
    be32 next_hop;                         // 0: to all, or many, on the link
};
// Takes the packet over, which begins with the header of the protocol above, and whose
// packet->transport points there. 0; -ENETUNREACH: no route; -ENETDOWN: no link that way;
// -EMSGSIZE: does not fit and may not be cut; -EACCES: broadcast without leave; -EADDRNOTAVAIL:
// the source is not ours (any more); -ENOMEM. What happens later is a failed().
int ip_send(struct packet *packet, struct ip_flow *flow);
// Fills in flow->source and finds the route. 0, -ENETUNREACH, -ENETDOWN, -EACCES,
// -EADDRNOTAVAIL.
int ip_flow_route(struct ip_flow *flow);
// What a packet to there may have, with its IP header: the route's mtu, or less when a router
// has said so (RFC 1191), kept for 10 minutes.
uint32_t ip_flow_mtu(const struct ip_flow *flow);
struct net_device *ip_flow_device(const struct ip_flow *flow); // NULL: no route
// Nothing comes back. Perhaps the next hop is gone (RFC 9293, 3.8.3; RFC 1122, 3.3.1.4).
void ip_flow_suspect(const struct ip_flow *flow);
void ip_mtu_lower(const struct os_address *destination, uint32_t mtu);
// The sum over the pseudo header (RFC 768, RFC 9293, 3.1), to go on with checksum_add().
static inline uint64_t ip_pseudo_sum(const struct os_address *source,
                                     const struct os_address *destination, uint8_t protocol,
                                     size_t size)
{
    return (uint64_t)address_be32(source) + address_be32(destination) + to_be16(protocol) +
           to_be16((uint16_t)size);
}
// The same sum as it stands in a field of PACKET_CHECKSUM_PARTIAL: see packet.h. Sets those of
// the packet; `offset` of the field from packet->transport.
void ip_checksum_partial(struct packet *packet, const struct ip_flow *flow, unsigned offset);

// ---- Addresses and routes --------------------------------------------------------------
struct ip_configuration {
    struct os_address address, gateway; // family 0: none
    unsigned prefix;                    // bits of the network
    struct os_address servers[3];       // DNS; for those who ask
    struct os_address time_servers[3];  // NTP, the same
    const char *source;                 // "static", "dhcp": who gave it; for those who look
    uint64_t lease_end_ns;              // of dhcp's, on machine_clock_ns(); UINT64_MAX: never
};
// Replaces what it had. Adds the routes that follow from it. 0; -EINVAL: no address of a host,
// or a gateway that is not on its link; -ENOMEM.
int ip_configure(struct net_device *device, const struct ip_configuration *configuration);
const struct ip_configuration *ip_configuration(const struct net_device *device); // or NULL
bool ip_is_ours(const struct os_address *address); // some interface has it, or loopback
bool ip_is_broadcast(const struct os_address *address);
// Changes with every ip_configure() and route, and what is known of paths. Never 0.
uint32_t ip_generation(void);
// Told after each ip_configure() and route.
struct ip_listener {
    struct list link;
    void (*changed)(struct ip_listener *listener);
};
void ip_listen(struct ip_listener *listener);

struct ip_route {
    struct list all;
    be32 network, gateway;     // gateway 0: it is on the link
    unsigned prefix;
    unsigned metric;           // of two that fit as well, the smaller one's has precedence
    struct net_device *device;
    bool is_ours;              // comes from ip_configure() and goes with it
};
// Of metric 0: before those of ip_configure(). 0; -EEXIST; -ENOMEM; -ENETUNREACH: the gateway
// is on no link.
int ip_route_add(const struct os_address *network, unsigned prefix,
                 const struct os_address *gateway, struct net_device *device);
int ip_route_remove(const struct os_address *network, unsigned prefix); // -ENOENT
const struct ip_route *ip_route_next(const struct ip_route *route);     // NULL: the first
// The loopback device: "lo", 127.0.0.1/8, and every address of ours. Brought up by ip_init().
struct net_device *ip_loopback(void);

struct ip_statistics {
    uint64_t received, delivered, sent;
    uint64_t bad_header, bad_checksum, not_ours, unknown_protocol, no_route;
    uint64_t fragments_received, reassembled, reassembly_failed, fragments_sent;
};
void ip_statistics(struct ip_statistics *statistics);
