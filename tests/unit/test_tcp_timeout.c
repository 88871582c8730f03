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

    CHECK(begin(true, true, 60)); // RFC 4015, 3.1, step 0: it was under way, so it may be again
    CHECK(sends(0, AT_FIRST));
    time = script.seen.timestamp;
    connection->loss.congestion.ssthresh = 4 * MSS;
    pass_ms(1100);
    count_sent();
    with_time(3, time);
    ack(2);
    CHECK_EQUAL(ssthresh(), AT_FIRST * MSS);
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

// The ACK is lost, not the segment: its copy's shows that the path is as quick as ever, so that
// the next loss is not waited for twice as long.
static void learns_from_the_ack_of_a_copy(void)
{
    static const uint8_t zeros[MSS];
    CHECK(begin(true, false, 1));
    CHECK(sends(0, 1));
    ack(1);
    for (unsigned i = 1; i < 5; i++) {
        CHECK_EQUAL(tcp_write(connection, zeros, MSS), MSS);
        CHECK(sends(i, 1));
        pass_ms(200);
        CHECK(sends(i, 1) && silent());
        pass_ms(20);
        sack(i + 1, i, i + 1);
    }
    CHECK_EQUAL(connection->timeouts, 4);
    // Both copies were lost, or their ACKs: the third one's comes as soon as any.
    CHECK_EQUAL(tcp_write(connection, zeros, MSS), MSS);
    CHECK(sends(5, 1));
    pass_ms(1400);
    CHECK(sends(5, 1) && sends(5, 1) && sends(5, 1) && silent());
    pass_ms(20);
    sack(6, 5, 6);
    CHECK_EQUAL(connection->rtt.doublings, 0);
    // This one is too late to be sure.
    CHECK_EQUAL(tcp_write(connection, zeros, MSS), MSS);
    CHECK(sends(6, 1));
    pass_ms(900);
    CHECK(sends(6, 1) && sends(6, 1) && silent());
    pass_ms(250);
    sack(7, 6, 7);
    CHECK(connection->rtt.doublings > 0);
    finish();
}

// ---- When it ends (RFC 9293, 3.8.3, MUST-21) -----------------------------------------------

static bool is_given_up_after(uint64_t seconds)
{
    time_passes(seconds * TIME_SECOND - 1);
    bool is_too_early = connection->state == TCP_CLOSED;
    time_passes(1);
    return !is_too_early && connection->state == TCP_CLOSED &&
           tcp_take_error(connection) == -ETIMEDOUT;
}

static void waits_for_as_long_as_the_user_says(void)
{
    CHECK(begin(true, false, 0));
    CHECK_EQUAL(tcp_set_option(connection, OS_OPTION_USER_TIMEOUT, 5), 0);
    time_passes(10 * TIME_SECOND); // nothing waits for an answer
    CHECK_EQUAL(connection->state, TCP_ESTABLISHED);
    CHECK_EQUAL(tcp_write(connection, "x", 1), 1);
    CHECK(is_given_up_after(5));
    finish();

    CHECK(begin(true, false, 1));
    CHECK_EQUAL(tcp_set_option(connection, OS_OPTION_USER_TIMEOUT, 3600), 0);
    CHECK(is_given_up_after(3600));
    finish();
}

static void waits_for_a_peer_as_the_user_says(void)
{
    const struct os_address remote = address_ipv4(WIRE_PEER, PEER_PORT);
    int value = 0;
    CHECK_EQUAL(tcp_open(&connection, &script_user), 0);
    CHECK_EQUAL(tcp_set_option(connection, OS_OPTION_USER_TIMEOUT, 2), 0);
    CHECK_EQUAL(tcp_get_option(connection, OS_OPTION_USER_TIMEOUT, &value), 0);
    CHECK_EQUAL(value, 2);
    CHECK_EQUAL(tcp_connect(connection, &remote), 0);
    CHECK(is_given_up_after(2));
    finish();
}

// What cannot go because the peer's window is closed waits as well, though the peer answers.
static void waits_for_a_window_as_the_user_says(void)
{
    CHECK(begin(true, false, 0));
    CHECK_EQUAL(tcp_set_option(connection, OS_OPTION_USER_TIMEOUT, 30), 0);
    script.window = 0;
    ack(0);
    CHECK_EQUAL(tcp_write(connection, "x", 1), 1);
    for (unsigned second = 0; second < 29; second++) {
        time_passes(TIME_SECOND);
        ack(0);
    }
    CHECK(is_given_up_after(1));
    finish();
}

// Nobody can take the choice back when the user is gone: then it counts no longer.
static void nobody_waits_for_long_when_the_user_is_gone(void)
{
    CHECK(begin(true, false, 1));
    CHECK_EQUAL(tcp_set_option(connection, OS_OPTION_USER_TIMEOUT, 3600), 0);
    tcp_close(connection, false);
    connection = NULL;
    time_passes(300 * TIME_SECOND);
    CHECK_EQUAL(script_counters().connections, 0);
    finish();
}

const struct test unit_tests[] = {
    {"a lost tail times out", a_lost_tail_times_out},
    {"a peer may throw away", a_peer_may_throw_away},
    {"a second timeout keeps the threshold", a_second_timeout_keeps_the_threshold},
    {"takes a needless timeout back", takes_a_needless_timeout_back},
    {"a timeout that was right stays", a_timeout_that_was_right_stays},
    {"learns from the ACK of a copy", learns_from_the_ack_of_a_copy},
    {"waits for as long as the user says", waits_for_as_long_as_the_user_says},
    {"waits for a peer as the user says", waits_for_a_peer_as_the_user_says},
    {"waits for a window as the user says", waits_for_a_window_as_the_user_says},
    {"nobody waits for long when the user is gone",
     nobody_waits_for_long_when_the_user_is_gone},
    {0},
};
