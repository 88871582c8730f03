// SPDX-License-Identifier: MIT
//
// IPv4, in and out: what is accepted, what is dropped and counted, what a header says.
#include "net/ip.h"

#include "error.h"
#include "ip_wire.h"
#include "net/icmp.h"
#include "test.h"

enum { TEST_PROTOCOL = 30 };

static struct {
    unsigned count, failures;
    struct ip_ends ends;
    size_t size;
    uint8_t first;
    struct ip_failure failure;
} got;

static void receive(struct packet *packet, const struct ip_ends *ends)
{
    got.count++;
    got.ends = *ends;
    got.size = packet->total;
    packet_read(packet, 0, &got.first, 1);
    packet_put(packet);
}

static void failed(const struct ip_ends *ends, const uint8_t *bytes, size_t size,
                   const struct ip_failure *failure)
{
    got.failures++;
    got.ends = *ends;
    got.failure = *failure;
    got.first = bytes[0];
}

static const struct ip_protocol test_protocol = {
    .name = "test", .number = TEST_PROTOCOL, .receive = receive, .failed = failed};

void unit_setup(const struct boot_info *boot)
{
    static const struct ip_protocol *const protocols[] = {&test_protocol, &icmp_protocol, NULL};
    wire_setup(boot, protocols);
}

static uint8_t bytes[WIRE_MAX] __attribute__((aligned(4)));

static struct ip_header *header(void)
{
    return (void *)bytes;
}

// A right packet with data, to be spoilt. Its size.
static size_t right(void)
{
    got.count = 0;
    return wire_ip(bytes, WIRE_PEER, TEST_PROTOCOL, "datadata", 8);
}

static unsigned arrives(size_t size)
{
    wire_seal(bytes);
    wire_receive(bytes, size);
    return got.count;
}

static struct ip_statistics counters(void)
{
    struct ip_statistics statistics;
    ip_statistics(&statistics);
    return statistics;
}

// ---- In -----------------------------------------------------------------------------------

static void delivers_what_is_right(void)
{
    size_t live = wire_packets(), size = right();
    CHECK_EQUAL(arrives(size), 1);
    CHECK_EQUAL(got.size, 8);
    CHECK_EQUAL(got.first, 'd');
    CHECK_EQUAL(address_be32(&got.ends.source), WIRE_PEER);
    CHECK_EQUAL(address_be32(&got.ends.destination), WIRE_US);
    CHECK_EQUAL(wire_packets(), live);
}

// Ethernet frames have 46 bytes at least: what fills them up is no data.
static void cuts_padding_off(void)
{
    memset(bytes, 0xee, sizeof(bytes));
    right();
    CHECK_EQUAL(arrives(46), 1);
    CHECK_EQUAL(got.size, 8);
}

static void drops_wrong_headers(void)
{
    size_t live = wire_packets(), size = right();
    uint64_t before = counters().bad_header;
    header()->version_and_length = 0x55; // no version of ours
    CHECK_EQUAL(arrives(size), 0);
    header()->version_and_length = 0x44; // a header too short
    CHECK_EQUAL(arrives(size), 0);
    header()->version_and_length = 0x48; // longer than the packet
    CHECK_EQUAL(arrives(size), 0);
    right();
    header()->total_length = to_be16((uint16_t)(size + 1)); // longer than the frame
    CHECK_EQUAL(arrives(size), 0);
    header()->total_length = to_be16(19);
    CHECK_EQUAL(arrives(size), 0);
    right();
    CHECK_EQUAL(arrives(19), 0);
    CHECK_EQUAL(arrives(0), 0);
    CHECK_EQUAL(counters().bad_header - before, 7);

    size = right();
    before = counters().bad_checksum;
    wire_seal(bytes);
    header()->ttl++;
    wire_receive(bytes, size);
    CHECK_EQUAL(got.count, 0);
    CHECK_EQUAL(counters().bad_checksum - before, 1);
    CHECK_EQUAL(wire_packets(), live);
}

// Puts `count` bytes of options into a packet with 8 bytes of data: how many were delivered.
static unsigned with_options(const uint8_t *options, size_t count)
{
    uint8_t data[64];
    memset(data, 0, sizeof(data));
    memcpy(data, options, count);
    got.count = 0;
    size_t padded = (count + 3) & ~(size_t)3;
    size_t size = wire_ip(bytes, WIRE_PEER, TEST_PROTOCOL, data, padded + 8);
    header()->version_and_length = (uint8_t)(0x45 + padded / 4);
    return arrives(size);
}

static void skips_options_but_refuses_source_routes(void)
{
    const uint8_t timestamp[] = {1, 68, 12, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    const uint8_t loose[] = {1, 131, 7, 4, 10, 0, 2, 3}, strict[] = {137, 7, 4, 10, 0, 2, 3};
    const uint8_t endless[] = {7, 0}, beyond[] = {7, 9, 4, 0}, cut[] = {1, 1, 1, 7};
    const uint8_t behind_end[] = {0, 131, 7, 4};
    CHECK_EQUAL(with_options(timestamp, sizeof(timestamp)), 1);
    CHECK_EQUAL(got.size, 8);
    CHECK_EQUAL(with_options(behind_end, sizeof(behind_end)), 1);
    CHECK_EQUAL(with_options(loose, sizeof(loose)), 0);
    CHECK_EQUAL(with_options(strict, sizeof(strict)), 0);
    CHECK_EQUAL(with_options(endless, sizeof(endless)), 0);
    CHECK_EQUAL(with_options(beyond, sizeof(beyond)), 0);
    CHECK_EQUAL(with_options(cut, sizeof(cut)), 0);
}

static unsigned from(be32 source)
{
    size_t size = right();
    header()->source = source;
    return arrives(size);
}

static void drops_impossible_sources(void)
{
    CHECK_EQUAL(from(IPV4(8, 8, 8, 8)), 1);
    CHECK_EQUAL(from(WIRE_US), 0);
    CHECK_EQUAL(from(IPV4(127, 0, 0, 1)), 0);
    CHECK_EQUAL(from(IPV4(127, 9, 9, 9)), 0);
    CHECK_EQUAL(from(IPV4(0, 0, 0, 0)), 0);
    CHECK_EQUAL(from(IPV4(10, 0, 2, 255)), 0);
    CHECK_EQUAL(from(IPV4(255, 255, 255, 255)), 0);
    CHECK_EQUAL(from(IPV4(224, 0, 0, 5)), 0);
    CHECK_EQUAL(from(IPV4(250, 0, 0, 5)), 0);
}

static unsigned to(be32 destination, const uint8_t mac[MAC_SIZE])
{
    size_t size = right();
    header()->destination = destination;
    wire_seal(bytes);
    wire_receive_from(wire.peer, mac, bytes, size);
    return got.count;
}

static void takes_only_what_is_for_us(void)
{
    CHECK_EQUAL(to(WIRE_PEER, wire.us), 0);
    CHECK_EQUAL(to(IPV4(127, 0, 0, 1), wire.us), 0);
    CHECK_EQUAL(to(IPV4(10, 0, 2, 255), ethernet_broadcast), 1);
    CHECK_EQUAL(to(IPV4(255, 255, 255, 255), ethernet_broadcast), 1);
    CHECK_EQUAL(to(IPV4(10, 0, 3, 255), ethernet_broadcast), 0);
    CHECK_EQUAL(to(WIRE_US, ethernet_broadcast), 0); // RFC 1122, 3.3.6
    CHECK_EQUAL(to(IPV4(224, 0, 0, 1), ethernet_broadcast), 0);
}

static void reports_unknown_protocols(void)
{
    static struct wire_ip answer;
    size_t size = right();
    header()->protocol = 29;
    CHECK_EQUAL(arrives(size), 0);
    CHECK(wire_next(&answer));
    CHECK_EQUAL(answer.header.protocol, IP_ICMP);
    CHECK_EQUAL(answer.data[0], ICMP_UNREACHABLE);
    CHECK_EQUAL(answer.data[1], ICMP_PROTOCOL);
    CHECK_EQUAL(memcmp(answer.data + 8, bytes, size), 0);
}

// ---- Out ----------------------------------------------------------------------------------

static struct ip_flow flow_to(be32 destination)
{
    return (struct ip_flow){.destination = address_ipv4(destination, 0),
                            .protocol = TEST_PROTOCOL};
}

static void sends_a_right_header(void)
{
    static struct wire_ip sent;
    struct ip_flow flow = flow_to(WIRE_PEER);
    size_t live = wire_packets();
    CHECK_EQUAL(ip_send(wire_packet("hello", 5), &flow), 0);
    CHECK(wire_next(&sent));
    CHECK_EQUAL(memcmp(sent.to, wire.peer, MAC_SIZE), 0);
    CHECK_EQUAL(sent.header.version_and_length, 0x45);
    CHECK_EQUAL(from_be16(sent.header.total_length), 25);
    CHECK_EQUAL(sent.header.ttl, IP_TTL);
    CHECK_EQUAL(sent.header.protocol, TEST_PROTOCOL);
    CHECK_EQUAL(sent.header.source, WIRE_US);
    CHECK_EQUAL(sent.header.destination, WIRE_PEER);
    CHECK_EQUAL(sent.header.fragment, 0);
    CHECK_EQUAL(checksum_finish(checksum_add(0, &sent.header, 20)), 0);
    CHECK_EQUAL(sent.size, 5);
    CHECK_EQUAL(memcmp(sent.data, "hello", 5), 0);
    CHECK_EQUAL(wire_packets(), live);

    be16 id = sent.header.id;
    flow.ttl = 3;
    flow.service = 0x10;
    CHECK_EQUAL(ip_send(wire_packet("hello", 5), &flow), 0);
    CHECK(wire_next(&sent));
    CHECK(sent.header.id != id);
    CHECK_EQUAL(sent.header.ttl, 3);
    CHECK_EQUAL(sent.header.service, 0x10);
    flow.dont_fragment = true;
    CHECK_EQUAL(ip_send(wire_packet("hello", 5), &flow), 0);
    CHECK(wire_next(&sent));
    CHECK_EQUAL(from_be16(sent.header.fragment), IP_DONT_FRAGMENT);
}

static void far_hosts_are_behind_the_gateway(void)
{
    static struct wire_ip sent;
    struct ip_flow flow = flow_to(WIRE_FAR);
    CHECK_EQUAL(ip_send(wire_packet("x", 1), &flow), 0);
    CHECK(wire_next(&sent));
    CHECK_EQUAL(memcmp(sent.to, wire.gateway, MAC_SIZE), 0);
    CHECK_EQUAL(sent.header.destination, WIRE_FAR);
}

static void broadcasts_need_leave(void)
{
    static struct wire_ip sent;
    const be32 all[] = {IPV4(255, 255, 255, 255), IPV4(10, 0, 2, 255)};
    for (unsigned i = 0; i < 2; i++) {
        struct ip_flow flow = flow_to(all[i]);
        CHECK_EQUAL(ip_send(wire_packet("x", 1), &flow), -EACCES);
        flow.may_broadcast = true;
        CHECK_EQUAL(ip_send(wire_packet("x", 1), &flow), 0);
        CHECK(wire_next(&sent));
        CHECK_EQUAL(memcmp(sent.to, ethernet_broadcast, MAC_SIZE), 0);
        CHECK_EQUAL(sent.header.source, WIRE_US);
    }
    const uint8_t group[] = {0x01, 0x00, 0x5e, 0x01, 0x02, 0x03};
    struct ip_flow flow = flow_to(IPV4(239, 129, 2, 3));
    CHECK_EQUAL(ip_send(wire_packet("x", 1), &flow), 0);
    CHECK(wire_next(&sent));
    CHECK_EQUAL(memcmp(sent.to, group, MAC_SIZE), 0); // RFC 1112, 6.4
}

// DHCP's case: no address, no route, but a device and something to say.
static void an_interface_without_address_can_ask(void)
{
    static struct wire_ip sent;
    CHECK_EQUAL(wire_configure(0, 0, 0), 0);
    CHECK(!ip_configuration(&wire.device));
    struct ip_flow flow = flow_to(IPV4(255, 255, 255, 255));
    flow.may_broadcast = true;
    CHECK_EQUAL(ip_send(wire_packet("x", 1), &flow), -ENETUNREACH);
    struct os_address any = address_ipv4(0, 0);
    CHECK_EQUAL(ip_route_add(&any, 0, NULL, &wire.device), 0);
    struct ip_flow other = flow_to(WIRE_PEER); // whoever does not ask needs an address
    CHECK_EQUAL(ip_send(wire_packet("x", 1), &other), -ENETUNREACH);
    flow.device = &wire.device;
    CHECK_EQUAL(ip_send(wire_packet("x", 1), &flow), 0);
    CHECK(wire_next(&sent));
    CHECK_EQUAL(sent.header.source, 0);
    CHECK_EQUAL(to(IPV4(255, 255, 255, 255), ethernet_broadcast), 1);
    CHECK_EQUAL(to(WIRE_US, wire.us), 0);
    CHECK_EQUAL(wire_configure(WIRE_US, 24, WIRE_GATEWAY), 0);
    wire_forget();
}

static void loopback_addresses_stay_inside(void)
{
    struct ip_flow flow = flow_to(WIRE_PEER);
    flow.source = address_ipv4(IPV4(127, 0, 0, 1), 0);
    CHECK_EQUAL(ip_send(wire_packet("x", 1), &flow), -ENETUNREACH);
    CHECK_EQUAL(wire_forget(), 0);
}

static void too_long_is_an_error(void)
{
    static uint8_t data[1481];
    struct ip_flow flow = flow_to(WIRE_PEER);
    size_t live = wire_packets();
    flow.dont_fragment = true;
    CHECK_EQUAL(ip_send(wire_packet(data, 1481), &flow), -EMSGSIZE);
    CHECK_EQUAL(ip_send(wire_packet(data, 1480), &flow), 0);
    CHECK_EQUAL(wire_forget(), 1);
    struct packet *large = packet_alloc(PACKET_HEADROOM, 60000);
    packet_extend(large, 60000);
    struct packet *more = packet_alloc(0, 5516);
    packet_extend(more, 5516);
    packet_append(large, more);
    flow.dont_fragment = false;
    CHECK_EQUAL(ip_send(large, &flow), -EMSGSIZE);
    CHECK_EQUAL(wire_packets(), live);
}

static void a_silent_neighbour_is_a_failure(void)
{
    struct ip_flow flow = flow_to(IPV4(10, 0, 2, 77));
    got.failures = 0;
    CHECK_EQUAL(ip_send(wire_packet("questions", 9), &flow), 0);
    for (unsigned i = 0; i < 100 && got.failures == 0; i++)
        timer_sleep(100000000);
    CHECK_EQUAL(got.failures, 1);
    CHECK_EQUAL(got.failure.error, -EHOSTUNREACH);
    CHECK(got.failure.is_hard);
    CHECK_EQUAL(address_be32(&got.ends.destination), IPV4(10, 0, 2, 77));
    CHECK_EQUAL(got.first, 'q');
    wire_forget();
}

const struct test unit_tests[] = {
    {"delivers what is right", delivers_what_is_right},
    {"cuts padding off", cuts_padding_off},
    {"drops wrong headers", drops_wrong_headers},
    {"skips options but refuses source routes", skips_options_but_refuses_source_routes},
    {"drops impossible sources", drops_impossible_sources},
    {"takes only what is for us", takes_only_what_is_for_us},
    {"reports unknown protocols", reports_unknown_protocols},
    {"sends a right header", sends_a_right_header},
    {"far hosts are behind the gateway", far_hosts_are_behind_the_gateway},
    {"broadcasts need leave", broadcasts_need_leave},
    {"an interface without address can ask", an_interface_without_address_can_ask},
    {"loopback addresses stay inside", loopback_addresses_stay_inside},
    {"too long is an error", too_long_is_an_error},
    {"a silent neighbour is a failure", a_silent_neighbour_is_a_failure},
    {0},
};
