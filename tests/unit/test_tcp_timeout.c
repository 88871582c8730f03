// SPDX-License-Identifier: MIT
//
// What TCP does when nothing is acknowledged any more: RFC 5681, 3.1; RFC 2018, 8; RFC 3522.
#include "numbered_segments.h"

void unit_setup(const struct boot_info *boot)
{
    script_setup(boot);
    tcp_recovery_init();
}

// Without SACK no probe finds it (tcp_tail.c).
static void a_lost_tail_times_out(void)
{
    CHECK(begin(false, false, 10));
    CHECK(sends(0, AT_FIRST));
    ack(7);
    pass_ms(150);
    CHECK(silent());
    pass_ms(1000);
    CHECK(next_segment());
    CHECK_EQUAL(seen_sequence(), 1 + 7 * MSS);
    CHECK_EQUAL(connection->loss.phase, TCP_TIMEOUT);
    CHECK_EQUAL(cwnd(), MSS);
    count_sent();
    ack(8);
    CHECK(sends(8, 2)); // a slow start through what is left
    ack(10);
    CHECK_EQUAL(connection->loss.phase, TCP_OPEN);
    finish();
}

// RFC 2018, 8: after a timeout nothing counts that was only SACKed.
static void a_peer_may_throw_away(void)
{
    CHECK(begin(true, false, 10));
    CHECK(sends(0, AT_FIRST));
    sack(0, 1, 3);
    pass_ms(250);
    CHECK(next_segment());
    CHECK_EQUAL(seen_sequence(), 1);
    count_sent();
    ack(1);
    CHECK(sends(1, 2)); // although they were SACKed
    ack(3);
    CHECK(sends(3, 3) && silent()); // a segment more an ACK (RFC 3465, 2.3)
    finish();
}

static void a_second_timeout_keeps_the_threshold(void)
{
    CHECK(begin(true, false, 10));
    CHECK(sends(0, AT_FIRST));
    pass_ms(700);
    unsigned before = ssthresh();
    CHECK_EQUAL(before, 7 * MSS);
    pass_ms(6000);
    CHECK(connection->timeouts >= 2);
    CHECK_EQUAL(ssthresh(), before); // RFC 5681, 3.1
    CHECK_EQUAL(cwnd(), connection->send.mss); // smaller by now: perhaps they are too large
    finish();
}

// Eifel (RFC 3522): the ACK of the first copy was late; everything is as it was.
static void takes_a_needless_timeout_back(void)
{
    CHECK(begin(true, true, 60));
    CHECK(sends(0, AT_FIRST));
    uint32_t time = script.seen.timestamp;
    pass_ms(1100);
    CHECK(connection->timeouts >= 1);
    CHECK_EQUAL(connection->loss.phase, TCP_TIMEOUT);
    count_sent();
    with_time(3, time);
    ack(2);
    CHECK_EQUAL(connection->loss.phase, TCP_OPEN);
    CHECK(cwnd() >= AT_FIRST * MSS);
    CHECK(ssthresh() > 60 * MSS);
    CHECK(next_segment());
    CHECK(seen_sequence() > 9 * MSS); // new data, nothing again
    finish();
}

static void a_timeout_that_was_right_stays(void)
{
    CHECK(begin(false, true, 60));
    CHECK(sends(0, AT_FIRST));
    pass_ms(1100);
    CHECK(next_segment());
    uint32_t time = script.seen.timestamp; // of the retransmission
    count_sent();
    with_time(3, time);
    ack(1);
    CHECK_EQUAL(connection->loss.phase, TCP_TIMEOUT);
    CHECK_EQUAL(cwnd(), 2 * MSS);
    finish();
}

const struct test unit_tests[] = {
    {"a lost tail times out", a_lost_tail_times_out},
    {"a peer may throw away", a_peer_may_throw_away},
    {"a second timeout keeps the threshold", a_second_timeout_keeps_the_threshold},
    {"takes a needless timeout back", takes_a_needless_timeout_back},
    {"a timeout that was right stays", a_timeout_that_was_right_stays},
    {0},
};
