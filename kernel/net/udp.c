// SPDX-License-Identifier: MIT
//
// UDP: datagrams from port to port (RFC 768; RFC 1122, 4.1).
//
//   udp_open(port, &local), udp_connect(port, &remote), udp_close(port)
//   udp_send(port, packet, &to)
//   port->received(port, packet, &from, &to)
//
// A datagram goes to the port that says most about it: connected to where it comes from, then
// bound to the address it was sent to, then bound to any. One to many goes to all that fit. Who
// has which port is in udp_port.c.
// Chapter 22.
#include "udp.h"

#include "checksum.h"
#include "error.h"
#include "icmp.h"
#include "udp_parts.h"

enum { DATA_MAX = 65535 - sizeof(struct ip_header) - sizeof(struct udp_header) };

static struct {
    struct udp_statistics counters;
} udp;

void udp_statistics(struct udp_statistics *statistics)
{
    *statistics = udp.counters;
}

// ---- Receiving ----------------------------------------------------------------------------

static bool has_right_checksum(const struct packet *packet, const struct udp_header *header,
                               const struct ip_ends *ends)
{
    if (header->checksum == 0 || packet->checksum == PACKET_CHECKSUM_VALID)
        return true;
    uint64_t sum = ip_pseudo_sum(&ends->source, &ends->destination, IP_UDP, packet->total);
    return checksum_finish(checksum_packet(sum, packet, 0, packet->total)) == 0;
}

// Cuts the packet to the length that the header says. NULL: it is wrong.
static const struct udp_header *check_header(struct packet *packet, const struct ip_ends *ends)
{
    const struct udp_header *header;
    if (packet->size < sizeof(*header) && !packet_pull_up(packet, sizeof(*header))) {
        udp.counters.bad_length++;
        return NULL;
    }
    header = (const void *)packet->data;
    size_t length = from_be16(header->length);
    if (length < sizeof(*header) || length > packet->total) {
        udp.counters.bad_length++;
        return NULL;
    }
    if (length < packet->total)
        packet_trim(packet, length);
    if (!has_right_checksum(packet, header, ends)) {
        udp.counters.bad_checksum++;
        return NULL;
    }
    return header;
}

static void give(struct udp_port *port, struct packet *packet, const struct ip_ends *ends)
{
    packet_pull(packet, sizeof(struct udp_header));
    port->received(port, packet, &ends->source, &ends->destination);
}

// To each that fits, copies for all but the last. A port that closes another while it receives
// would break the list: what they get is theirs to look at later.
static void give_to_all(struct packet *packet, const struct ip_ends *ends)
{
    struct udp_port *port = NULL, *next = NULL;
    while ((next = udp_find_next(next, ends, packet->device))) {
        struct packet *copy = port ? packet_copy(packet) : NULL;
        if (copy)
            give(port, copy, ends);
        port = next;
    }
    if (port)
        give(port, packet, ends);
    else
        packet_put(packet);
}

static void receive(struct packet *packet, const struct ip_ends *ip_ends)
{
    const struct udp_header *header = check_header(packet, ip_ends);
    if (!header) {
        packet_put(packet);
        return;
    }
    struct ip_ends ends = *ip_ends;
    ends.source.port = from_be16(header->source);
    ends.destination.port = from_be16(header->destination);
    udp.counters.received++;
    if (packet->is_broadcast || packet->is_multicast) {
        give_to_all(packet, &ends);
        return;
    }
    struct udp_port *port = udp_find(&ends, packet->device);
    if (port) {
        give(port, packet, &ends);
        return;
    }
    udp.counters.no_port++;
    icmp_report(packet, ICMP_UNREACHABLE, ICMP_PORT, 0); // RFC 1122, 4.1.3.1
    packet_put(packet);
}

// What we sent from a port of ours failed (RFC 1122, 4.1.3.3).
static void failed(const struct ip_ends *ip_ends, const uint8_t *bytes, size_t size,
                   const struct ip_failure *failure)
{
    const struct udp_header *header = (const void *)bytes;
    struct ip_ends back = {.source = ip_ends->destination, .destination = ip_ends->source};
    back.source.port = from_be16(header->destination);
    back.destination.port = from_be16(header->source);
    struct udp_port *port = udp_find(&back, NULL);
    if (!port)
        return;
    if (failure->mtu != 0)
        ip_mtu_lower(&ip_ends->destination, failure->mtu);
    if (port->failed)
        port->failed(port, &back.source, failure);
}

const struct ip_protocol udp_protocol = {
    .name = "udp",
    .number = IP_UDP,
    .receive = receive,
    .failed = failed,
};

// ---- Sending ------------------------------------------------------------------------------

// The flow to there: the last one, or a new one. The source is the port's, or chosen anew when
// the ways have changed.
static void aim(struct udp_port *port, const struct os_address *to)
{
    struct ip_flow *flow = &port->flow;
    if (flow->generation == ip_generation() && address_equal(&flow->destination, to) &&
        flow->ttl == port->ttl)
        return;
    *flow = (struct ip_flow){.source = port->local,
                             .destination = *to,
                             .protocol = IP_UDP,
                             .ttl = port->ttl,
                             .may_broadcast = port->broadcast,
                             .device = port->device};
}

int udp_send(struct udp_port *port, struct packet *packet, const struct os_address *to)
{
    if (!to)
        to = &port->remote;
    int error = packet->total > DATA_MAX                   ? -EMSGSIZE
                : to->family == OS_ANY_FAMILY || !to->port ? -EDESTADDRREQ
                                                           : 0;
    if (!error) {
        aim(port, to);
        // The checksum covers the source, which the way decides.
        if (port->flow.generation != ip_generation())
            error = ip_flow_route(&port->flow);
    }
    if (error) {
        packet_put(packet);
        return error;
    }
    size_t length = sizeof(struct udp_header) + packet->total;
    struct udp_header *header = packet_push(packet, sizeof(*header));
    header->source = to_be16(port->local.port);
    header->destination = to_be16(to->port);
    header->length = to_be16((uint16_t)length);
    packet->transport = (uint8_t *)header;
    ip_checksum_partial(packet, &port->flow, offsetof(struct udp_header, checksum));
    udp.counters.sent++;
    return ip_send(packet, &port->flow);
}
