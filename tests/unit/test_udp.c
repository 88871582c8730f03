// SPDX-License-Identifier: MIT
//
// UDP: who gets a datagram, what one looks like, and what happens to those that nobody wants.
#include "net/udp.h"

#include "error.h"
#include "ip_wire.h"
#include "net/icmp.h"
#include "test.h"

enum { HEADER = 8 };

static struct {
    unsigned count, failures;
    struct udp_port *port;
    struct os_address from, to;
    size_t size;
    uint8_t data[WIRE_MAX];
    int error;
} got;

static void received(struct udp_port *port, struct packet *packet,
                     const struct os_address *from, const struct os_address *to)
{
    got.count++;
    got.port = port;
    got.from = *from;
    got.to = *to;
    got.size = packet_read(packet, 0, got.data, sizeof(got.data));
    packet_put(packet);
}

static void failed(struct udp_port *port, const struct os_address *to,
                   const struct ip_failure *failure)
{
    got.failures++;
    got.port = port;
    got.to = *to;
    got.error = failure->error;
}

void unit_setup(const struct boot_info *boot)
{
    static const struct ip_protocol *const protocols[] = {&udp_protocol, &icmp_protocol, NULL};
    wire_setup(boot, protocols);
}

static uint8_t bytes[WIRE_MAX] __attribute__((aligned(4)));
static struct wire_ip out;

static struct udp_port new_port(void)
{
    return (struct udp_port){.received = received, .failed = failed};
}

static int open(struct udp_port *port, be32 address, uint16_t number)
{
    struct os_address local = address_ipv4(address, number);
    return udp_open(port, &local);
}

struct datagram {
    be32 source, destination;
    uint16_t from, to, length; // length: in its header; 0: as it is
    bool has_checksum;
};

// Builds one with "data" in it in `bytes`: its size.
static size_t make(const struct datagram *datagram)
{
    uint8_t message[HEADER + 4] __attribute__((aligned(4))) = {0};
    struct udp_header *header = (void *)message;
    *header = (struct udp_header){
        .source = to_be16(datagram->from),
        .destination = to_be16(datagram->to),
        .length = to_be16(datagram->length ? datagram->length : sizeof(message))};
    memcpy(message + HEADER, "data", 4);
    struct os_address source = address_ipv4(datagram->source, 0);
    struct os_address destination = address_ipv4(datagram->destination, 0);
    uint64_t sum = ip_pseudo_sum(&source, &destination, IP_UDP, sizeof(message));
    if (datagram->has_checksum)
        header->checksum = checksum_finish(checksum_add(sum, message, sizeof(message)));
    size_t size = wire_ip(bytes, datagram->source, IP_UDP, message, sizeof(message));
    ((struct ip_header *)(void *)bytes)->destination = datagram->destination;
    wire_seal(bytes);
    return size;
}

// It arrives: how many got it.
static unsigned arrives(be32 source, uint16_t from, uint16_t to)
{
    const struct datagram datagram = {source, WIRE_US, from, to, 0, true};
    size_t size = make(&datagram);
    got.count = 0;
    wire_receive(bytes, size);
    return got.count;
}

// ---- In -----------------------------------------------------------------------------------

static void gets_what_is_sent_to_it(void)
{
    struct udp_port port = new_port();
    size_t live = wire_packets();
    CHECK_EQUAL(open(&port, 0, 7), 0);
    CHECK_EQUAL(arrives(WIRE_PEER, 5000, 7), 1);
    CHECK(got.port == &port);
    CHECK_EQUAL(got.size, 4);
    CHECK_EQUAL(memcmp(got.data, "data", 4), 0);
    CHECK_EQUAL(address_be32(&got.from), WIRE_PEER);
    CHECK_EQUAL(got.from.port, 5000);
    CHECK_EQUAL(address_be32(&got.to), WIRE_US);
    CHECK_EQUAL(got.to.port, 7);
    udp_close(&port);
    CHECK_EQUAL(arrives(WIRE_PEER, 5000, 7), 0);
    wire_forget();
    CHECK_EQUAL(wire_packets(), live);
}

static void checks_what_arrives(void)
{
    struct udp_port port = new_port();
    struct datagram datagram = {WIRE_PEER, WIRE_US, 1, 7, 0, false};
    CHECK_EQUAL(open(&port, 0, 7), 0);
    got.count = 0;
    wire_receive(bytes, make(&datagram));
    CHECK_EQUAL(got.count, 1); // without a checksum: RFC 768
    datagram.has_checksum = true;
    size_t size = make(&datagram);
    bytes[31] ^= 1;
    wire_receive(bytes, size);
    CHECK_EQUAL(got.count, 1); // with a wrong one
    datagram.has_checksum = false;
    for (uint16_t length = 1; length < HEADER; length++) {
        datagram.length = length;
        wire_receive(bytes, make(&datagram));
    }
    datagram.length = HEADER + 5; // more than there is
    wire_receive(bytes, make(&datagram));
    CHECK_EQUAL(got.count, 1);
    datagram.length = HEADER + 2; // less: the rest is nobody's
    wire_receive(bytes, make(&datagram));
    CHECK_EQUAL(got.count, 2);
    CHECK_EQUAL(got.size, 2);
    uint8_t nothing[7] = {0};
    wire_receive(bytes, wire_ip(bytes, WIRE_PEER, IP_UDP, nothing, 7));
    wire_receive(bytes, wire_ip(bytes, WIRE_PEER, IP_UDP, nothing, 0));
    CHECK_EQUAL(got.count, 2);
    udp_close(&port);
    CHECK_EQUAL(wire_forget(), 0);
}

static void nobody_there_is_said(void)
{
    timer_sleep(300000000); // other tests may have used up what may be said
    CHECK_EQUAL(arrives(WIRE_PEER, 5000, 9), 0);
    CHECK(wire_next(&out));
    CHECK_EQUAL(out.header.protocol, IP_ICMP);
    CHECK_EQUAL(out.data[0], ICMP_UNREACHABLE);
    CHECK_EQUAL(out.data[1], ICMP_PORT);
    CHECK_EQUAL(memcmp(out.data + 8, bytes, 32), 0); // all of what it is about
    const struct datagram to_all = {WIRE_PEER, IPV4(10, 0, 2, 255), 5000, 9, 0, true};
    wire_receive_from(wire.peer, ethernet_broadcast, bytes, make(&to_all));
    CHECK_EQUAL(wire_forget(), 0); // but not for everybody to hear
}

static void the_closest_gets_it(void)
{
    struct udp_port any = new_port(), bound = new_port(), connected = new_port();
    struct os_address peer = address_ipv4(WIRE_PEER, 5000);
    any.reuse_address = bound.reuse_address = connected.reuse_address = true;
    CHECK_EQUAL(open(&any, 0, 7), 0);
    CHECK_EQUAL(open(&bound, WIRE_US, 7), 0);
    CHECK_EQUAL(open(&connected, 0, 7), 0);
    CHECK_EQUAL(udp_connect(&connected, &peer), 0);
    CHECK_EQUAL(arrives(WIRE_PEER, 5000, 7), 1);
    CHECK(got.port == &connected);
    CHECK_EQUAL(arrives(WIRE_PEER, 5001, 7), 1);
    CHECK(got.port == &bound);
    CHECK_EQUAL(arrives(WIRE_GATEWAY, 5000, 7), 1);
    CHECK(got.port == &bound);
    udp_close(&bound);
    CHECK_EQUAL(arrives(WIRE_GATEWAY, 5000, 7), 1);
    CHECK(got.port == &any);
    peer.family = OS_ANY_FAMILY;
    CHECK_EQUAL(udp_connect(&connected, &peer), 0);
    CHECK(address_is_any(&connected.local)); // its address was only chosen
    udp_close(&any);
    CHECK_EQUAL(arrives(WIRE_GATEWAY, 5000, 7), 1);
    udp_close(&connected);
}

static void broadcasts_are_for_all(void)
{
    struct udp_port first = new_port(), second = new_port(), other = new_port();
    size_t live = wire_packets();
    first.reuse_address = second.reuse_address = true;
    CHECK_EQUAL(open(&first, 0, 7), 0);
    CHECK_EQUAL(open(&second, WIRE_US, 7), 0);
    CHECK_EQUAL(open(&other, 0, 8), 0);
    const struct datagram datagram = {WIRE_PEER, IPV4(255, 255, 255, 255), 5000, 7, 0, true};
    got.count = 0;
    wire_receive_from(wire.peer, ethernet_broadcast, bytes, make(&datagram));
    CHECK_EQUAL(got.count, 2);
    CHECK_EQUAL(got.size, 4);
    udp_close(&first);
    udp_close(&second);
    udp_close(&other);
    CHECK_EQUAL(wire_packets(), live);
}

// ---- Out ----------------------------------------------------------------------------------

// What is on the wire has a right checksum.
static bool is_right(const struct wire_ip *ip)
{
    struct os_address source = address_ipv4(ip->header.source, 0);
    struct os_address destination = address_ipv4(ip->header.destination, 0);
    uint64_t sum = ip_pseudo_sum(&source, &destination, IP_UDP, ip->size);
    return be16_read(ip->data + 6) != 0 &&
           checksum_finish(checksum_add(sum, ip->data, ip->size)) == 0;
}

static void sends(void)
{
    struct udp_port port = new_port();
    struct os_address peer = address_ipv4(WIRE_PEER, 5000), far = address_ipv4(WIRE_FAR, 53);
    size_t live = wire_packets();
    CHECK_EQUAL(open(&port, 0, 7), 0);
    CHECK_EQUAL(udp_send(&port, wire_packet("hello", 5), NULL), -EDESTADDRREQ);
    for (unsigned i = 0; i < 4; i++) { // to and fro, so that the flow changes
        const struct os_address *to = i % 2 == 0 ? &peer : &far;
        CHECK_EQUAL(udp_send(&port, wire_packet("hello", 5), to), 0);
        CHECK(wire_next(&out));
        CHECK_EQUAL(out.header.destination, address_be32(to));
        CHECK_EQUAL(out.header.source, WIRE_US);
        CHECK_EQUAL(be16_read(out.data), 7);
        CHECK_EQUAL(be16_read(out.data + 2), to->port);
        CHECK_EQUAL(be16_read(out.data + 4), 13);
        CHECK_EQUAL(memcmp(out.data + 8, "hello", 5), 0);
        CHECK(is_right(&out));
    }
    CHECK_EQUAL(udp_connect(&port, &far), 0);
    CHECK_EQUAL(address_be32(&port.local), WIRE_US);
    CHECK_EQUAL(udp_send(&port, wire_packet("", 0), NULL), 0);
    CHECK(wire_next(&out));
    CHECK_EQUAL(out.size, HEADER);
    CHECK(is_right(&out));
    udp_close(&port);
    CHECK_EQUAL(wire_packets(), live);
}

// Data for which the sum comes out as 0 is sent with 0xffff: 0 would mean that there is none.
static void a_sum_of_zero_is_sent_as_ones(void)
{
    struct udp_port port = new_port();
    struct os_address peer = address_ipv4(WIRE_PEER, 5000);
    be16 data = 0;
    CHECK_EQUAL(open(&port, 0, 7), 0);
    CHECK_EQUAL(udp_send(&port, wire_packet(&data, 2), &peer), 0);
    CHECK(wire_next(&out));
    memcpy(&data, out.data + 6, 2); // what is missing to all ones
    CHECK_EQUAL(udp_send(&port, wire_packet(&data, 2), &peer), 0);
    CHECK(wire_next(&out));
    CHECK_EQUAL(be16_read(out.data + 6), 0xffff);
    udp_close(&port);
}

static void long_ones_are_cut_and_right(void)
{
    static uint8_t data[4000], whole[4100];
    struct udp_port port = new_port();
    struct os_address peer = address_ipv4(WIRE_PEER, 5000);
    CHECK_EQUAL(open(&port, 0, 7), 0);
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 13);
    struct packet *packet = packet_alloc(PACKET_HEADROOM, sizeof(data));
    memcpy(packet_extend(packet, sizeof(data)), data, sizeof(data));
    CHECK_EQUAL(udp_send(&port, packet, &peer), 0);
    size_t size = 0;
    struct os_address us = address_ipv4(WIRE_US, 0);
    while (wire_next(&out)) {
        memcpy(whole + size, out.data, out.size);
        size += out.size;
    }
    CHECK_EQUAL(size, HEADER + sizeof(data));
    uint64_t sum = ip_pseudo_sum(&us, &peer, IP_UDP, size);
    CHECK_EQUAL(checksum_finish(checksum_add(sum, whole, size)), 0);
    CHECK_EQUAL(memcmp(whole + HEADER, data, sizeof(data)), 0);
    udp_close(&port);
}

static void refuses_to_send_nonsense(void)
{
    struct udp_port port = new_port();
    struct os_address all = address_ipv4(IPV4(255, 255, 255, 255), 9);
    struct os_address nowhere = address_ipv4(WIRE_PEER, 0);
    size_t live = wire_packets();
    CHECK_EQUAL(open(&port, 0, 7), 0);
    CHECK_EQUAL(udp_send(&port, wire_packet("x", 1), &nowhere), -EDESTADDRREQ);
    CHECK_EQUAL(udp_send(&port, wire_packet("x", 1), &all), -EACCES);
    port.broadcast = true;
    CHECK_EQUAL(udp_send(&port, wire_packet("x", 1), &all), 0);
    CHECK_EQUAL(wire_forget(), 1);
    struct packet *large = packet_alloc(PACKET_HEADROOM, 60000);
    packet_extend(large, 60000);
    struct packet *more = packet_alloc(0, 5508);
    packet_extend(more, 5508);
    packet_append(large, more);
    nowhere.port = 9;
    CHECK_EQUAL(udp_send(&port, large, &nowhere), -EMSGSIZE);
    udp_close(&port);
    CHECK_EQUAL(wire_packets(), live);
}

// ---- Failures -----------------------------------------------------------------------------

static void hears_of_failures(void)
{
    uint8_t message[8 + 28] = {ICMP_UNREACHABLE, ICMP_PORT};
    struct udp_port port = new_port();
    struct os_address far = address_ipv4(WIRE_FAR, 53);
    CHECK_EQUAL(open(&port, 0, 7), 0);
    CHECK_EQUAL(udp_send(&port, wire_packet("hello", 5), &far), 0);
    CHECK(wire_next(&out));
    memcpy(message + 8, &out.header, 20);
    memcpy(message + 28, out.data, 8);
    be16 checksum = checksum_finish(checksum_add(0, message, sizeof(message)));
    memcpy(message + 2, &checksum, 2);
    got.failures = 0;
    wire_receive(bytes, wire_ip(bytes, WIRE_FAR, IP_ICMP, message, sizeof(message)));
    CHECK_EQUAL(got.failures, 1);
    CHECK(got.port == &port);
    CHECK_EQUAL(got.error, -ECONNREFUSED);
    CHECK_EQUAL(got.to.port, 53);
    CHECK_EQUAL(
        udp_connect(&port,
                    &(struct os_address){.family = OS_IPV4, .port = 54, .words = {WIRE_FAR}}),
        0);
    wire_receive(bytes, wire_ip(bytes, WIRE_FAR, IP_ICMP, message, sizeof(message)));
    CHECK_EQUAL(got.failures, 1); // not where this port is connected to
    udp_close(&port);
    wire_receive(bytes, wire_ip(bytes, WIRE_FAR, IP_ICMP, message, sizeof(message)));
    CHECK_EQUAL(got.failures, 1);
}

const struct test unit_tests[] = {
    {"gets what is sent to it", gets_what_is_sent_to_it},
    {"checks what arrives", checks_what_arrives},
    {"nobody there is said", nobody_there_is_said},
    {"the closest gets it", the_closest_gets_it},
    {"broadcasts are for all", broadcasts_are_for_all},
    {"sends", sends},
    {"a sum of zero is sent as ones", a_sum_of_zero_is_sent_as_ones},
    {"long ones are cut and right", long_ones_are_cut_and_right},
    {"refuses to send nonsense", refuses_to_send_nonsense},
    {"hears of failures", hears_of_failures},
    {0},
};
