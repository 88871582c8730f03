// SPDX-License-Identifier: MIT
//
// UDP ports: who may have which, thousands of them, and numbers that nobody can guess.
#include "net/udp.h"

#include "error.h"
#include "ip_wire.h"
#include "test.h"

enum { MANY = 3000 };

void unit_setup(const struct boot_info *boot)
{
    static const struct ip_protocol *const protocols[] = {&udp_protocol, NULL};
    wire_setup(boot, protocols);
}

static struct udp_port *got; // the last

static void received(struct udp_port *port, struct packet *packet,
                     const struct os_address *from, const struct os_address *to)
{
    got = port;
    packet_put(packet);
}

static struct udp_port new_port(void)
{
    return (struct udp_port){.received = received};
}

static int open(struct udp_port *port, be32 address, uint16_t number)
{
    struct os_address local = address_ipv4(address, number);
    return udp_open(port, &local);
}

// An empty datagram without a checksum arrives: who got it.
static const struct udp_port *arrives(uint16_t to)
{
    static uint8_t bytes[64] __attribute__((aligned(4)));
    const struct udp_header header = {
        .source = to_be16(5000), .destination = to_be16(to), .length = to_be16(sizeof(header))};
    got = NULL;
    wire_receive(bytes, wire_ip(bytes, WIRE_PEER, IP_UDP, &header, sizeof(header)));
    return got;
}

static void a_port_has_one_owner(void)
{
    struct udp_port a = new_port(), b = new_port();
    CHECK_EQUAL(open(&a, 0, 7), 0);
    CHECK_EQUAL(open(&b, 0, 7), -EADDRINUSE);
    CHECK_EQUAL(open(&b, WIRE_US, 7), -EADDRINUSE);
    b.reuse_address = true;
    CHECK_EQUAL(open(&b, 0, 7), -EADDRINUSE); // both must want it
    udp_close(&a);
    CHECK_EQUAL(open(&a, IPV4(127, 0, 0, 1), 7), 0);
    CHECK_EQUAL(open(&b, WIRE_US, 7), 0); // another address
    udp_close(&a);
    udp_close(&b);
    CHECK_EQUAL(open(&a, WIRE_PEER, 7), -EADDRNOTAVAIL);
}

// Thousands at once: all are found, no number is given twice.
static void there_can_be_many(void)
{
    struct udp_port *ports = heap_alloc(MANY * sizeof(*ports));
    unsigned found = 0, given = 0;
    CHECK(ports);
    for (unsigned i = 0; i < MANY; i++) {
        ports[i] = new_port();
        given += open(&ports[i], 0, 0) == 0 && ports[i].local.port >= 49152;
    }
    CHECK_EQUAL(given, MANY);
    for (unsigned i = 0; i < MANY; i++)
        found += arrives(ports[i].local.port) == &ports[i];
    CHECK_EQUAL(found, MANY);
    unsigned count = 0;
    for (struct udp_port *port = udp_next(NULL); port; port = udp_next(port))
        count++;
    CHECK_EQUAL(count, MANY);
    for (unsigned i = 0; i < MANY; i++)
        udp_close(&ports[i]);
    CHECK(!udp_next(NULL));
    heap_free(ports);
}

static void nobody_can_guess_the_next(void)
{
    unsigned neighbours = 0;
    uint16_t last = udp_free_port();
    for (unsigned i = 0; i < 100; i++) {
        uint16_t next = udp_free_port();
        neighbours += next == last || next == last + 1;
        last = next;
    }
    CHECK(neighbours < 10);
}

const struct test unit_tests[] = {
    {"a port has one owner", a_port_has_one_owner},
    {"there can be many", there_can_be_many},
    {"nobody can guess the next", nobody_can_guess_the_next},
    {0},
};
