// SPDX-License-Identifier: MIT
//
// ICMP, what comes in: echo is answered, and word of failed packets passed on to the protocol
// that sent them (RFC 792; RFC 1122, 3.2.2).
//
// A failure is told to us by anybody who likes to. It quotes the packet's header and the first
// bytes behind it, and ip_tell_failure() drops what cannot be ours; the protocol then looks at
// ports and numbers, which a stranger would have to guess.
//
// Not here, on purpose: redirects (one packet from a neighbour would take over our way out) and
// source quench (RFC 6633 has ended it).
// Chapter 21.
#include "icmp.h"

#include "checksum.h"
#include "error.h"
#include "icmp_parts.h"
#include "ip_parts.h"

enum { LINK_HEADROOM = 64 }; // that the headers in front of an answer may need, IP's too

// ---- Echo ---------------------------------------------------------------------------------

// A packet that can be sent back as it is: nobody else looks at its first piece, and there is
// room in front. Otherwise a copy. NULL: no memory. `packet` is taken over.
static struct packet *make_writable(struct packet *packet)
{
    if (packet->references == 1 && !packet->lender && packet_headroom(packet) >= LINK_HEADROOM)
        return packet;
    struct packet *copy = packet_copy(packet);
    packet_put(packet);
    return copy;
}

// The question is the answer, but for one byte: its data goes back where it lies, however long
// it is. Broadcasts are not answered: many would, at once, to somebody who never asked (RFC
// 1122, 3.2.2.6, leaves that to us).
static void answer_echo(struct packet *packet, const struct ip_ends *ends)
{
    if (ip_is_broadcast(&ends->destination)) {
        packet_put(packet);
        return;
    }
    packet = make_writable(packet);
    if (!packet)
        return;
    struct icmp_header *header = (void *)packet->data;
    be16 before, after;
    before = *(be16 *)(void *)header;
    header->type = ICMP_ECHO_REPLY;
    after = *(be16 *)(void *)header;
    header->checksum = checksum_update(header->checksum, before, after);
    packet->transport = packet->data;
    packet->checksum = PACKET_CHECKSUM_NONE;
    packet->segment_size = 0;
    struct ip_flow flow = {
        .source = ends->destination, .destination = ends->source, .protocol = IP_ICMP};
    ip_send(packet, &flow);
}

// ---- Failures -----------------------------------------------------------------------------

// RFC 1122, 3.2.2.1 and 4.2.3.9, by code.
static const struct {
    int error;
    bool is_hard;
} unreachable[] = {
    [ICMP_NET] = {-ENETUNREACH, false},
    [ICMP_HOST] = {-EHOSTUNREACH, false},
    [ICMP_PROTOCOL] = {-ECONNREFUSED, true},
    [ICMP_PORT] = {-ECONNREFUSED, true},
    [ICMP_FRAGMENTATION_NEEDED] = {-EMSGSIZE, false},
    {-EHOSTUNREACH, false}, // 5: source route failed
    {-ENETUNREACH, false},  // 6: network unknown
    {-EHOSTUNREACH, false}, // 7: host unknown
    {-EHOSTUNREACH, false}, // 8: source host isolated
    {-ENETUNREACH, false},  // 9: network forbidden
    {-EHOSTUNREACH, false}, // 10: host forbidden
    {-ENETUNREACH, false},  // 11: network, for this type of service
    {-EHOSTUNREACH, false}, // 12: host, the same
    {-EHOSTUNREACH, false}, // 13: filtered (RFC 1812, 5.2.7.1)
};

// What gets through when the router did not say: the next smaller of the sizes that networks
// have (RFC 1191, table 7-1).
static uint32_t next_plateau(uint32_t size)
{
    static const uint16_t plateaus[] = {32000, 17914, 8166, 4352, 2002,
                                        1492,  1006,  508,  296,  IP_MTU_MIN};
    for (unsigned i = 0; i < sizeof(plateaus) / sizeof(plateaus[0]); i++) {
        if (plateaus[i] < size)
            return plateaus[i];
    }
    return IP_MTU_MIN;
}

// A router that says more than the packet had, or less than any network may have, is wrong.
static uint32_t mtu_of(const struct icmp_header *header, const struct ip_header *quoted)
{
    uint32_t mtu = from_be16(header->mtu), size = from_be16(quoted->total_length);
    if (mtu == 0 || mtu >= size)
        return next_plateau(size);
    return mtu < IP_MTU_MIN ? IP_MTU_MIN : mtu;
}

static void pass_on_failure(struct packet *packet, const struct ip_ends *ends)
{
    size_t enough = sizeof(struct icmp_header) + IP_HEADER_MAX + sizeof(struct icmp_header);
    if (enough > packet->total)
        enough = packet->total;
    if (enough < sizeof(struct icmp_header) + sizeof(struct ip_header) ||
        (packet->size < enough && !packet_pull_up(packet, enough)))
        return;
    const struct icmp_header *header = (const void *)packet->data;
    const struct ip_header *quoted = (const void *)(header + 1);
    if (quoted->source != address_be32(&ends->destination))
        return;

    struct ip_failure failure = {.error = -EHOSTUNREACH, .reporter = ends->source};
    if (header->type == ICMP_TIME_EXCEEDED) {
        failure.error = -ETIMEDOUT;
    } else if (header->type == ICMP_PARAMETER) {
        failure.error = -EPROTO;
    } else if (header->code < sizeof(unreachable) / sizeof(unreachable[0])) {
        failure.error = unreachable[header->code].error;
        failure.is_hard = unreachable[header->code].is_hard;
        if (header->code == ICMP_FRAGMENTATION_NEEDED)
            failure.mtu = mtu_of(header, quoted);
    }
    ip_tell_failure(quoted, packet->size - sizeof(*header), &failure);
}

// Of our own ICMP packets only questions can fail.
static void failed(const struct ip_ends *ends, const uint8_t *bytes, size_t size,
                   const struct ip_failure *failure)
{
    const struct icmp_header *header = (const void *)bytes;
    if (header->type == ICMP_ECHO)
        icmp_echo_failed(ends, header, failure);
}

// ---- Receiving ----------------------------------------------------------------------------

static bool is_right(struct packet *packet)
{
    if (packet->total < sizeof(struct icmp_header))
        return false;
    if (packet->size < sizeof(struct icmp_header) &&
        !packet_pull_up(packet, sizeof(struct icmp_header)))
        return false;
    return packet->checksum == PACKET_CHECKSUM_VALID ||
           checksum_finish(checksum_packet(0, packet, 0, packet->total)) == 0;
}

static void receive(struct packet *packet, const struct ip_ends *ends)
{
    if (!is_right(packet)) {
        packet_put(packet);
        return;
    }
    const struct icmp_header *header = (const void *)packet->data;
    switch (header->type) {
    case ICMP_ECHO:
        answer_echo(packet, ends);
        return;
    case ICMP_ECHO_REPLY:
        icmp_echo_received(packet, ends);
        return;
    case ICMP_UNREACHABLE:
    case ICMP_TIME_EXCEEDED:
    case ICMP_PARAMETER:
        pass_on_failure(packet, ends);
        break;
    default: // RFC 1122, 3.2.2: what is not known is dropped
        break;
    }
    packet_put(packet);
}

const struct ip_protocol icmp_protocol = {
    .name = "icmp",
    .number = IP_ICMP,
    .receive = receive,
    .failed = failed,
};
