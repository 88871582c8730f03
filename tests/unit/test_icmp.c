// SPDX-License-Identifier: MIT
//
// ICMP: echo is answered, failures reach whom they concern and nobody else, and we do not talk
// too much.
#include "net/icmp.h"

#include "error.h"
#include "ip_wire.h"
#include "test.h"

enum { TEST_PROTOCOL = 30, HEADER = 8, ECHO_SIZE = 56 };

static struct {
    unsigned failures;
    struct ip_ends ends;
    struct ip_failure failure;
    size_t size;
} got;

static void receive(struct packet *packet, const struct ip_ends *ends)
{
    packet_put(packet);
}

static void failed(const struct ip_ends *ends, const uint8_t *bytes, size_t size,
                   const struct ip_failure *failure)
{
    got.failures++;
    got.ends = *ends;
    got.failure = *failure;
    got.size = size;
}

static const struct ip_protocol test_protocol = {
    .name = "test", .number = TEST_PROTOCOL, .receive = receive, .failed = failed};

void unit_setup(const struct boot_info *boot)
{
    static const struct ip_protocol *const protocols[] = {&test_protocol, &icmp_protocol, NULL};
    wire_setup(boot, protocols);
}

static uint8_t bytes[WIRE_MAX] __attribute__((aligned(4)));
static struct wire_ip out;

// An ICMP message of `size` bytes at `message` arrives; its checksum is made right.
static void arrives(uint8_t *message, size_t size, be32 destination)
{
    struct ip_header *header = (void *)bytes;
    be16 checksum;
    memset(message + 2, 0, 2);
    checksum = checksum_finish(checksum_add(0, message, size));
    memcpy(message + 2, &checksum, 2);
    size_t total = wire_ip(bytes, WIRE_PEER, IP_ICMP, message, size);
    header->destination = destination;
    wire_seal(bytes);
    wire_receive(bytes, total);
}

static size_t make_echo(uint8_t *message, size_t size)
{
    memset(message, 0, HEADER);
    message[0] = ICMP_ECHO;
    message[4] = 0x12;
    message[7] = 0x34;
    for (size_t i = HEADER; i < size; i++)
        message[i] = (uint8_t)i;
    return size;
}

// ---- Echo ---------------------------------------------------------------------------------

static void answers_echo(void)
{
    uint8_t message[WIRE_MAX - 64];
    size_t live = wire_packets();
    static const size_t sizes[] = {HEADER, HEADER + 1, HEADER + ECHO_SIZE, 1480};
    for (unsigned i = 0; i < 4; i++) {
        arrives(message, make_echo(message, sizes[i]), WIRE_US);
        CHECK(wire_next(&out));
        CHECK_EQUAL(out.header.source, WIRE_US);
        CHECK_EQUAL(out.header.destination, WIRE_PEER);
        CHECK_EQUAL(out.header.ttl, IP_TTL);
        CHECK_EQUAL(out.size, sizes[i]);
        CHECK_EQUAL(out.data[0], ICMP_ECHO_REPLY);
        CHECK_EQUAL(checksum_finish(checksum_add(0, out.data, out.size)), 0);
        CHECK_EQUAL(memcmp(out.data + 4, message + 4, sizes[i] - 4), 0);
    }
    CHECK_EQUAL(wire_packets(), live);
}

static void keeps_quiet_where_it_must(void)
{
    uint8_t message[64];
    struct ip_header *header = (void *)bytes;
    make_echo(message, 64);
    size_t total = wire_ip(bytes, WIRE_PEER, IP_ICMP, message, 64); // its checksum is wrong
    wire_receive(bytes, total);
    CHECK_EQUAL(wire_forget(), 0);
    arrives(message, 64, WIRE_US);
    CHECK_EQUAL(wire_forget(), 1);
    header->destination = IPV4(10, 0, 2, 255); // to all: smurfs
    wire_seal(bytes);
    wire_receive_from(wire.peer, ethernet_broadcast, bytes, total);
    CHECK_EQUAL(wire_forget(), 0);
    message[0] = 13; // a question that we do not know
    arrives(message, 64, WIRE_US);
    arrives(message, 7, WIRE_US); // too short for any
    arrives(message, 0, WIRE_US);
    CHECK_EQUAL(wire_forget(), 0);
}

// In fragments, both ways.
static void answers_a_large_echo(void)
{
    static uint8_t message[6000], answer[6000];
    struct ip_header *header = (void *)bytes;
    size_t live = wire_packets(), received = 0;
    make_echo(message, sizeof(message));
    be16 checksum = checksum_finish(checksum_add(0, message, sizeof(message)));
    memcpy(message + 2, &checksum, 2);
    for (size_t at = 0; at < sizeof(message); at += 1480) {
        size_t part = sizeof(message) - at < 1480 ? sizeof(message) - at : 1480;
        size_t total = wire_ip(bytes, WIRE_PEER, IP_ICMP, message + at, part);
        bool is_last = at + part == sizeof(message);
        header->id = to_be16(77);
        header->fragment = to_be16((uint16_t)(at / 8 | (is_last ? 0 : IP_MORE_FRAGMENTS)));
        wire_seal(bytes);
        wire_receive(bytes, total);
    }
    while (wire_next(&out)) {
        size_t at = (from_be16(out.header.fragment) & IP_OFFSET_MASK) * 8u;
        CHECK(at + out.size <= sizeof(answer));
        memcpy(answer + at, out.data, out.size);
        received += out.size;
    }
    CHECK_EQUAL(received, sizeof(message));
    CHECK_EQUAL(answer[0], ICMP_ECHO_REPLY);
    CHECK_EQUAL(checksum_finish(checksum_add(0, answer, sizeof(answer))), 0);
    CHECK_EQUAL(memcmp(answer + 4, message + 4, sizeof(answer) - 4), 0);
    CHECK_EQUAL(wire_packets(), live);
}

// ---- Failures -----------------------------------------------------------------------------

struct report {
    uint8_t type, code;
    uint16_t mtu, size; // of what it quotes
    be32 quoted_source;
    uint8_t quoted_protocol;
};

// A report about a packet to WIRE_FAR arrives: how many failures were told.
static unsigned reported(const struct report *report)
{
    uint8_t message[HEADER + 28] __attribute__((aligned(4))) = {report->type, report->code};
    struct ip_header *quoted = (void *)(message + HEADER);
    message[6] = (uint8_t)(report->mtu >> 8);
    message[7] = (uint8_t)report->mtu;
    *quoted = (struct ip_header){.version_and_length = 0x45,
                                 .total_length = to_be16(report->size),
                                 .ttl = 1,
                                 .protocol = report->quoted_protocol,
                                 .source = report->quoted_source,
                                 .destination = WIRE_FAR};
    got.failures = 0;
    arrives(message, sizeof(message), WIRE_US);
    return got.failures;
}

static void tells_failures(void)
{
    static const struct {
        uint8_t type, code;
        int error;
        bool is_hard;
    } cases[] = {
        {3, 0, -ENETUNREACH, false},   {3, 1, -EHOSTUNREACH, false},
        {3, 2, -ECONNREFUSED, true},   {3, 3, -ECONNREFUSED, true},
        {3, 5, -EHOSTUNREACH, false},  {3, 13, -EHOSTUNREACH, false},
        {3, 99, -EHOSTUNREACH, false}, {11, 0, -ETIMEDOUT, false},
        {12, 0, -EPROTO, false},
    };
    size_t live = wire_packets();
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct report report = {cases[i].type, cases[i].code, 0,
                                      100,           WIRE_US,       TEST_PROTOCOL};
        CHECK_EQUAL(reported(&report), 1);
        CHECK_EQUAL(got.failure.error, cases[i].error);
        CHECK_EQUAL(got.failure.is_hard, cases[i].is_hard);
        CHECK_EQUAL(got.failure.mtu, 0);
        CHECK_EQUAL(got.size, 8);
        CHECK_EQUAL(address_be32(&got.failure.reporter), WIRE_PEER);
        CHECK_EQUAL(address_be32(&got.ends.destination), WIRE_FAR);
    }
    CHECK_EQUAL(wire_packets(), live);
}

static void tells_what_gets_through(void)
{
    static const struct {
        uint16_t mtu, size, expected;
    } cases[] = {
        {1400, 1500, 1400}, {68, 1500, 68},     {20, 1500, 68}, {0, 1500, 1492},
        {0, 1492, 1006},    {0, 65535, 32000},  {0, 69, 68},    {0, 68, 68},
        {1500, 1500, 1492}, {9000, 1500, 1492}, // more than what did not get through: wrong
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct report report = {
            3, 4, cases[i].mtu, cases[i].size, WIRE_US, TEST_PROTOCOL};
        CHECK_EQUAL(reported(&report), 1);
        CHECK_EQUAL(got.failure.error, -EMSGSIZE);
        CHECK_EQUAL(got.failure.mtu, cases[i].expected);
    }
}

static void believes_nothing_that_is_not_ours(void)
{
    const struct report foreign = {3, 1, 0, 100, WIRE_PEER, TEST_PROTOCOL};
    const struct report unknown = {3, 1, 0, 100, WIRE_US, 29};
    const struct report redirect = {5, 1, 0, 100, WIRE_US, TEST_PROTOCOL};
    const struct report quench = {4, 0, 0, 100, WIRE_US, TEST_PROTOCOL};
    CHECK_EQUAL(reported(&foreign), 0);
    CHECK_EQUAL(reported(&unknown), 0);
    CHECK_EQUAL(reported(&redirect), 0);
    CHECK_EQUAL(reported(&quench), 0);
    // Quotes that are cut, or make no sense.
    uint8_t message[HEADER + 28] __attribute__((aligned(4))) = {3, 1};
    struct ip_header *quoted = (void *)(message + HEADER);
    *quoted = (struct ip_header){.version_and_length = 0x45,
                                 .protocol = TEST_PROTOCOL,
                                 .source = WIRE_US,
                                 .destination = WIRE_FAR};
    for (size_t size = HEADER; size < sizeof(message); size++)
        arrives(message, size, WIRE_US);
    quoted->version_and_length = 0x4f;
    arrives(message, sizeof(message), WIRE_US);
    quoted->version_and_length = 0x44;
    arrives(message, sizeof(message), WIRE_US);
    quoted->version_and_length = 0x45;
    quoted->fragment = to_be16(1);
    arrives(message, sizeof(message), WIRE_US);
    CHECK_EQUAL(got.failures, 0);
    quoted->fragment = 0;
    arrives(message, sizeof(message), WIRE_US);
    CHECK_EQUAL(got.failures, 1);
}

// ---- What we say --------------------------------------------------------------------------

// A packet of an unknown protocol, changed a little, arrives: how many reports went out.
static unsigned answers_to(be32 source, unsigned fragment, uint8_t protocol, uint8_t first)
{
    struct ip_header *header = (void *)bytes;
    uint8_t data[16] = {first};
    size_t total = wire_ip(bytes, source, protocol, data, sizeof(data));
    struct packet *packet = wire_packet(bytes, total);
    header = (void *)packet->data;
    header->fragment = to_be16((uint16_t)fragment);
    packet->network = packet->data;
    packet_pull(packet, sizeof(*header));
    icmp_report(packet, ICMP_UNREACHABLE, ICMP_PROTOCOL, 0);
    packet_put(packet);
    return wire_forget();
}

static void reports_only_what_may_be_told(void)
{
    timer_sleep(300000000); // what other tests have said is forgotten
    CHECK_EQUAL(answers_to(WIRE_PEER, 0, 29, 0), 1);
    CHECK_EQUAL(answers_to(WIRE_PEER, IP_MORE_FRAGMENTS, 29, 0), 1); // the first fragment
    CHECK_EQUAL(answers_to(WIRE_PEER, 2, 29, 0), 0);                 // a later one
    CHECK_EQUAL(answers_to(WIRE_PEER, 0, IP_ICMP, ICMP_ECHO), 1);
    CHECK_EQUAL(answers_to(WIRE_PEER, 0, IP_ICMP, ICMP_UNREACHABLE), 0);
    CHECK_EQUAL(answers_to(WIRE_PEER, 0, IP_ICMP, ICMP_TIME_EXCEEDED), 0);
    CHECK_EQUAL(answers_to(WIRE_PEER, 0, IP_ICMP, 5), 0);
    CHECK_EQUAL(answers_to(IPV4(255, 255, 255, 255), 0, 29, 0), 0);
    CHECK_EQUAL(answers_to(IPV4(10, 0, 2, 255), 0, 29, 0), 0);
    CHECK_EQUAL(answers_to(IPV4(224, 0, 0, 1), 0, 29, 0), 0);
    CHECK_EQUAL(answers_to(0, 0, 29, 0), 0);
}

static void does_not_report_too_often(void)
{
    unsigned answers = 0;
    for (unsigned i = 0; i < 1000; i++)
        answers += answers_to(WIRE_PEER, 0, 29, 0);
    CHECK(answers >= 1 && answers < 900);
}

// ---- Our own questions --------------------------------------------------------------------

static struct {
    unsigned replies, failures;
    size_t size;
    uint16_t sequence;
    uint8_t ttl;
    struct os_address from;
} echoed;

static void answered(struct icmp_echo *echo, struct packet *packet,
                     const struct os_address *from, uint16_t sequence, uint8_t ttl,
                     const struct ip_failure *failure)
{
    echoed.replies += !failure;
    echoed.failures += failure != NULL;
    echoed.size = packet ? packet->total : 0;
    echoed.sequence = sequence;
    echoed.ttl = ttl;
    echoed.from = *from;
    packet_put(packet);
}

static void asks_others(void)
{
    static uint8_t reply[WIRE_MAX];
    struct icmp_echo echo = {.answered = answered}, second = {.answered = answered};
    struct ip_flow flow = {.destination = address_ipv4(WIRE_PEER, 0)};
    size_t live = wire_packets();
    icmp_echo_open(&echo);
    icmp_echo_open(&second);
    CHECK(echo.id != second.id);
    CHECK_EQUAL(icmp_echo_send(&echo, wire_packet("marco", 5), &flow, 7), 0);
    CHECK(wire_next(&out));
    CHECK_EQUAL(out.data[0], ICMP_ECHO);
    CHECK_EQUAL(be16_read(out.data + 4), echo.id);
    CHECK_EQUAL(be16_read(out.data + 6), 7);
    CHECK_EQUAL(checksum_finish(checksum_add(0, out.data, out.size)), 0);
    memcpy(reply, out.data, out.size);
    reply[0] = ICMP_ECHO_REPLY;
    arrives(reply, out.size, WIRE_US);
    CHECK_EQUAL(echoed.replies, 1);
    CHECK_EQUAL(echoed.size, 5);
    CHECK_EQUAL(echoed.sequence, 7);
    CHECK_EQUAL(echoed.ttl, 64);
    CHECK_EQUAL(address_be32(&echoed.from), WIRE_PEER);
    be16_write(reply + 4, (uint16_t)(echo.id ^ second.id ^ 0x5555)); // nobody's, most likely
    if (be16_read(reply + 4) != echo.id && be16_read(reply + 4) != second.id)
        arrives(reply, out.size, WIRE_US);
    icmp_echo_close(&echo);
    be16_write(reply + 4, echo.id);
    arrives(reply, out.size, WIRE_US);
    CHECK_EQUAL(echoed.replies, 1);
    icmp_echo_close(&second);
    CHECK_EQUAL(wire_packets(), live);
}

// A router quotes our question: TTL exceeded, as traceroute wants it.
static void hears_of_its_failures(void)
{
    uint8_t message[HEADER + 28] __attribute__((aligned(4))) = {11, 0};
    struct icmp_echo echo = {.answered = answered};
    struct ip_flow flow = {.destination = address_ipv4(WIRE_FAR, 0), .ttl = 1};
    icmp_echo_open(&echo);
    CHECK_EQUAL(icmp_echo_send(&echo, wire_packet("polo", 4), &flow, 3), 0);
    CHECK(wire_next(&out));
    CHECK_EQUAL(out.header.ttl, 1);
    memcpy(message + HEADER, &out.header, 20);
    memcpy(message + HEADER + 20, out.data, 8);
    arrives(message, sizeof(message), WIRE_US);
    CHECK_EQUAL(echoed.failures, 1);
    CHECK_EQUAL(echoed.sequence, 3);
    CHECK_EQUAL(address_be32(&echoed.from), WIRE_FAR);
    icmp_echo_close(&echo);
}

const struct test unit_tests[] = {
    {"answers echo", answers_echo},
    {"keeps quiet where it must", keeps_quiet_where_it_must},
    {"answers a large echo", answers_a_large_echo},
    {"tells failures", tells_failures},
    {"tells what gets through", tells_what_gets_through},
    {"believes nothing that is not ours", believes_nothing_that_is_not_ours},
    {"reports only what may be told", reports_only_what_may_be_told},
    {"does not report too often", does_not_report_too_often},
    {"asks others", asks_others},
    {"hears of its failures", hears_of_its_failures},
    {0},
};
