// SPDX-License-Identifier: MIT
//
// DHCP: what a client believes, and what it passes over.
#include "dhcp_below.h"

// ---- What is not believed -----------------------------------------------------------

static void bad_offer(struct server_answer bad)
{
    begin();
    answer(&bad);
    CHECK_EQUAL(dhcp_state(device()), DHCP_SELECTING);
}

static void ignores_bad_offers(void)
{
    const struct server_answer good = {.type = DHCP_OFFER, .address = OURS, .server = SERVER,
                                       .mask = IPV4(255, 255, 255, 0), .lease_s = 100};
    struct server_answer bad = good;
    bad.address = 0;
    bad_offer(bad);
    bad.address = IPV4(127, 0, 0, 1);
    bad_offer(bad);
    bad.address = IPV4(224, 0, 0, 1);
    bad_offer(bad);
    bad.address = EVERYBODY;
    bad_offer(bad);
    bad.address = IPV4(10, 0, 2, 255); // of all in that network
    bad_offer(bad);
    bad.address = IPV4(10, 0, 2, 0);
    bad_offer(bad);
    bad = good;
    bad.server = 0;
    bad_offer(bad);
    bad = good;
    bad.lease_s = 0;
    bad_offer(bad);
    bad = good;
    bad.xid_difference = 1;
    bad_offer(bad);
    bad = good;
    bad.mac_difference = 1;
    bad_offer(bad);
    bad = good;
    bad.type = DHCP_ACK; // out of turn
    bad_offer(bad);
    bad.type = DHCP_REQUEST; // a client's
    bad_offer(bad);
    answer(&good);
    CHECK_EQUAL(dhcp_state(device()), DHCP_REQUESTING);
}

static void ignores_other_ports_and_short_messages(void)
{
    uint8_t bytes[SERVER_ANSWER_MAX];
    const struct server_answer good = {.type = DHCP_OFFER, .address = OURS, .server = SERVER,
                                       .lease_s = 100};
    begin();
    size_t live = udp_packets(), size = server_write(bytes, &good, fake_udp.bytes);
    udp_arrives(bytes, size, 6767);
    CHECK_EQUAL(dhcp_state(device()), DHCP_SELECTING);
    for (size_t cut = 1; cut < sizeof(struct dhcp_header) + 3; cut++)
        udp_arrives(bytes, cut, DHCP_SERVER_PORT);
    CHECK_EQUAL(dhcp_state(device()), DHCP_SELECTING);
    udp_arrives_cut(bytes, size, DHCP_SERVER_PORT, 100); // in two pieces it is as good
    CHECK_EQUAL(dhcp_state(device()), DHCP_REQUESTING);
    CHECK_EQUAL(udp_packets(), live);
}

// ---- Messages -----------------------------------------------------------------------

// Options that go on in the fields for a file's and a server's name (RFC 2132, 9.3).
static void reads_options_wherever_they_are(void)
{
    uint8_t bytes[SERVER_ANSWER_MAX];
    uint8_t question[sizeof(struct dhcp_header)] = {0};
    struct dhcp_answer found;
    size_t size = server_write(bytes, &(struct server_answer){.type = DHCP_OFFER}, question);
    uint8_t *end = bytes + size - 1; // where END stands
    const uint8_t overload[] = {52, 1, 3, 255}, mask[] = {1, 4, 255, 255, 0, 0, 255};
    const uint8_t lease[] = {0, 0, 51, 4, 0, 0, 1, 0, 255};
    memcpy(end, overload, sizeof(overload));
    memcpy(bytes + offsetof(struct dhcp_header, file), mask, sizeof(mask));
    memcpy(bytes + offsetof(struct dhcp_header, server_name), lease, sizeof(lease));
    CHECK(dhcp_message_read(bytes, size + 3, &found));
    CHECK_EQUAL(found.mask, IPV4(255, 255, 0, 0));
    CHECK_EQUAL(found.lease_s, 256);
}

static void passes_over_wrong_options(void)
{
    uint8_t bytes[SERVER_ANSWER_MAX];
    uint8_t question[sizeof(struct dhcp_header)] = {0};
    struct dhcp_answer found;
    size_t size = server_write(bytes, &(struct server_answer){.type = DHCP_OFFER}, question);
    const uint8_t wrong[] = {1,  2, 255, 255,             // a mask of two bytes
                             51, 3, 1,   2,   3,          // a lease of three
                             99, 0,                       // of no bytes, unknown
                             56, 5, 'n', 27,  '[', 'o', 10, // a message for a terminal
                             3,  8, 10,  0,   2};         // cut off
    memcpy(bytes + size - 1, wrong, sizeof(wrong));
    CHECK(dhcp_message_read(bytes, size - 1 + sizeof(wrong), &found));
    CHECK_EQUAL(found.mask, 0);
    CHECK_EQUAL(found.lease_s, 0);
    CHECK_EQUAL(found.gateway, 0);
    CHECK_STRING(found.message, "n[o");
}

const struct test unit_tests[] = {
    {"ignores bad offers", ignores_bad_offers},
    {"ignores other ports and short messages", ignores_other_ports_and_short_messages},
    {"reads options wherever they are", reads_options_wherever_they_are},
    {"passes over wrong options", passes_over_wrong_options},
    {0},
};
