// SPDX-License-Identifier: MIT
//
// TCP, what is sent and when: windows, small segments, timers, the path (RFC 9293, 3.7 and 3.8;
// RFC 6298).
#include "tcp_script.h"

void unit_setup(const struct boot_info *boot)
{
    script_setup(boot);
}

static char bytes[70000];

static int write_bytes(struct tcp_connection *connection, size_t size)
{
    return tcp_write(connection, bytes, size);
}

// Takes segments of one write, as the device would cut them, until all `size` bytes are here.
static bool expect_bytes(uint32_t sequence, size_t size)
{
    while (size > 0) {
        if (!next_segment() || seen_sequence() != sequence || script.size > size ||
            script.size == 0)
            return false;
        sequence += (uint32_t)script.size;
        size -= script.size;
    }
    return true;
}

// ---- Small segments -----------------------------------------------------------------

static void gathers_small_writes(void)
{
    struct tcp_connection *connection = script_establish();
    CHECK_EQUAL(write_bytes(connection, 1), 1);
    CHECK(expect(ACK, 1, 1, 1));
    CHECK_EQUAL(write_bytes(connection, 2), 2);
    CHECK_EQUAL(write_bytes(connection, 3), 3);
    CHECK(silent()); // Nagle (RFC 9293, 3.7.4)
    send(ACK, 1, 2, "");
    CHECK(expect(ACK, 2, 1, 5));
    CHECK_EQUAL(write_bytes(connection, 1461), 1461);
    CHECK(expect(ACK, 7, 1, 1460));
    CHECK(silent());
    CHECK_EQUAL(tcp_set_option(connection, OS_OPTION_NODELAY, 1), 0);
    CHECK(expect(ACK, 1467, 1, 1));
    CHECK_EQUAL(write_bytes(connection, 1), 1);
    CHECK(expect(ACK, 1468, 1, 1));
    script_end(connection);
}

static void takes_an_ack_along(void)
{
    struct tcp_connection *connection = script_establish();
    send(ACK, 1, 1, "question");
    CHECK_EQUAL(write_bytes(connection, 6), 6);
    CHECK(expect(ACK, 1, 9, 6));
    pass_ms(100);
    CHECK(silent());
    script_end(connection);
}

static void cuts_data_into_full_segments(void)
{
    struct tcp_connection *connection = script_establish();
    CHECK_EQUAL(write_bytes(connection, 10000), 10000);
    for (uint32_t i = 0; i < 6; i++)
        CHECK(expect(ACK, 1 + 1460 * i, 1, 1460));
    CHECK(silent());
    CHECK_EQUAL(tcp_shutdown(connection, OS_SHUTDOWN_WRITE), 0);
    CHECK(expect(FIN | ACK, 8761, 1, 1240));
    script_end(connection);
}

// ---- Windows ------------------------------------------------------------------------

static void keeps_to_the_window(void)
{
    struct tcp_connection *connection = script_establish();
    script.window = 3000;
    send(ACK, 1, 1, "");
    CHECK_EQUAL(write_bytes(connection, 9000), 9000);
    CHECK(expect_bytes(1, 2920));
    CHECK(silent());
    send(ACK, 1, 1461, "");
    CHECK(expect_bytes(2921, 1460));
    CHECK(silent());
    script.window = 100; // an older segment does not say what it is now
    send(ACK, 0, 1461, "");
    CHECK(expect(ACK, 4381, 1, 0));
    script.window = 9000;
    send(ACK, 1, 4381, "");
    CHECK(expect_bytes(4381, 2920));
    script_end(connection);
}

static void probes_a_closed_window(void)
{
    struct tcp_connection *connection = script_establish();
    script.window = 0;
    send(ACK, 1, 1, "");
    CHECK_EQUAL(write_bytes(connection, 5000), 5000);
    CHECK(silent());
    for (uint64_t ms = 200; ms < 60000; ms *= 2) {
        pass_ms(ms);
        CHECK(expect(ACK, 1, 1, 1));
        send(ACK, 1, 1, ""); // no room for it
        CHECK(silent());
    }
    for (int minute = 0; minute < 60; minute++) { // as long as it answers (3.8.6.1)
        pass_ms(60000);
        CHECK(expect(ACK, 1, 1, 1));
        send(ACK, 1, 1, "");
    }
    CHECK_EQUAL(connection->state, TCP_ESTABLISHED);
    script.window = 9000;
    send(ACK, 1, 1, "");
    CHECK(expect_bytes(1, 1460)); // the byte of the probe with them
    CHECK(expect_bytes(1461, 2920));
    send(ACK, 1, 4381, "");
    CHECK(expect_bytes(4381, 620));
    script_end(connection);
}

// The probe's byte was taken, and the word of the open window is lost: its ACK says it again.
static void notices_a_window_whose_opening_was_lost(void)
{
    struct tcp_connection *connection = script_establish();
    script.window = 0;
    send(ACK, 1, 1, "");
    CHECK_EQUAL(write_bytes(connection, 100), 100);
    pass_ms(200);
    CHECK(expect(ACK, 1, 1, 1));
    script.window = 5000;
    send(ACK, 1, 2, "");
    CHECK(expect(ACK, 2, 1, 99));
    script_end(connection);
}

static void gives_up_a_peer_that_is_silent(void)
{
    struct tcp_connection *connection = script_establish();
    script.window = 0;
    send(ACK, 1, 1, "");
    CHECK_EQUAL(write_bytes(connection, 100), 100);
    time_passes(350 * TIME_SECOND);
    CHECK_EQUAL(connection->state, TCP_CLOSED);
    CHECK_EQUAL(tcp_take_error(connection), -ETIMEDOUT);
    script_end(connection);
}

// RFC 9293, 3.8.6.2.1: a little at a time is not worth it, but is better than never.
static void waits_for_a_window_that_is_worth_it(void)
{
    struct tcp_connection *connection = script_establish();
    script.window = 10;
    send(ACK, 1, 1, "");
    CHECK_EQUAL(write_bytes(connection, 5000), 5000);
    CHECK(silent());
    pass_ms(200);
    CHECK(expect(ACK, 1, 1, 10));
    script.window = 1460;
    send(ACK, 1, 11, "");
    CHECK(expect(ACK, 11, 1, 1460));
    script_end(connection);

    script.window = 1000; // half of the largest there was is worth it, alone (3.8.6.2.1, 3)
    connection = script_establish();
    CHECK_EQUAL(write_bytes(connection, 500), 500);
    CHECK(expect(ACK, 1, 1, 500));
    CHECK_EQUAL(write_bytes(connection, 1000), 1000);
    CHECK(silent());
    send(ACK, 1, 501, "");
    CHECK(expect(ACK, 501, 1, 1000));
    script_end(connection);
}

// Ours: it does not open by small steps either, and its opening is told.
static void opens_its_own_window(void)
{
    struct tcp_connection *listener = script_listen(1);
    CHECK_EQUAL(tcp_set_option(listener, OS_OPTION_RECEIVE_BUFFER, 4096), 0);
    struct tcp_connection *connection = script_accept(listener);
    send_bytes(ACK, 1, 1, bytes, 1460);
    send_bytes(ACK, 1461, 1, bytes, 1460);
    CHECK(expect(ACK, 1, 2921, 0));
    CHECK_EQUAL(seen_window(), 4096 - 2920);
    send_bytes(ACK, 2921, 1, bytes, 1460); // more than there is room for
    pass_ms(50);
    CHECK(expect(ACK, 1, 4097, 0));
    CHECK_EQUAL(seen_window(), 0);
    send(ACK, 4097, 1, "x"); // a probe
    CHECK(expect(ACK, 1, 4097, 0));
    CHECK_EQUAL(tcp_read(connection, bytes, 1000), 1000);
    CHECK(silent());
    send(ACK, 4097, 1, "x");
    CHECK(expect(ACK, 1, 4097, 0));
    CHECK_EQUAL(seen_window(), 0);
    CHECK_EQUAL(tcp_read(connection, bytes, 1000), 1000);
    CHECK(expect(ACK, 1, 4097, 0));
    CHECK_EQUAL(seen_window(), 2000);
    tcp_close(listener, false);
    script_end(connection);
}

// ---- Timers -------------------------------------------------------------------------

static void sends_again_later_and_later(void)
{
    struct tcp_connection *connection = script_establish();
    CHECK_EQUAL(write_bytes(connection, 2000), 2000);
    CHECK(expect(ACK, 1, 1, 1460));
    for (uint64_t ms = 200; ms < 60000; ms *= 2) { // RFC 6298, 5.5
        pass_ms(ms - 1);
        CHECK(silent());
        pass_ms(1);
        CHECK(next_segment());
        CHECK_EQUAL(seen_sequence(), 1);
    }
    send(ACK, 1, 1461, ""); // of which of them is not known (RFC 6298, 3: Karn)
    CHECK_EQUAL(connection->rtt.rto_ns, 200000000);
    CHECK_EQUAL(connection->send.backoff, 0);
    script_end(connection);
}

static void gives_up_at_last(void)
{
    struct tcp_connection *connection = script_establish();
    CHECK_EQUAL(write_bytes(connection, 1), 1);
    time_passes(100 * TIME_SECOND); // RFC 9293, 3.8.3: R2 is not less
    CHECK_EQUAL(connection->state, TCP_ESTABLISHED);
    time_passes(250 * TIME_SECOND);
    CHECK_EQUAL(connection->state, TCP_CLOSED);
    CHECK_EQUAL(tcp_write(connection, bytes, 1), -ETIMEDOUT);
    script_end(connection);
}

static void measures_the_round_trip(void)
{
    struct tcp_connection *connection = script_establish();
    for (int i = 0; i < 20; i++) {
        CHECK_EQUAL(write_bytes(connection, 1), 1);
        CHECK(next_segment());
        pass_ms(100);
        send(ACK, 1, 2 + (uint32_t)i, "");
    }
    CHECK(connection->rtt.smoothed_ns > 80000000 && connection->rtt.smoothed_ns < 101000000);
    CHECK(connection->rtt.rto_ns >= 200000000);
    script_end(connection);
}

static void asks_whether_the_peer_is_there(void)
{
    struct tcp_connection *connection = script_establish();
    CHECK_EQUAL(tcp_set_option(connection, OS_OPTION_KEEPALIVE, 10), 0);
    pass_ms(9000);
    send(ACK, 1, 1, "x");
    pass_ms(9999);
    CHECK(expect(ACK, 1, 2, 0));
    CHECK(silent());
    pass_ms(2);
    CHECK(expect(ACK, 0, 2, 0)); // RFC 9293, 3.8.4
    send(ACK, 2, 1, "");
    pass_ms(10001);
    CHECK(expect(ACK, 0, 2, 0));
    time_passes(320 * TIME_SECOND);
    CHECK_EQUAL(connection->state, TCP_CLOSED);
    CHECK_EQUAL(tcp_take_error(connection), -ETIMEDOUT);
    script_end(connection);
}

// ---- The path -----------------------------------------------------------------------

static void makes_segments_smaller_for_the_path(void)
{
    struct tcp_connection *connection = script_establish();
    CHECK_EQUAL(write_bytes(connection, 2920), 2920);
    CHECK(expect_bytes(1, 2920));
    struct ip_failure too_large = {.error = -EMSGSIZE, .mtu = 1000};
    script_fail(connection, too_large, 5000); // not ours
    CHECK(silent());
    script_fail(connection, too_large, 1);
    CHECK(expect(ACK, 1, 1, 960));
    CHECK_EQUAL(connection->send.mss, 960);
    script_fail(connection, (struct ip_failure){.error = -EMSGSIZE, .mtu = 1400}, 1);
    CHECK_EQUAL(connection->send.mss, 960);
    ip_mtu_lower(&connection->entry.remote, 1000);
    script_end(connection);
    time_passes(660 * TIME_SECOND); // forgotten
}

// Nobody says that they are too large: RFC 2923, 2.1.
static void gets_out_of_a_black_hole(void)
{
    struct tcp_connection *connection = script_establish();
    size_t least = 1460;
    CHECK_EQUAL(write_bytes(connection, 2920), 2920);
    CHECK(expect_bytes(1, 2920));
    for (int i = 0; i < 6; i++) {
        pass_ms(200 << i);
        CHECK(next_segment());
        least = script.size < least ? script.size : least;
    }
    CHECK_EQUAL(least, 536);
    CHECK(!connection->flow.dont_fragment);
    script_end(connection);
}

static int trouble(struct tcp_connection *connection)
{
    int error;
    return tcp_get_option(connection, OS_OPTION_TROUBLE, &error) == 0 ? error : 1;
}

// Who asks hears of it before it is given up (RFC 9293, 3.8.3, R1), and when it is over.
static void says_what_troubles_it(void)
{
    struct tcp_connection *connection = script_establish();
    CHECK_EQUAL(write_bytes(connection, 1), 1);
    pass_ms(200 + 400 + 800);
    CHECK_EQUAL(trouble(connection), 0);
    pass_ms(1600);
    CHECK_EQUAL(trouble(connection), -ETIMEDOUT);
    script_fail(connection, (struct ip_failure){.error = -EHOSTUNREACH}, 1);
    CHECK_EQUAL(trouble(connection), -EHOSTUNREACH);
    send(ACK, 1, 2, "");
    CHECK_EQUAL(trouble(connection), 0);
    script_end(connection);
}

// RFC 9293, 3.9.2, MUST-48 and MUST-49: what its packets say to routers, from the SYN on.
static void marks_its_packets(void)
{
    enum { EXPEDITED = 46 << 2 }; // RFC 3246
    struct tcp_connection *listener = script_listen(1);
    CHECK_EQUAL(tcp_set_option(listener, OS_OPTION_SERVICE, EXPEDITED | 1), -EINVAL);
    CHECK_EQUAL(tcp_set_option(listener, OS_OPTION_SERVICE, EXPEDITED), 0);
    CHECK_EQUAL(tcp_set_option(listener, OS_OPTION_TTL, 3), 0);
    struct tcp_connection *connection = script_accept(listener);
    CHECK(script.ip.service == EXPEDITED && script.ip.ttl == 3);
    CHECK_EQUAL(tcp_set_option(connection, OS_OPTION_SERVICE, 0), 0);
    CHECK_EQUAL(write_bytes(connection, 1), 1);
    CHECK(expect(ACK, 1, 1, 1));
    CHECK_EQUAL(script.ip.service, 0);
    tcp_close(listener, false);
    script_end(connection);
}

// RFC 5927, 5.2: anybody could say so.
static void takes_errors_as_hints(void)
{
    struct tcp_connection *connection = script_establish();
    CHECK_EQUAL(write_bytes(connection, 1), 1);
    script_fail(connection, (struct ip_failure){.error = -ECONNREFUSED, .is_hard = true}, 1);
    CHECK_EQUAL(connection->state, TCP_ESTABLISHED);
    script_fail(connection, (struct ip_failure){.error = -EHOSTUNREACH}, 1);
    time_passes(350 * TIME_SECOND);
    CHECK_EQUAL(tcp_take_error(connection), -EHOSTUNREACH);
    script_end(connection);

    connection = script_connect();
    CHECK(expect(SYN, 0, 0, 0));
    script_fail(connection, (struct ip_failure){.error = -EHOSTUNREACH}, 0);
    script_fail(connection, (struct ip_failure){.error = -ECONNREFUSED, .is_hard = true}, 99);
    CHECK_EQUAL(connection->state, TCP_SYN_SENT);
    script_fail(connection, (struct ip_failure){.error = -ECONNREFUSED, .is_hard = true}, 0);
    CHECK_EQUAL(tcp_take_error(connection), -ECONNREFUSED);
    script_end(connection);
}

const struct test unit_tests[] = {
    {"gathers small writes", gathers_small_writes},
    {"takes an ACK along", takes_an_ack_along},
    {"cuts data into full segments", cuts_data_into_full_segments},
    {"keeps to the window", keeps_to_the_window},
    {"probes a closed window", probes_a_closed_window},
    {"notices a window whose opening was lost", notices_a_window_whose_opening_was_lost},
    {"gives up a peer that is silent", gives_up_a_peer_that_is_silent},
    {"waits for a window that is worth it", waits_for_a_window_that_is_worth_it},
    {"opens its own window", opens_its_own_window},
    {"sends again later and later", sends_again_later_and_later},
    {"gives up at last", gives_up_at_last},
    {"measures the round trip", measures_the_round_trip},
    {"asks whether the peer is there", asks_whether_the_peer_is_there},
    {"makes segments smaller for the path", makes_segments_smaller_for_the_path},
    {"gets out of a black hole", gets_out_of_a_black_hole},
    {"says what troubles it", says_what_troubles_it},
    {"marks its packets", marks_its_packets},
    {"takes errors as hints", takes_errors_as_hints},
    {0},
};
