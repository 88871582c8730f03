// SPDX-License-Identifier: MIT
//
// The path becomes narrower and wider while a connection is in use: what goes again, when, and
// what becomes of the window.
#include "numbered_segments.h"

enum { NARROW_MSS = 500, NARROW_MTU = NARROW_MSS + 40, SECONDS_KEPT = 600 };

void unit_setup(const struct boot_info *boot)
{
    script_setup(boot);
    tcp_recovery_init();
}

static void too_large(uint32_t sequence)
{
    struct ip_failure failure = {.error = -EMSGSIZE, .mtu = NARROW_MTU};
    script_fail(connection, failure, sequence);
}

static void forget_path(void)
{
    time_passes(SECONDS_KEPT * TIME_SECOND);
}

// Bytes from number `from` up to `to` come in segments for the narrow path.
static bool sends_small(uint32_t from, uint32_t to)
{
    for (; from < to; from += NARROW_MSS)
        if (!expect(ACK, from, 1, NARROW_MSS))
            return false;
    return true;
}

// One segment tries it; then all that was under way goes again, and no window shrinks.
static void sends_all_again_in_smaller_segments(void)
{
    CHECK(begin(true, false, 10));
    CHECK(sends(0, AT_FIRST));
    too_large(1);
    CHECK(sends_small(1, NARROW_MSS) && silent());
    too_large(1 + MSS); // the router dropped them all
    too_large(1 + 9 * MSS);
    CHECK(silent());
    send(ACK, 1, 1 + NARROW_MSS, "");
    CHECK(sends_small(1 + NARROW_MSS, 10 * MSS) && silent());
    CHECK(cwnd() >= AT_FIRST * MSS);
    CHECK_EQUAL(ssthresh(), TCP_SSTHRESH_NONE);
    ack(10);
    CHECK_EQUAL(connection->loss.phase, TCP_OPEN);
    CHECK_EQUAL(connection->timeouts, 0);
    finish();
    forget_path();
}

// What the peer has of it does not go again.
static void keeps_what_got_through(void)
{
    CHECK(begin(true, false, 10));
    CHECK(sends(0, AT_FIRST));
    sack(0, 8, 10);
    too_large(1);
    CHECK(sends_small(1, NARROW_MSS) && silent());
    send(ACK, 1, 1 + NARROW_MSS, "");
    CHECK(sends_small(1 + NARROW_MSS, 8 * MSS) && silent());
    finish();
    forget_path();
}

// Another connection to the same host has heard of it first.
static void hears_what_it_knows_already(void)
{
    CHECK(begin(true, false, 10));
    CHECK(sends(0, AT_FIRST));
    ip_mtu_lower(&connection->entry.remote, NARROW_MTU);
    ack(1);
    CHECK(silent());
    too_large(1 + MSS);
    CHECK(sends_small(1 + MSS, MSS + NARROW_MSS) && silent());
    finish();
    forget_path();
}

// A window of a few small segments holds no large one: it is one of the new segments at least.
static void sends_at_once_when_it_is_wider(void)
{
    static const uint8_t zeros[MSS];
    CHECK(begin(true, false, 1));
    CHECK(sends(0, 1));
    too_large(1);
    CHECK(sends_small(1, NARROW_MSS));
    pass_ms(200);
    CHECK(sends_small(1, NARROW_MSS));
    CHECK_EQUAL(cwnd(), NARROW_MSS);
    ack(1);
    forget_path();
    CHECK_EQUAL(tcp_write(connection, zeros, MSS), MSS);
    CHECK(sends(1, 1) && silent());
    finish();
}

// ---- Black holes --------------------------------------------------------------------

enum { SMALL_MSS = 536, RETRY_S = 600 }; // half of it would be less than every path takes

static bool write_segment(void)
{
    static const uint8_t zeros[MSS];
    return tcp_write(connection, zeros, MSS) == MSS;
}

// The segment comes in two of those that get through.
static bool is_sent_in_two(unsigned number)
{
    uint32_t start = 1 + number * MSS;
    bool is_sent = write_segment() && expect(ACK, start, 1, SMALL_MSS);
    send(ACK, 1, start + SMALL_MSS, "");
    is_sent &= expect(ACK, start + SMALL_MSS, 1, MSS - SMALL_MSS) && silent();
    ack(number + 1);
    return is_sent;
}

// Segments of MSS bytes get nowhere, and nobody says why; smaller ones do.
static bool begin_with_black_hole(void)
{
    bool is_begun = begin(true, false, 1) && sends(0, 1);
    tcp_set_option(connection, OS_OPTION_NODELAY, 1);
    pass_ms(200);
    is_begun &= sends(0, 1);
    pass_ms(400);
    is_begun &= sends(0, 1);
    pass_ms(800);
    is_begun &= expect(ACK, 1, 1, SMALL_MSS);
    ack(1);
    return is_begun && silent() && is_sent_in_two(1);
}

// What nobody has said cannot be taken back either: it has to be tried (RFC 4821, 7).
static void tries_larger_ones_again_after_ten_minutes(void)
{
    CHECK(begin_with_black_hole());
    time_passes((RETRY_S - 1) * TIME_SECOND);
    CHECK(is_sent_in_two(2));
    time_passes(TIME_SECOND);
    CHECK(write_segment());
    CHECK(sends(3, 1) && silent());
    ack(4);
    time_passes(2 * RETRY_S * TIME_SECOND);
    CHECK(write_segment());
    CHECK(sends(4, 1) && silent());
    ack(5);
    finish();
}

// It was not better: that shows sooner than the first time, and is tried again later.
static void returns_to_what_gets_through(void)
{
    CHECK(begin_with_black_hole());
    for (unsigned number = 2; number < 8; number += 2) {
        time_passes(RETRY_S * TIME_SECOND);
        CHECK(write_segment());
        CHECK(sends(number, 1));
        pass_ms(200);
        CHECK(sends(number, 1));
        pass_ms(400);
        CHECK(expect(ACK, 1 + number * MSS, 1, SMALL_MSS));
        ack(number + 1);
        CHECK(is_sent_in_two(number + 1));
    }
    finish();
}

// Over another router everything may be different.
static void forgets_it_on_another_way(void)
{
    const struct os_address peer = address_ipv4(WIRE_PEER, 0),
                            gateway = address_ipv4(WIRE_GATEWAY, 0);
    CHECK(begin_with_black_hole());
    CHECK_EQUAL(ip_route_add(&peer, 32, &gateway, NULL), 0);
    CHECK(write_segment());
    CHECK(sends(2, 1) && silent());
    ack(3);
    CHECK_EQUAL(ip_route_remove(&peer, 32), 0);
    finish();
}

// Where nothing at all can get through, it is not because of the size.
static void knows_a_cable_that_is_out(void)
{
    CHECK(begin(true, false, 1));
    CHECK(sends(0, 1));
    netdev_link(&wire.device, false);
    pass_ms(20000);
    netdev_link(&wire.device, true);
    arp_set(&wire.device, WIRE_PEER, wire.peer);
    count_sent();
    pass_ms(12000);
    CHECK(sends(0, 1));
    finish();
}

static void knows_a_peer_that_is_away(void)
{
    struct ip_failure failure = {.error = -EHOSTUNREACH};
    CHECK(begin(true, false, 1));
    CHECK(sends(0, 1));
    for (unsigned i = 0; i < 5; i++) {
        script_fail(connection, failure, 1);
        pass_ms(200 << i);
        CHECK(sends(0, 1));
    }
    finish();
}

const struct test unit_tests[] = {
    {"sends all again in smaller segments", sends_all_again_in_smaller_segments},
    {"keeps what got through", keeps_what_got_through},
    {"hears what it knows already", hears_what_it_knows_already},
    {"sends at once when it is wider", sends_at_once_when_it_is_wider},
    {"tries larger ones again after ten minutes", tries_larger_ones_again_after_ten_minutes},
    {"returns to what gets through", returns_to_what_gets_through},
    {"forgets it on another way", forgets_it_on_another_way},
    {"knows a cable that is out", knows_a_cable_that_is_out},
    {"knows a peer that is away", knows_a_peer_that_is_away},
    {0},
};
