// SPDX-License-Identifier: MIT
//
// Fragments: put together in any order, refused when they lie, bounded; and made when a packet
// is too long for its link.
#include "net/ip.h"

#include "error.h"
#include "ip_wire.h"
#include "net/icmp.h"
#include "print.h"
#include "test.h"

enum { TEST_PROTOCOL = 30, DATA_MAX = 66000 };

static struct {
    unsigned count;
    size_t size;
    uint8_t service; // of the last one's header
    uint8_t data[DATA_MAX];
} got;

static void receive(struct packet *packet, const struct ip_ends *ends)
{
    got.count++;
    got.service = ((const struct ip_header *)(const void *)packet->network)->service;
    got.size = packet_read(packet, 0, got.data, sizeof(got.data));
    packet_put(packet);
}

static const struct ip_protocol test_protocol = {
    .name = "test", .number = TEST_PROTOCOL, .receive = receive};

static uint8_t data[DATA_MAX];
static uint8_t service; // of the pieces

void unit_setup(const struct boot_info *boot)
{
    static const struct ip_protocol *const protocols[] = {&test_protocol, &icmp_protocol, NULL};
    wire_setup(boot, protocols);
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 7 + (i >> 8));
}

static struct ip_statistics counters(void)
{
    struct ip_statistics statistics;
    ip_statistics(&statistics);
    return statistics;
}

// The bytes [start, end) of datagram `id` arrive from `source`; `is_last`: nothing follows.
static void piece_from(be32 source, unsigned id, size_t start, size_t end, bool is_last)
{
    static uint8_t bytes[WIRE_MAX] __attribute__((aligned(4)));
    struct ip_header *header = (void *)bytes;
    size_t size = wire_ip(bytes, source, TEST_PROTOCOL, data + start, end - start);
    header->service = service;
    header->id = to_be16((uint16_t)id);
    header->fragment = to_be16((uint16_t)(start / 8 | (is_last ? 0 : IP_MORE_FRAGMENTS)));
    wire_seal(bytes);
    wire_receive(bytes, size);
}

static void piece(unsigned id, size_t start, size_t end, bool is_last)
{
    piece_from(WIRE_PEER, id, start, end, is_last);
}

// Whether since then exactly one datagram with the first `size` bytes of data came.
static bool came(size_t size)
{
    bool is_right = got.count == 1 && got.size == size && memcmp(got.data, data, size) == 0;
    got.count = 0;
    return is_right;
}

// ---- In -----------------------------------------------------------------------------------

static void joins_in_any_order(void)
{
    static const unsigned orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                         {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    static const size_t edges[] = {0, 800, 1600, 2003};
    size_t live = wire_packets();
    for (unsigned i = 0; i < 6; i++) {
        for (unsigned j = 0; j < 3; j++) {
            CHECK_EQUAL(got.count, 0);
            unsigned k = orders[i][j];
            piece(100 + i, edges[k], edges[k + 1], k == 2);
        }
        CHECK(came(2003));
    }
    CHECK_EQUAL(wire_packets(), live);
}

// RFC 3168, 5.3: a router that is full has marked one of the pieces; so the whole is marked.
static void congestion_is_not_forgotten(void)
{
    service = 2;
    piece(50, 0, 800, false);
    service = 3;
    piece(50, 800, 1600, false);
    service = 2;
    piece(50, 1600, 1700, true);
    CHECK(came(1700));
    CHECK_EQUAL(got.service, 3);
    piece(51, 0, 800, false);
    piece(51, 800, 900, true);
    CHECK(came(900));
    CHECK_EQUAL(got.service, 2);
    service = 0;
}

static void duplicates_do_no_harm(void)
{
    size_t live = wire_packets();
    piece(1, 800, 1600, false);
    piece(1, 800, 1600, false);
    piece(1, 1600, 1601, true);
    piece(1, 1600, 1601, true);
    piece(1, 0, 800, false);
    CHECK(came(1601));
    CHECK_EQUAL(wire_packets(), live);
}

static void datagrams_do_not_mix(void)
{
    piece(7, 0, 800, false);
    piece_from(WIRE_GATEWAY, 7, 800, 900, true);
    piece(8, 800, 1000, true);
    CHECK_EQUAL(got.count, 0);
    piece(7, 800, 1200, true);
    CHECK(came(1200));
    piece(8, 0, 800, false);
    CHECK(came(1000));
    piece_from(WIRE_GATEWAY, 7, 0, 800, false);
    CHECK(came(900));
}

// What is refused stays so: the piece that would have made it whole changes nothing.
static void overlaps_refuse_the_whole(void)
{
    static const struct {
        size_t first, first_end, second, second_end;
        bool second_is_last;
    } cases[] = {
        {0, 800, 792, 1600, false},  // the end of the one before
        {800, 1600, 0, 808, false},  // the start of the one behind
        {0, 800, 8, 16, false},      // inside (teardrop)
        {800, 1600, 0, 1608, false}, // around
        {0, 800, 0, 792, false},     // the same start
        {800, 1600, 0, 1600, false}, // the same end
        {8, 1608, 8, 808, true},     // the last one lies before the end
    };
    size_t live = wire_packets();
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t before = counters().reassembly_failed;
        unsigned id = 200 + i;
        piece(id, cases[i].first, cases[i].first_end, false);
        piece(id, cases[i].second, cases[i].second_end, cases[i].second_is_last);
        CHECK_EQUAL(counters().reassembly_failed - before, 1);
        piece(id, 0, 800, false);
        piece(id, 800, 1600, false);
        piece(id, 1600, 1700, true);
        CHECK_EQUAL(got.count, 0);
        CHECK_EQUAL(wire_packets(), live);
    }
}

static void two_ends_refuse_the_whole(void)
{
    piece(300, 1600, 1700, true);
    piece(300, 1704, 1800, true);
    piece(300, 0, 1600, false);
    CHECK_EQUAL(got.count, 0);
    piece(301, 800, 900, true);
    piece(301, 1000, 1800, false); // behind the end
    piece(301, 0, 800, false);
    CHECK_EQUAL(got.count, 0);
}

static void makes_sense_or_is_dropped(void)
{
    uint64_t before = counters().reassembly_failed;
    piece(400, 0, 801, false);       // no multiple of 8
    piece(400, 0, 0, false);         // nothing
    piece(400, 800, 800, true);      // nothing, and the end
    piece(400, 65528, 65536, true);  // beyond what a packet can be (the ping of death)
    piece(400, 65520, 65528, false); // the same, with more to come
    CHECK_EQUAL(counters().reassembly_failed - before, 5);
    piece(400, 0, 800, false);
    piece(400, 800, 1000, true);
    CHECK(came(1000)); // and none of them was remembered
}

static void the_largest_datagram_arrives(void)
{
    size_t live = wire_packets(), start = 0;
    for (; start + 1480 < 65515; start += 1480)
        piece(500, start, start + 1480, false);
    CHECK_EQUAL(got.count, 0);
    piece(500, start, 65515, true);
    CHECK(came(65515));
    CHECK_EQUAL(wire_packets(), live);
}

static void tiny_pieces_are_pieces(void)
{
    for (size_t start = 0; start < 160; start += 8)
        piece(600, start, start + 8, start == 152);
    CHECK(came(160));
}

// ---- Bounds -------------------------------------------------------------------------------

// Pieces without an end: what they hold stays bounded, and afterwards there is room again.
static void one_sender_cannot_fill_the_memory(void)
{
    struct packet_statistics before, after;
    packet_statistics(&before);
    for (unsigned id = 0; id < 3000; id++)
        piece_from(IPV4(10, 0, 2, 66), id, 8, 1208, false);
    packet_statistics(&after);
    CHECK(after.bytes <= before.bytes + (2 << 20));
    CHECK(after.pieces <= before.pieces + 64);
    piece(700, 0, 800, false);
    piece(700, 800, 1000, true);
    CHECK(came(1000));
}

static void one_datagram_cannot_either(void)
{
    struct packet_statistics before, after;
    packet_statistics(&before);
    for (size_t start = 8; start < 65000; start += 16)
        piece_from(IPV4(10, 0, 2, 66), 9999, start, start + 8, false);
    packet_statistics(&after);
    CHECK(after.bytes <= before.bytes + (2 << 20));
}

// Random pieces of random datagrams, right ones among them: nothing wrong comes out.
static void random_pieces(void)
{
    uint64_t random = 20261122;
    print("random pieces: seed %llu\n", (unsigned long long)random);
    size_t wrong = 0;
    for (unsigned i = 0; i < 20000; i++) {
        unsigned id = 1000 + (unsigned)(unit_random(&random) % 8);
        size_t start = unit_random(&random) % 6 * 64;
        size_t end = start + 64 + unit_random(&random) % 2 * 64;
        bool is_last = end >= 6 * 64;
        piece_from(IPV4(10, 0, 2, 67), id, start, is_last ? 6 * 64 : end, is_last);
        wrong += got.count > 0 && (got.size != 6 * 64 || memcmp(got.data, data, got.size) != 0);
        got.count = 0;
    }
    CHECK_EQUAL(wrong, 0);
}

// ---- Out ----------------------------------------------------------------------------------

// Sends `size` bytes of data and gives the pieces that go out back to us: the wire is a mirror.
static unsigned sent_and_mirrored(size_t size, size_t *largest)
{
    static struct wire_ip out;
    static uint8_t bytes[WIRE_MAX] __attribute__((aligned(4)));
    struct ip_flow flow = {.destination = address_ipv4(WIRE_PEER, 0),
                           .protocol = TEST_PROTOCOL};
    struct packet *packet = packet_alloc(PACKET_HEADROOM, 1000);
    unsigned pieces = 0;
    size_t first = size < 1000 ? size : 1000;
    memcpy(packet_extend(packet, first), data, first);
    for (size_t at = first, part; at < size; at += part) { // the data lies in many pieces
        part = size - at < 3001 ? size - at : 3001;
        struct packet *more = packet_alloc(0, part);
        memcpy(packet_extend(more, part), data + at, part);
        packet_append(packet, more);
    }
    packet->transport = packet->data;
    *largest = 0;
    if (ip_send(packet, &flow) != 0)
        return 0;
    while (wire_next(&out)) {
        struct ip_header *header = (void *)bytes;
        size_t total = sizeof(*header) + out.size;
        *header = out.header;
        memcpy(bytes + sizeof(*header), out.data, out.size);
        header->source = WIRE_PEER;
        header->destination = WIRE_US;
        wire_seal(bytes);
        wire_receive(bytes, total);
        pieces++;
        *largest = total > *largest ? total : *largest;
    }
    return pieces;
}

static void what_is_too_long_is_cut(void)
{
    size_t largest, live = wire_packets();
    CHECK_EQUAL(sent_and_mirrored(1480, &largest), 1);
    CHECK(came(1480));
    CHECK_EQUAL(sent_and_mirrored(1481, &largest), 2);
    CHECK(came(1481));
    CHECK_EQUAL(largest, 1500);
    CHECK_EQUAL(sent_and_mirrored(65515, &largest), 45);
    CHECK(came(65515));
    CHECK_EQUAL(wire_packets(), live);
}

static void what_a_router_said_holds(void)
{
    struct os_address peer = address_ipv4(WIRE_PEER, 0);
    struct ip_flow flow = {.destination = peer};
    size_t largest;
    ip_mtu_lower(&peer, 1006);
    CHECK_EQUAL(ip_flow_mtu(&flow), 1006);
    CHECK_EQUAL(sent_and_mirrored(2000, &largest), 3);
    CHECK(came(2000));
    CHECK_EQUAL(largest, 1004); // data is a multiple of 8
    ip_mtu_lower(&peer, 1200);
    CHECK_EQUAL(ip_flow_mtu(&flow), 1006);
    ip_mtu_lower(&peer, 20);
    CHECK_EQUAL(ip_flow_mtu(&flow), IP_MTU_MIN);
    CHECK_EQUAL(sent_and_mirrored(480, &largest), 10);
    CHECK(came(480));
    // Many others: the memory for it is bounded, and the oldest goes.
    for (unsigned i = 0; i < 100; i++) {
        struct os_address other = address_ipv4(IPV4(192, 0, 2, i + 1), 0);
        ip_mtu_lower(&other, 600);
        flow = (struct ip_flow){.destination = other};
        CHECK_EQUAL(ip_flow_mtu(&flow), 600);
    }
    flow = (struct ip_flow){.destination = peer};
    CHECK_EQUAL(ip_flow_mtu(&flow), 1500);
}

const struct test unit_tests[] = {
    {"joins in any order", joins_in_any_order},
    {"congestion is not forgotten", congestion_is_not_forgotten},
    {"duplicates do no harm", duplicates_do_no_harm},
    {"datagrams do not mix", datagrams_do_not_mix},
    {"overlaps refuse the whole", overlaps_refuse_the_whole},
    {"two ends refuse the whole", two_ends_refuse_the_whole},
    {"makes sense or is dropped", makes_sense_or_is_dropped},
    {"the largest datagram arrives", the_largest_datagram_arrives},
    {"tiny pieces are pieces", tiny_pieces_are_pieces},
    {"one sender cannot fill the memory", one_sender_cannot_fill_the_memory},
    {"one datagram cannot either", one_datagram_cannot_either},
    {"random pieces", random_pieces},
    {"what is too long is cut", what_is_too_long_is_cut},
    {"what a router said holds", what_a_router_said_holds},
    {0},
};
