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

const struct test unit_tests[] = {
    {"sends all again in smaller segments", sends_all_again_in_smaller_segments},
    {"keeps what got through", keeps_what_got_through},
    {"hears what it knows already", hears_what_it_knows_already},
    {"sends at once when it is wider", sends_at_once_when_it_is_wider},
    {0},
};
