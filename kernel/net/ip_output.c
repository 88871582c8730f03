// SPDX-License-Identifier: MIT
//
// IPv4, what goes out: the header in front, fragments when it is too long, and on to the link
// (RFC 791, 2.3 and 3.2; RFC 1122, 3.2.1 and 3.3).
//
//   ip_send(packet, &flow)
//
// What differs from packet to packet is written here; all else the flow has.
// Chapter 21.
#include "arp.h"
#include "error.h"
#include "ip_parts.h"
#include "random.h"
#include "string.h"

enum {
    VERSION_AND_LENGTH = 0x45, // 4, and a header of 5 words: we send no options
    PACKET_MAX = 65535,
    COUNTERS = 64,
};

static struct {
    uint16_t ids[COUNTERS];
} output;

// ---- Checksums ----------------------------------------------------------------------------

void ip_checksum_partial(struct packet *packet, const struct ip_flow *flow, unsigned offset)
{
    uint64_t sum =
        ip_pseudo_sum(&flow->source, &flow->destination, flow->protocol, packet->total);
    *(be16 *)(void *)(packet->transport + offset) = (be16)~checksum_finish(sum);
    packet->checksum = PACKET_CHECKSUM_PARTIAL;
    packet->checksum_start = sizeof(struct ip_header);
    packet->checksum_offset = (uint16_t)offset;
}

// What no device can do for a packet in fragments. `packet` begins with its IP header.
static void complete_checksum(struct packet *packet)
{
    if (packet->checksum != PACKET_CHECKSUM_PARTIAL)
        return;
    unsigned start = packet->checksum_start;
    uint64_t sum = checksum_packet(0, packet, start, packet->total - start);
    be16 checksum = checksum_finish(sum);
    // RFC 768: 0 would say that there is none. For TCP it is the same number.
    *(be16 *)(void *)(packet->network + start + packet->checksum_offset) =
        checksum ? checksum : 0xffff;
    packet->checksum = PACKET_CHECKSUM_NONE;
}

// ---- To the link --------------------------------------------------------------------------

// The Ethernet address of those who listen to a multicast address (RFC 1112, 6.4).
static void multicast_mac(be32 address, uint8_t mac[MAC_SIZE])
{
    const uint8_t *bytes = (const uint8_t *)&address;
    const uint8_t group[MAC_SIZE] = {0x01, 0x00, 0x5e, bytes[1] & 0x7f, bytes[2], bytes[3]};
    memcpy(mac, group, MAC_SIZE);
}

static void send_to_many(struct net_device *device, struct packet *packet)
{
    const struct ip_header *header = (const void *)packet->network;
    uint8_t mac[MAC_SIZE];
    if (ip_first_byte(header->destination) >> 4 == 14)
        multicast_mac(header->destination, mac);
    else
        memcpy(mac, ethernet_broadcast, MAC_SIZE);
    ethernet_send(device, packet, mac, ETHERNET_IPV4);
}

// Takes the packet, complete with its header, over.
static void transmit(struct packet *packet, const struct ip_flow *flow)
{
    struct net_device *device = flow->through;
    packet->device = device;
    packet->is_broadcast = packet->is_multicast = false;
    ip_counters()->sent++;
    if (!device->has_ethernet)
        netdev_transmit(device, packet);
    else if (flow->next_hop == 0)
        send_to_many(device, packet);
    else
        arp_send(device, packet, flow->next_hop);
}

// ---- Fragments ----------------------------------------------------------------------------

// `size` bytes of `packet` from `offset` on, behind those of `fragment`, without a copy.
static int share(struct packet *fragment, struct packet *packet, size_t offset, size_t size)
{
    for (struct packet *piece = packet; piece && size > 0; piece = piece->more) {
        if (offset >= piece->size) {
            offset -= piece->size;
            continue;
        }
        size_t count = size < piece->size - offset ? size : piece->size - offset;
        struct packet *part = packet_share(piece, offset, count);
        if (!part)
            return -ENOMEM;
        packet_append(fragment, part);
        size -= count;
        offset = 0;
    }
    return 0;
}

// Sends `size` bytes of the packet's data from `offset` on, with a header of their own.
static int send_fragment(struct packet *packet, const struct ip_flow *flow, size_t offset,
                         size_t size)
{
    struct packet *fragment = packet_alloc(PACKET_HEADROOM, 0);
    if (!fragment)
        return -ENOMEM;
    struct ip_header *header = packet_push(fragment, sizeof(*header));
    *header = *(const struct ip_header *)(const void *)packet->network;
    int error = share(fragment, packet, sizeof(*header) + offset, size);
    if (error) {
        packet_put(fragment);
        return error;
    }
    bool is_last = sizeof(*header) + offset + size == packet->total;
    header->fragment = to_be16((uint16_t)(offset / 8 | (is_last ? 0 : IP_MORE_FRAGMENTS)));
    header->total_length = to_be16((uint16_t)(sizeof(*header) + size));
    header->checksum = 0;
    header->checksum = ip_header_checksum(header);
    fragment->network = (uint8_t *)header;
    ip_counters()->fragments_sent++;
    transmit(fragment, flow);
    return 0;
}

// Takes the packet over. Without memory for one, those that follow are of no use to anybody.
// (Rare, and of many variables: inside of ip_send(), every packet would make room for them.)
static __attribute__((noinline)) int send_in_fragments(struct packet *packet,
                                                       const struct ip_flow *flow)
{
    size_t data = packet->total - sizeof(struct ip_header);
    size_t room = (flow->mtu - sizeof(struct ip_header)) & ~(size_t)7; // RFC 791, 3.2
    int error = flow->dont_fragment ? -EMSGSIZE : 0;
    if (!error)
        complete_checksum(packet);
    for (size_t offset = 0; offset < data && !error; offset += room)
        error =
            send_fragment(packet, flow, offset, data - offset < room ? data - offset : room);
    packet_put(packet);
    return error;
}

// ---- Sending ------------------------------------------------------------------------------

// Another number for every packet that can be cut on its way, so that pieces of two to the same
// host are not mixed up (RFC 6864, 4.1); counted for many hosts apart, from where nobody knows.
static be16 next_id(be32 destination)
{
    uint32_t hash = destination ^ destination >> 16;
    return to_be16(output.ids[(hash ^ hash >> 8) % COUNTERS]++);
}

static void fill_in(struct ip_header *header, const struct ip_flow *flow, size_t total)
{
    be32 destination = address_be32(&flow->destination);
    header->version_and_length = VERSION_AND_LENGTH;
    header->service = flow->service;
    header->total_length = to_be16((uint16_t)total);
    header->id = flow->dont_fragment ? 0 : next_id(destination);
    header->fragment = flow->dont_fragment ? to_be16(IP_DONT_FRAGMENT) : 0;
    header->ttl = flow->ttl ? flow->ttl : IP_TTL;
    header->protocol = flow->protocol;
    header->checksum = 0;
    header->source = address_be32(&flow->source);
    header->destination = destination;
    header->checksum = ip_header_checksum(header);
}

static int refuse(struct packet *packet, int error)
{
    if (error == -ENETUNREACH)
        ip_counters()->no_route++;
    packet_put(packet);
    return error;
}

int ip_send(struct packet *packet, struct ip_flow *flow)
{
    if (flow->generation != ip_generation()) {
        int error = ip_flow_route(flow);
        if (error)
            return refuse(packet, error);
    }
    if (packet->total > PACKET_MAX - sizeof(struct ip_header))
        return refuse(packet, -EMSGSIZE);
    struct ip_header *header = packet_push(packet, sizeof(*header));
    packet->network = (uint8_t *)header;
    fill_in(header, flow, packet->total);
    // What is to be cut into segments anyway is so with room for its headers.
    if (packet->total > flow->mtu && packet->segment_size == 0)
        return send_in_fragments(packet, flow);
    transmit(packet, flow);
    return 0;
}

void ip_flow_suspect(const struct ip_flow *flow)
{
    if (flow->through && flow->through->has_ethernet && flow->next_hop != 0)
        arp_suspect(flow->through, flow->next_hop);
}

void ip_output_init(void)
{
    random_bytes(output.ids, sizeof(output.ids));
}
