// SPDX-License-Identifier: MIT
//
// DHCP: what the client says, what it believes, when it says it again, and what becomes of the
// interface. UDP, IP, ARP and the time are the test's.
#include "net/dhcp.h"

#include "boot/board.h"
#include "dhcp_server.h"
#include "error.h"
#include "fake_time.h"
#include "fake_udp.h"
#include "heap.h"
#include "net/arp.h"
#include "net/dhcp_message.h"
#include "page.h"
#include "thread.h"
#include "unit.h"

#define OURS IPV4(10, 0, 2, 15)
#define SERVER IPV4(10, 0, 2, 2)
#define EVERYBODY IPV4(255, 255, 255, 255)

// ---- What is below ------------------------------------------------------------------------

static struct {
    struct net_device device;
    struct ip_configuration configuration; // no family: none
    struct ip_listener *listener;
    unsigned configured;
    int configure_error;
    be32 probed;
    void (*probe_done)(void *context, bool is_taken, const uint8_t by[MAC_SIZE]);
    void *probe_context;
    void (*conflict)(struct net_device *device, be32 ip, const uint8_t by[MAC_SIZE]);
} below;

int ip_configure(struct net_device *device, const struct ip_configuration *configuration)
{
    below.configured++;
    if (below.configure_error)
        return below.configure_error;
    below.configuration = *configuration;
    below.listener->changed(below.listener);
    return 0;
}

const struct ip_configuration *ip_configuration(const struct net_device *device)
{
    return below.configuration.address.family ? &below.configuration : NULL;
}

void ip_listen(struct ip_listener *listener)
{
    below.listener = listener;
}

int arp_probe(struct net_device *device, be32 ip,
              void (*done)(void *context, bool is_taken, const uint8_t by[MAC_SIZE]),
              void *context)
{
    below.probed = ip;
    below.probe_done = done;
    below.probe_context = context;
    return 0;
}

void arp_set_conflict(void (*conflict)(struct net_device *device, be32 ip,
                                       const uint8_t by[MAC_SIZE]))
{
    below.conflict = conflict;
}

static struct net_device *device(void)
{
    return &below.device;
}

void unit_setup(const struct boot_info *boot)
{
    static const struct net_operations operations = {0};
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    thread_init();
    below.device = (struct net_device){.operations = &operations,
                                       .mac = {2, 0, 0, 0, 0, 1},
                                       .mtu = 1500,
                                       .has_ethernet = true,
                                       .link_up = true};
    netdev_add(device());
    dhcp_init("unit");
}

// From the very start: no address, and DISCOVER is out.
static void begin(void)
{
    below.configure_error = 0;
    fake_udp.send_error = 0;
    ip_configure(device(), &(struct ip_configuration){.source = ""});
    netdev_link(device(), true);
    CHECK_EQUAL(dhcp_start(device()), 0);
    CHECK_EQUAL(dhcp_state(device()), DHCP_SELECTING);
}

static be32 address(void)
{
    return address_be32(&below.configuration.address);
}

static void answer(const struct server_answer *answer)
{
    uint8_t bytes[SERVER_ANSWER_MAX];
    size_t size = server_write(bytes, answer, fake_udp.bytes);
    udp_arrives(bytes, size, DHCP_SERVER_PORT);
}

static void offer(void)
{
    answer(&(struct server_answer){.type = DHCP_OFFER, .address = OURS, .server = SERVER,
                                   .mask = IPV4(255, 255, 255, 0), .lease_s = 1000});
}

static void acknowledge(void)
{
    answer(&(struct server_answer){.type = DHCP_ACK, .address = OURS, .server = SERVER,
                                   .mask = IPV4(255, 255, 255, 0), .gateway = SERVER,
                                   .dns = IPV4(10, 0, 2, 3), .lease_s = 1000});
}

static void refuse(void)
{
    answer(&(struct server_answer){.type = DHCP_NAK, .server = SERVER});
}

static void become_bound(void)
{
    begin();
    offer();
    acknowledge();
    CHECK_EQUAL(dhcp_state(device()), DHCP_BOUND);
}

// What was said last: option `code` of it as a number, 0: it is not there.
static uint32_t said(uint8_t code)
{
    return server_option(fake_udp.bytes, fake_udp.size, code);
}

// ---- From nothing to an address -------------------------------------------------------------

static void gets_an_address(void)
{
    size_t live = udp_packets();
    begin();
    CHECK_EQUAL(said(OPTION_TYPE), DHCP_DISCOVER);
    CHECK_EQUAL(address_be32(&fake_udp.to), EVERYBODY);
    CHECK_EQUAL(fake_udp.to.port, DHCP_SERVER_PORT);
    CHECK_EQUAL(fake_udp.size, 300); // RFC 1542, 2.1
    offer();
    CHECK_EQUAL(dhcp_state(device()), DHCP_REQUESTING);
    CHECK_EQUAL(said(OPTION_TYPE), DHCP_REQUEST);
    CHECK_EQUAL(said(OPTION_WANTED), from_be32(OURS));
    CHECK_EQUAL(said(OPTION_SERVER), from_be32(SERVER));
    CHECK_EQUAL(server_client(fake_udp.bytes), 0);
    CHECK(!address());
    acknowledge();
    CHECK_EQUAL(dhcp_state(device()), DHCP_BOUND);
    CHECK_EQUAL(dhcp_wait(device(), 0), 0);
    CHECK_EQUAL(address(), OURS);
    CHECK_EQUAL(below.configuration.prefix, 24);
    CHECK_EQUAL(address_be32(&below.configuration.gateway), SERVER);
    CHECK_EQUAL(address_be32(&below.configuration.servers[0]), IPV4(10, 0, 2, 3));
    CHECK_STRING(below.configuration.source, "dhcp");
    CHECK_EQUAL(below.configuration.lease_end_ns, fake_time.now_ns + 1000 * TIME_SECOND);
    CHECK_EQUAL(below.probed, OURS);
    CHECK_EQUAL(udp_packets(), live);
}

// RFC 2131, 4.1: 4, 8, 16, 32, 64 s, and then every 64, each a second less or more.
static void asks_again_and_again(void)
{
    static const unsigned seconds[] = {4, 8, 16, 32, 64, 64, 64};
    begin();
    unsigned sent = fake_udp.sent;
    for (unsigned i = 0; i < sizeof(seconds) / sizeof(*seconds); i++) {
        uint64_t waited = time_passes_to_timer();
        CHECK(waited >= (seconds[i] - 1) * TIME_SECOND &&
              waited <= (seconds[i] + 1) * TIME_SECOND);
        CHECK_EQUAL(fake_udp.sent, ++sent);
        CHECK_EQUAL(said(OPTION_TYPE), DHCP_DISCOVER);
    }
    offer();
    acknowledge();
    CHECK_EQUAL(address(), OURS);
}

// A server that offers and is then gone: from the start again.
static void an_offer_that_leads_to_nothing(void)
{
    begin();
    offer();
    unsigned requests = 1;
    while (dhcp_state(device()) == DHCP_REQUESTING && requests < 10) {
        time_passes_to_timer();
        requests += said(OPTION_TYPE) == DHCP_REQUEST;
    }
    CHECK_EQUAL(requests, 4);
    CHECK_EQUAL(dhcp_state(device()), DHCP_SELECTING);
    CHECK_EQUAL(said(OPTION_TYPE), DHCP_DISCOVER);
}

// Refused right after the offer: not a thousand times a second.
static void a_refusal_is_followed_by_a_pause(void)
{
    begin();
    offer();
    unsigned sent = fake_udp.sent;
    refuse();
    CHECK_EQUAL(dhcp_state(device()), DHCP_INIT);
    time_passes(9 * TIME_SECOND);
    CHECK_EQUAL(fake_udp.sent, sent);
    time_passes(2 * TIME_SECOND);
    CHECK_EQUAL(dhcp_state(device()), DHCP_SELECTING);
}

static void what_cannot_be_sent_is_sent_later(void)
{
    begin();
    fake_udp.send_error = -ENOBUFS;
    time_passes_to_timer();
    fake_udp.send_error = 0;
    time_passes_to_timer();
    offer();
    acknowledge();
    CHECK_EQUAL(address(), OURS);
}

static void what_the_interface_refuses(void)
{
    begin();
    offer();
    below.configure_error = -EINVAL;
    acknowledge();
    CHECK_EQUAL(dhcp_state(device()), DHCP_INIT);
    below.configure_error = 0;
    time_passes_to_timer();
    CHECK_EQUAL(dhcp_state(device()), DHCP_SELECTING);
}

// ---- Time -----------------------------------------------------------------------------------

static void asks_its_server_for_more_time(void)
{
    become_bound();
    uint64_t end_ns = below.configuration.lease_end_ns;
    unsigned sent = fake_udp.sent;
    time_passes(499 * TIME_SECOND);
    CHECK_EQUAL(fake_udp.sent, sent);
    time_passes(TIME_SECOND); // T1: half
    CHECK_EQUAL(dhcp_state(device()), DHCP_RENEWING);
    CHECK_EQUAL(address_be32(&fake_udp.to), SERVER);
    CHECK_EQUAL(said(OPTION_TYPE), DHCP_REQUEST);
    CHECK_EQUAL(said(OPTION_WANTED), 0);
    CHECK_EQUAL(said(OPTION_SERVER), 0);
    CHECK_EQUAL(server_client(fake_udp.bytes), OURS);
    below.probed = 0;
    acknowledge();
    CHECK_EQUAL(dhcp_state(device()), DHCP_BOUND);
    CHECK_EQUAL(below.configuration.lease_end_ns, end_ns + 500 * TIME_SECOND);
    CHECK_EQUAL(below.probed, 0); // it is ours for long
}

static void asks_all_servers_and_then_gives_up(void)
{
    become_bound();
    time_passes(874 * TIME_SECOND);
    CHECK_EQUAL(dhcp_state(device()), DHCP_RENEWING);
    unsigned sent = fake_udp.sent;
    time_passes(2 * TIME_SECOND); // T2: seven eighths
    CHECK_EQUAL(dhcp_state(device()), DHCP_REBINDING);
    CHECK_EQUAL(address_be32(&fake_udp.to), EVERYBODY);
    CHECK_EQUAL(server_client(fake_udp.bytes), OURS);
    CHECK_EQUAL(fake_udp.sent, sent + 1);
    time_passes(123 * TIME_SECOND);
    CHECK_EQUAL(address(), OURS);
    CHECK(fake_udp.sent < sent + 4); // once a minute at most
    time_passes(2 * TIME_SECOND);
    CHECK(!address());
    CHECK_EQUAL(dhcp_state(device()), DHCP_SELECTING);
}

static void another_server_extends_the_lease(void)
{
    become_bound();
    time_passes(900 * TIME_SECOND);
    CHECK_EQUAL(dhcp_state(device()), DHCP_REBINDING);
    answer(&(struct server_answer){.type = DHCP_ACK, .address = OURS,
                                   .server = IPV4(10, 0, 2, 4), .lease_s = 2000});
    CHECK_EQUAL(dhcp_state(device()), DHCP_BOUND);
    time_passes(1000 * TIME_SECOND);
    CHECK_EQUAL(address_be32(&fake_udp.to), IPV4(10, 0, 2, 4));
}

static void a_refused_renewal_ends_the_lease(void)
{
    become_bound();
    time_passes(500 * TIME_SECOND);
    refuse();
    CHECK(!address());
    CHECK_EQUAL(dhcp_state(device()), DHCP_SELECTING); // at once
}

static void a_lease_for_ever_is_left_alone(void)
{
    begin();
    offer();
    answer(&(struct server_answer){.type = DHCP_ACK, .address = OURS, .server = SERVER,
                                   .lease_s = DHCP_FOR_EVER});
    unsigned sent = fake_udp.sent;
    time_passes(1000000 * TIME_SECOND);
    CHECK_EQUAL(fake_udp.sent, sent);
    CHECK_EQUAL(below.configuration.lease_end_ns, UINT64_MAX);
    CHECK_EQUAL(below.configuration.prefix, 8); // no mask: that of 10.x.x.x
}

static void times_that_make_no_sense(void)
{
    begin();
    offer();
    answer(&(struct server_answer){.type = DHCP_ACK, .address = OURS, .server = SERVER,
                                   .lease_s = 800, .renew_s = 5000, .rebind_s = 4000});
    time_passes(399 * TIME_SECOND);
    CHECK_EQUAL(dhcp_state(device()), DHCP_BOUND);
    time_passes(2 * TIME_SECOND);
    CHECK_EQUAL(dhcp_state(device()), DHCP_RENEWING);
}

// ---- The link, and others ---------------------------------------------------------------------

static void waits_for_the_link(void)
{
    become_bound();
    ip_configure(device(), &(struct ip_configuration){.source = ""});
    netdev_link(device(), false);
    unsigned sent = fake_udp.sent;
    CHECK_EQUAL(dhcp_start(device()), 0);
    CHECK_EQUAL(dhcp_state(device()), DHCP_INIT);
    time_passes(100 * TIME_SECOND);
    CHECK_EQUAL(fake_udp.sent, sent);
    netdev_link(device(), true);
    CHECK_EQUAL(said(OPTION_TYPE), DHCP_DISCOVER);
    CHECK_EQUAL(fake_udp.sent, sent + 1);
}

// RFC 2131, 3.2: the cable was out; the network may be another one now.
static void asks_for_its_address_again_after_a_break(void)
{
    become_bound();
    netdev_link(device(), false);
    CHECK_EQUAL(address(), OURS);
    netdev_link(device(), true);
    CHECK_EQUAL(dhcp_state(device()), DHCP_REBOOTING);
    CHECK_EQUAL(said(OPTION_WANTED), from_be32(OURS));
    CHECK_EQUAL(said(OPTION_SERVER), 0);
    CHECK_EQUAL(server_client(fake_udp.bytes), 0);
    acknowledge();
    CHECK_EQUAL(dhcp_state(device()), DHCP_BOUND);

    netdev_link(device(), false);
    netdev_link(device(), true);
    refuse(); // it is
    CHECK(!address());
    CHECK_EQUAL(dhcp_state(device()), DHCP_SELECTING);
}

static void keeps_its_address_when_nobody_knows(void)
{
    become_bound();
    netdev_link(device(), false);
    netdev_link(device(), true);
    time_passes(20 * TIME_SECOND);
    CHECK_EQUAL(dhcp_state(device()), DHCP_BOUND);
    CHECK_EQUAL(address(), OURS);
    time_passes(500 * TIME_SECOND);
    CHECK_EQUAL(dhcp_state(device()), DHCP_RENEWING);
}

static void declines_what_somebody_has(void)
{
    static const uint8_t other[MAC_SIZE] = {2, 0, 0, 0, 0, 9};
    become_bound();
    below.probe_done(below.probe_context, true, other);
    CHECK_EQUAL(said(OPTION_TYPE), DHCP_DECLINE);
    CHECK_EQUAL(said(OPTION_WANTED), from_be32(OURS));
    CHECK_EQUAL(said(OPTION_SERVER), from_be32(SERVER));
    CHECK_EQUAL(server_client(fake_udp.bytes), 0);
    CHECK(!address());
    time_passes(11 * TIME_SECOND);
    CHECK_EQUAL(dhcp_state(device()), DHCP_SELECTING);
    offer();
    acknowledge();
    below.probe_done(below.probe_context, false, NULL);
    CHECK_EQUAL(dhcp_state(device()), DHCP_BOUND);

    below.conflict(device(), IPV4(10, 0, 2, 99), other); // not ours
    CHECK_EQUAL(dhcp_state(device()), DHCP_BOUND);
    below.conflict(device(), OURS, other);
    CHECK_EQUAL(said(OPTION_TYPE), DHCP_DECLINE);
    CHECK(!address());
}

static void release(void *unused)
{
    CHECK_EQUAL(dhcp_release(device()), 0);
}

static void gives_the_address_back(void)
{
    become_bound();
    struct thread *thread = thread_create("release", release, NULL);
    thread_yield();
    CHECK_EQUAL(dhcp_state(device()), DHCP_RELEASING);
    CHECK_EQUAL(said(OPTION_TYPE), DHCP_RELEASE);
    CHECK_EQUAL(said(OPTION_SERVER), from_be32(SERVER));
    CHECK_EQUAL(server_client(fake_udp.bytes), OURS);
    CHECK_EQUAL(address_be32(&fake_udp.to), SERVER);
    time_passes(2 * TIME_SECOND);
    CHECK(!address());
    CHECK_EQUAL(dhcp_state(device()), DHCP_OFF);
    CHECK_EQUAL(thread_join(thread, NULL, MACHINE_NEVER), 0);
    CHECK_EQUAL(dhcp_release(device()), -ENOENT);
    CHECK_EQUAL(dhcp_wait(device(), 0), -ENETDOWN);
}

static void leaves_other_peoples_addresses_alone(void)
{
    const struct ip_configuration by_hand = {
        .address = address_ipv4(IPV4(10, 0, 2, 77), 0), .prefix = 24, .source = "static"};
    become_bound();
    ip_configure(device(), &by_hand);
    CHECK_EQUAL(dhcp_state(device()), DHCP_OFF);
    unsigned sent = fake_udp.sent;
    time_passes(2000 * TIME_SECOND);
    netdev_link(device(), false);
    netdev_link(device(), true);
    CHECK_EQUAL(fake_udp.sent, sent);
    CHECK_EQUAL(address(), IPV4(10, 0, 2, 77));

    begin(); // also while it asks
    ip_configure(device(), &by_hand);
    CHECK_EQUAL(dhcp_state(device()), DHCP_OFF);
}

// ---- What is not believed -----------------------------------------------------------------------

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

// ---- Messages -----------------------------------------------------------------------------------

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
    {"gets an address", gets_an_address},
    {"asks again and again", asks_again_and_again},
    {"an offer that leads to nothing", an_offer_that_leads_to_nothing},
    {"a refusal is followed by a pause", a_refusal_is_followed_by_a_pause},
    {"what cannot be sent is sent later", what_cannot_be_sent_is_sent_later},
    {"what the interface refuses", what_the_interface_refuses},
    {"asks its server for more time", asks_its_server_for_more_time},
    {"asks all servers, and then gives up", asks_all_servers_and_then_gives_up},
    {"another server extends the lease", another_server_extends_the_lease},
    {"a refused renewal ends the lease", a_refused_renewal_ends_the_lease},
    {"a lease for ever is left alone", a_lease_for_ever_is_left_alone},
    {"times that make no sense", times_that_make_no_sense},
    {"waits for the link", waits_for_the_link},
    {"asks for its address again after a break", asks_for_its_address_again_after_a_break},
    {"keeps its address when nobody knows", keeps_its_address_when_nobody_knows},
    {"declines what somebody has", declines_what_somebody_has},
    {"gives the address back", gives_the_address_back},
    {"leaves other people's addresses alone", leaves_other_peoples_addresses_alone},
    {"ignores bad offers", ignores_bad_offers},
    {"ignores other ports and short messages", ignores_other_ports_and_short_messages},
    {"reads options wherever they are", reads_options_wherever_they_are},
    {"passes over wrong options", passes_over_wrong_options},
    {0},
};
