// SPDX-License-Identifier: MIT
//
// ICMP, what we tell others of their packets (RFC 792; RFC 1122, 3.2.2).
//
//   icmp_report(packet, type, code, mtu)
//
// Not about everything, or two hosts could talk about each other's errors for ever, and one
// packet to many could bring as many back to somebody who never sent it. And not too often:
// RFC 1812, 4.3.2.8, leaves the measure to us.
// Chapter 21.
#include "checksum.h"
#include "icmp_parts.h"
#include "ip_parts.h"
#include "machine.h"

enum {
    QUOTE_MAX = 548, // bytes: a packet of 576 in all (RFC 1812, 4.3.2.3)
    REPORTS_A_SECOND = 200,
    BURST = 50,
};
#define REPORT_NS (1000000000ull / REPORTS_A_SECOND)

static struct {
    uint64_t paid_until_ns; // a report costs REPORT_NS of time; BURST may be owed
} reports;

static bool is_too_often(void)
{
    uint64_t now_ns = machine_clock_ns();
    if (reports.paid_until_ns < now_ns)
        reports.paid_until_ns = now_ns;
    if (reports.paid_until_ns - now_ns > BURST * REPORT_NS)
        return true;
    reports.paid_until_ns += REPORT_NS;
    return false;
}

// Bytes from the IP header on that lie in one piece.
static size_t bytes_at_hand(const struct packet *packet)
{
    return (size_t)(packet->data + packet->size - packet->network);
}

// RFC 1122, 3.2.2: not about errors, later fragments, what was sent to many, or comes from no
// single host.
static bool may_be_told(const struct packet *packet)
{
    const struct ip_header *header = (const void *)packet->network;
    const uint8_t *data = packet->network + ip_header_size(header);
    struct os_address destination = address_ipv4(header->destination, 0);
    uint8_t first = ip_first_byte(header->source);

    if (packet->is_broadcast || packet->is_multicast || address_is_multicast(&destination) ||
        ip_is_broadcast(&destination) || ip_fragment_offset(header) != 0)
        return false;
    if (header->protocol == IP_ICMP &&
        (bytes_at_hand(packet) <= ip_header_size(header) || !icmp_is_query(*data)))
        return false;
    return first != 0 && first < 224 && !ip_have_broadcast(header->source);
}

// What the packet begins with; the pieces behind the first are of no interest to anybody.
static struct packet *quote(const struct packet *packet)
{
    size_t size = bytes_at_hand(packet);
    if (size > QUOTE_MAX)
        size = QUOTE_MAX;
    struct packet *report = packet_alloc(PACKET_HEADROOM, QUOTE_MAX);
    if (report)
        packet_append_bytes(report, packet->network, size);
    return report;
}

void icmp_report(const struct packet *packet, uint8_t type, uint8_t code, uint32_t mtu)
{
    if (!may_be_told(packet) || is_too_often())
        return;
    struct packet *report = quote(packet);
    if (!report)
        return;
    struct icmp_header *header = packet_push(report, sizeof(*header));
    *header = (struct icmp_header){.type = type, .code = code};
    header->mtu = to_be16((uint16_t)mtu);
    header->checksum = checksum_finish(checksum_packet(0, report, 0, report->total));
    report->transport = report->data;

    const struct ip_header *about = (const void *)packet->network;
    struct ip_flow flow = {.source = address_ipv4(about->destination, 0),
                           .destination = address_ipv4(about->source, 0),
                           .protocol = IP_ICMP};
    ip_send(report, &flow);
}
