// SPDX-License-Identifier: MIT
//
// DHCP: what the client says, when it says it again, and what becomes of the interface. UDP,
// IP, ARP and the time are the test's.
#include "dhcp_below.h"

// ---- From nothing to an address -----------------------------------------------------

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
    CHECK_EQUAL(address_be32(&below.configuration.time_servers[0]), IPV4(10, 0, 2, 9));
    CHECK(!below.configuration.time_servers[1].family);
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
    uint32_t times = server_times(fake_udp.bytes);
    CHECK(times >> 16 > 200); // since it began
    CHECK_EQUAL(times & 0xffff, 0x8000);
    time_passes(5 * TIME_SECOND);
    offer();
    CHECK_EQUAL(server_times(fake_udp.bytes), times); // RFC 2131, 3.1, 3
    acknowledge();
    CHECK_EQUAL(address(), OURS);
}

// RFC 2131, table 3: what an offer must have.
static void takes_no_offer_that_lacks_something(void)
{
    struct server_answer lacking = {.type = DHCP_OFFER, .address = OURS, .server = SERVER,
                                    .lease_s = 1000};
    begin();
    lacking.server = 0;
    answer(&lacking);
    lacking.server = SERVER;
    lacking.lease_s = 0;
    answer(&lacking);
    lacking.lease_s = 1000;
    lacking.address = 0;
    answer(&lacking);
    lacking.address = OURS;
    uint8_t bytes[SERVER_ANSWER_MAX];
    size_t size = server_write(bytes, &lacking, fake_udp.bytes);
    udp_arrives(bytes, size, DHCP_SERVER_PORT + 1); // not from a server
    bytes[2] = 7; // hardware addresses of another size
    udp_arrives(bytes, size, DHCP_SERVER_PORT);
    CHECK_EQUAL(dhcp_state(device()), DHCP_SELECTING);
    answer(&lacking);
    CHECK_EQUAL(dhcp_state(device()), DHCP_REQUESTING);
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

// ---- Time ---------------------------------------------------------------------------

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

// ---- The link, and others -----------------------------------------------------------

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
    CHECK(said(OPTION_MESSAGE) != 0); // why
    CHECK_EQUAL(server_client(fake_udp.bytes), 0);
    CHECK_EQUAL(server_times(fake_udp.bytes), 0); // RFC 2131, table 5
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
    CHECK(said(OPTION_MESSAGE) != 0);
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

const struct test unit_tests[] = {
    {"gets an address", gets_an_address},
    {"asks again and again", asks_again_and_again},
    {"takes no offer that lacks something", takes_no_offer_that_lacks_something},
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
    {0},
};
