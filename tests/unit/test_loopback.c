// SPDX-License-Identifier: MIT
//
// The loopback device: what we send to ourselves comes back, between threads, never at once.
#include "net/icmp.h"

#include "error.h"
#include "ip_wire.h"
#include "test.h"

enum { TEST_PROTOCOL = 30, ECHOES = 2000 };

static struct {
    unsigned count, left; // left: how often each is sent back again
    size_t size, depth_max;
    uint8_t checksum;
    const uint8_t *stack; // where the first receive() stood
    struct ip_ends ends;
} got;

static struct ip_flow back;

// Sends it back, as long as it is told to: a conversation with ourselves.
static void receive(struct packet *packet, const struct ip_ends *ends)
{
    uint8_t here;
    if (!got.stack)
        got.stack = &here;
    size_t depth =
        got.stack > &here ? (size_t)(got.stack - &here) : (size_t)(&here - got.stack);
    got.depth_max = depth > got.depth_max ? depth : got.depth_max;
    got.count++;
    got.size = packet->total;
    got.checksum = packet->checksum;
    got.ends = *ends;
    if (got.left == 0) {
        packet_put(packet);
        return;
    }
    got.left--;
    ip_send(packet, &back);
}

static const struct ip_protocol test_protocol = {
    .name = "test", .number = TEST_PROTOCOL, .receive = receive};

void unit_setup(const struct boot_info *boot)
{
    static const struct ip_protocol *const protocols[] = {&test_protocol, &icmp_protocol, NULL};
    wire_setup(boot, protocols);
}

static struct ip_flow flow_to(be32 destination)
{
    got.count = 0;
    return (struct ip_flow){.destination = address_ipv4(destination, 0),
                            .protocol = TEST_PROTOCOL};
}

static void comes_back(void)
{
    const be32 ours[] = {IPV4(127, 0, 0, 1), IPV4(127, 255, 0, 9), WIRE_US};
    size_t live = wire_packets();
    for (unsigned i = 0; i < 3; i++) {
        struct ip_flow flow = flow_to(ours[i]);
        CHECK_EQUAL(ip_send(wire_packet("hello", 5), &flow), 0);
        CHECK_EQUAL(got.count, 0); // not before the services have their turn
        thread_yield();
        CHECK_EQUAL(got.count, 1);
        CHECK_EQUAL(got.size, 5);
        CHECK_EQUAL(got.checksum, PACKET_CHECKSUM_VALID);
        CHECK_EQUAL(address_be32(&got.ends.destination), ours[i]);
    }
    CHECK_EQUAL(wire_forget(), 0); // nothing of it went out
    CHECK_EQUAL(wire_packets(), live);
}

// However long two talk, the stack stays as deep as for one packet, and threads get their turn.
static void answers_do_not_pile_up(void)
{
    struct ip_flow flow = flow_to(IPV4(127, 0, 0, 1));
    back = flow;
    got.stack = NULL;
    got.depth_max = 0;
    got.left = ECHOES;
    CHECK_EQUAL(ip_send(wire_packet("pingpong", 8), &flow), 0);
    unsigned turns = 0;
    for (; got.left > 0 && turns < 2 * ECHOES; turns++)
        thread_yield();
    CHECK_EQUAL(got.left, 0);
    thread_yield();
    CHECK_EQUAL(got.count, ECHOES + 1);
    CHECK(turns > ECHOES / 2);
    CHECK(got.depth_max < 1024);
}

static void too_many_are_dropped(void)
{
    size_t live = wire_packets();
    struct ip_flow flow = flow_to(IPV4(127, 0, 0, 1));
    uint64_t dropped = ip_loopback()->sent.dropped;
    for (unsigned i = 0; i < 5000; i++)
        CHECK_EQUAL(ip_send(wire_packet("x", 1), &flow), 0);
    for (unsigned i = 0; i < 10; i++)
        thread_yield();
    dropped = ip_loopback()->sent.dropped - dropped;
    CHECK_EQUAL(got.count + dropped, 5000);
    CHECK(got.count >= 1000 && dropped > 0);
    CHECK_EQUAL(wire_packets(), live);
}

static void long_ones_come_in_fragments(void)
{
    size_t live = wire_packets();
    struct ip_flow flow = flow_to(IPV4(127, 0, 0, 1));
    struct packet *packet = packet_alloc(PACKET_HEADROOM, 50000);
    packet_extend(packet, 50000);
    packet->transport = packet->data;
    uint64_t before = ip_loopback()->received.packets;
    CHECK_EQUAL(ip_send(packet, &flow), 0);
    thread_yield();
    CHECK_EQUAL(got.count, 1);
    CHECK_EQUAL(got.size, 50000);
    CHECK_EQUAL(ip_loopback()->received.packets - before, 4);
    CHECK_EQUAL(wire_packets(), live);
}

static unsigned replies;

static void answered(struct icmp_echo *echo, struct packet *packet,
                     const struct os_address *from, uint16_t sequence, uint8_t ttl,
                     const struct ip_failure *failure)
{
    replies += packet && packet->total == 56;
    packet_put(packet);
}

static void pings_itself(void)
{
    uint8_t data[56] = {0};
    struct icmp_echo echo = {.answered = answered};
    struct ip_flow flow = flow_to(IPV4(127, 0, 0, 1));
    size_t live = wire_packets();
    icmp_echo_open(&echo);
    for (uint16_t i = 0; i < 10; i++) {
        CHECK_EQUAL(icmp_echo_send(&echo, wire_packet(data, sizeof(data)), &flow, i), 0);
        thread_yield();
        thread_yield();
    }
    thread_yield();
    CHECK_EQUAL(replies, 10);
    icmp_echo_close(&echo);
    CHECK_EQUAL(wire_packets(), live);
}

const struct test unit_tests[] = {
    {"comes back", comes_back},
    {"answers do not pile up", answers_do_not_pile_up},
    {"too many are dropped", too_many_are_dropped},
    {"long ones come in fragments", long_ones_come_in_fragments},
    {"pings itself", pings_itself},
    {0},
};
