// SPDX-License-Identifier: MIT
//
// IPv4, what comes in: checked, put together, given to its protocol (RFC 791; RFC 1122, 3.2).
//
//   ip_init(protocols)
//   ip_protocol_of_ethernet          for ethernet_init()'s table: receive()
//
// A packet is for us when the device that it came through has the address it was sent to. That
// of another interface is not answered there (RFC 1122, 3.3.4.2, the strong model): what
// listens on one network cannot be reached from another by a route of somebody else's.
// What is wrong is counted and dropped without a word, as RFC 1122 wants it.
// Chapter 21.
#include "ip.h"

#include "arp.h"
#include "error.h"
#include "icmp.h"
#include "ip_parts.h"

enum {
    NUMBERS = 32, // of protocols: a table this long finds those that we have
    OPTION_END = 0,
    OPTION_NOTHING = 1,
    OPTION_LOOSE_ROUTE = 131,
    OPTION_STRICT_ROUTE = 137,
    QUOTE_MIN = 8, // bytes of a failed packet that its protocol gets to see
};

static struct {
    const struct ip_protocol *protocols[NUMBERS]; // by number
    struct ip_statistics counters;
    // Who spoke to us last: most packets come from where the one before came from.
    struct {
        const struct net_device *device;
        be32 source, destination;
        uint32_t generation; // of ip_generation(); 0: nobody yet
    } last;
} ip;

struct ip_statistics *ip_counters(void)
{
    return &ip.counters;
}

void ip_statistics(struct ip_statistics *statistics)
{
    *statistics = ip.counters;
}

static const struct ip_protocol *protocol_of(uint8_t number)
{
    return number < NUMBERS ? ip.protocols[number] : NULL;
}

// ---- The header ---------------------------------------------------------------------------

// Options mean nothing to us, but we are no part of a route that the sender has made up (RFC
// 7126, 4.3 and 4.4, against RFC 1122, 3.2.1.8), and lists that do not end well are refused.
static bool options_are_harmless(const uint8_t *option, const uint8_t *end)
{
    while (option < end && *option != OPTION_END) {
        if (*option == OPTION_NOTHING) {
            option++;
            continue;
        }
        if (*option == OPTION_LOOSE_ROUTE || *option == OPTION_STRICT_ROUTE)
            return false;
        if (end - option < 2 || option[1] < 2 || option[1] > end - option)
            return false;
        option += option[1];
    }
    return true;
}

// The header, which then lies in one piece, all of it, with the packet cut to the length that
// it says: Ethernet fills up short frames. NULL: it is wrong.
static struct ip_header *check_header(struct packet *packet)
{
    struct ip_header *header;
    if (packet->size < sizeof(*header) && !packet_pull_up(packet, sizeof(*header)))
        return NULL;
    header = (void *)packet->data;
    size_t size = ip_header_size(header), total = from_be16(header->total_length);
    if (header->version_and_length >> 4 != 4 || size < sizeof(*header) || total < size ||
        total > packet->total)
        return NULL;
    if (size > sizeof(*header)) {
        if (packet->size < size && !packet_pull_up(packet, size))
            return NULL;
        header = (void *)packet->data;
        if (!options_are_harmless(packet->data + sizeof(*header), packet->data + size))
            return NULL;
    }
    if (total < packet->total)
        packet_trim(packet, total);
    return header;
}

// Whether a host out there can have sent it: its source is a host's address, and none of ours
// (RFC 1122, 3.2.1.3; RFC 6890).
static bool source_is_possible(be32 source)
{
    uint8_t first = ip_first_byte(source);
    return first != 0 && first < 224 && !ip_have_any(source);
}

// What was sent to all on the link must say so in both headers (RFC 1122, 3.3.6). A device
// without an address hears what is for all: that is how it gets one.
static bool is_for_us(const struct net_device *device, const struct packet *packet,
                      be32 destination)
{
    const struct ip_interface *interface = ip_interface_of(device);
    if (interface && destination == interface->address)
        return !packet->is_broadcast && !packet->is_multicast;
    if (device == ip_loopback())
        return ip_have_address(destination);
    return destination == IP_BROADCAST || (interface && destination == interface->broadcast);
}

// Both ends are right, and those of a packet that was for this host alone are remembered.
static __attribute__((noinline)) bool check_ends(const struct net_device *device,
                                                 const struct packet *packet,
                                                 const struct ip_header *header)
{
    if (!is_for_us(device, packet, header->destination) ||
        (device != ip_loopback() && !source_is_possible(header->source)))
        return false;
    if (!packet->is_broadcast && !packet->is_multicast &&
        ip_have_address(header->destination)) {
        ip.last.device = device;
        ip.last.source = header->source;
        ip.last.destination = header->destination;
        ip.last.generation = ip_generation();
    }
    return true;
}

static bool are_as_last(const struct net_device *device, const struct packet *packet,
                        const struct ip_header *header)
{
    return header->source == ip.last.source && header->destination == ip.last.destination &&
           device == ip.last.device && !packet->is_broadcast && !packet->is_multicast &&
           ip.last.generation == ip_generation();
}

// ---- Receiving ----------------------------------------------------------------------------

// Takes the packet, which begins behind its IP header, over.
static void deliver(struct packet *packet)
{
    const struct ip_header *header = (const void *)packet->network;
    const struct ip_protocol *protocol = protocol_of(header->protocol);
    if (!protocol) {
        ip.counters.unknown_protocol++;
        icmp_report(packet, ICMP_UNREACHABLE, ICMP_PROTOCOL, 0);
        packet_put(packet);
        return;
    }
    struct ip_ends ends; // for every packet: without an initialiser, which would clear it first
    ends.source = address_ipv4(header->source, 0);
    ends.destination = address_ipv4(header->destination, 0);
    packet->transport = packet->data;
    ip.counters.delivered++;
    protocol->receive(packet, &ends);
}

static void drop(struct packet *packet, uint64_t *counter)
{
    ++*counter;
    packet_put(packet);
}

static void receive(struct net_device *device, struct packet *packet)
{
    ip.counters.received++;
    const struct ip_header *header = check_header(packet);
    if (!header) {
        drop(packet, &ip.counters.bad_header);
        return;
    }
    if (ip_header_checksum(header) != 0) {
        drop(packet, &ip.counters.bad_checksum);
        return;
    }
    if (!are_as_last(device, packet, header) && !check_ends(device, packet, header)) {
        drop(packet, &ip.counters.not_ours);
        return;
    }
    packet->device = device;
    packet->network = packet->data;
    packet_pull(packet, ip_header_size(header));
    if (header->fragment & to_be16(IP_MORE_FRAGMENTS | IP_OFFSET_MASK)) {
        ip.counters.fragments_received++;
        packet = ip_fragment_receive(packet);
    }
    if (packet)
        deliver(packet);
}

// ---- Failures -----------------------------------------------------------------------------

bool ip_tell_failure(const struct ip_header *header, size_t size,
                     const struct ip_failure *failure)
{
    if (size < sizeof(*header))
        return false;
    size_t header_size = ip_header_size(header);
    if (header->version_and_length >> 4 != 4 || header_size < sizeof(*header) ||
        size < header_size + QUOTE_MIN || ip_fragment_offset(header) != 0 ||
        !ip_have_address(header->source))
        return false;
    const struct ip_protocol *protocol = protocol_of(header->protocol);
    if (!protocol)
        return false;
    struct ip_ends ends = {.source = address_ipv4(header->source, 0),
                           .destination = address_ipv4(header->destination, 0)};
    if (protocol->failed)
        protocol->failed(&ends, (const uint8_t *)header + header_size, size - header_size,
                         failure);
    return true;
}

// Nobody has answered for the next hop: whoever sent it hears so, as if a router had said it.
static void next_hop_is_silent(struct packet *packet)
{
    size_t enough = sizeof(struct ip_header) + QUOTE_MIN;
    if (packet->size >= enough || packet_pull_up(packet, enough)) {
        const struct ip_header *header = (const void *)packet->data;
        struct ip_failure failure = {.error = -EHOSTUNREACH,
                                     .is_hard = true, // asked several times, by us, just now
                                     .reporter = address_ipv4(header->source, 0)};
        ip_tell_failure(header, packet->size, &failure);
    }
    packet_put(packet);
}

const struct ethernet_protocol ip_protocol_of_ethernet = {
    .name = "ipv4",
    .type = ETHERNET_IPV4,
    .receive = receive,
};

void ip_init(const struct ip_protocol *const *protocols)
{
    for (; *protocols; protocols++) {
        ASSERT((*protocols)->number < NUMBERS);
        ip.protocols[(*protocols)->number] = *protocols;
    }
    ip_interface_init();
    ip_route_init();
    ip_output_init();
    ip_fragment_init();
    arp_set_unreachable(next_hop_is_silent);
    loopback_init(receive);
}
