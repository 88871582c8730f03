// SPDX-License-Identifier: MIT
//
// TCP, rules of the RFCs of which no other test would notice that they are broken: for each, a
// line was taken out once on purpose, and nobody missed it.
#include "numbered_segments.h"

void unit_setup(const struct boot_info *boot)
{
    script_setup(boot);
    tcp_recovery_init();
}

// ---- RFC 6298 -----------------------------------------------------------------------

// 5.7: after a lost SYN data is waited for three seconds. (A window of one segment: 5681, 3.1.)
static void is_patient_after_a_lost_syn(void)
{
    static const uint8_t zeros[2 * MSS];
    connection = script_connect();
    CHECK(expect(SYN, 0, 0, 0));
    pass_ms(1000);
    CHECK(expect(SYN, 0, 0, 0));
    pass_ms(20);
    with_mss(MSS);
    send(SYN | ACK, 0, 1, "");
    CHECK(expect(ACK, 1, 1, 0));
    CHECK_EQUAL(tcp_write(connection, zeros, sizeof(zeros)), (int)sizeof(zeros));
    CHECK(sends(0, 1));
    pass_ms(2999);
    CHECK(silent());
    pass_ms(1);
    CHECK(sends(0, 1) && silent());
    finish();
}

// 2.3: a path that never varies needs a margin all the same, the clock's grain (G).
static void a_steady_path_has_a_margin(void)
{
    enum { STEADY_MS = 300 };
    CHECK(begin(true, false, 0));
    for (unsigned i = 0; i < 100; i++) {
        const struct tcp_segment answer = {.acknowledgment = connection->send.una + 1,
                                           .arrived_ns = (i + 1) * STEADY_MS * 1000000ull};
        tcp_rtt_start(connection, answer.acknowledgment, 1 + i * STEADY_MS * 1000000ull);
        tcp_rtt_acknowledged(connection, &answer);
    }
    CHECK(connection->rtt.variance_ns < 100000);
    CHECK(connection->rtt.rto_ns >= (STEADY_MS + 1) * 1000000ull - 1000);
    finish();
}

// 3, Karn's rule: which of two copies the answer is for is not known. After a timeout:
static void a_second_syn_is_not_timed(void)
{
    connection = script_connect();
    pass_ms(1000);
    CHECK_EQUAL(count_sent(), 2);
    pass_ms(20);
    send(SYN | ACK, 0, 1, "");
    CHECK_EQUAL(connection->rtt.smoothed_ns, 0);
    finish();
}

// And after duplicates. (RFC 7323, 4.1: nor is an echo of the future a time.)
static void a_second_segment_is_not_timed(void)
{
    for (int has_time = 0; has_time < 2; has_time++) {
        CHECK(begin(true, has_time, 60));
        CHECK(sends(0, AT_FIRST));
        for (unsigned to = 2; to <= 4; to++) {
            if (has_time)
                with_time(3, 0);
            sack(0, 1, to);
        }
        CHECK_EQUAL(connection->loss.phase, TCP_RECOVERY);
        uint64_t before = connection->rtt.smoothed_ns;
        pass_ms(100);
        count_sent();
        if (has_time)
            with_time(3, script.seen.timestamp + 1000);
        ack(AT_FIRST);
        CHECK_EQUAL(connection->rtt.smoothed_ns, before);
        finish();
    }
}

// ---- RFC 5681, RFC 6582 -------------------------------------------------------------

// 5681, 2: an ACK that opens the window, or closes it, is no duplicate.
static void windows_and_data_are_no_duplicates(void)
{
    CHECK(begin(false, false, 60));
    CHECK(sends(0, AT_FIRST));
    for (unsigned i = 0; i < 2 * TCP_DUPLICATES; i++) {
        script.window--;
        ack(0);
    }
    CHECK(silent());
    CHECK_EQUAL(connection->loss.phase, TCP_OPEN);
    for (unsigned i = 0; i < 2 * TCP_DUPLICATES; i++)
        send(ACK, 1 + i, 1, "x"); // nor is one with data
    CHECK_EQUAL(connection->loss.phase, TCP_OPEN);
    finish();
}

// 6582, 3.2, step 2: what was sent again and had got there comes back as duplicates.
static void believes_no_duplicates_of_its_own(void)
{
    CHECK(begin(false, false, 60));
    CHECK(sends(0, AT_FIRST));
    pass_ms(300);
    CHECK(sends(0, 1) && silent());
    ack(AT_FIRST); // all of it was there
    CHECK_EQUAL(connection->loss.phase, TCP_OPEN);
    count_sent();
    for (unsigned i = 0; i < 2 * TCP_DUPLICATES; i++)
        ack(AT_FIRST);
    CHECK_EQUAL(connection->loss.phase, TCP_OPEN);
    finish();
}

// ---- RFC 6675, RFC 9937 -------------------------------------------------------------

// 6675, 4, rule 3: nothing is known to be lost any more, nothing is new, and there is room.
static void sends_what_is_in_doubt(void)
{
    CHECK(begin(true, false, 10));
    CHECK(sends(0, AT_FIRST));
    sack(0, 1, 2);
    sack(0, 1, 3);
    sack(0, 1, 4);
    CHECK(sends(0, 1));
    sack(0, 5, 6);
    CHECK(sends(4, 1));
    finish();
}

// 9937, 6: what goes is to what got there as the new window to the old one.
static void reduces_in_proportion(void)
{
    CHECK(begin(true, false, 60));
    CHECK(sends(0, AT_FIRST));
    ack(10);
    CHECK(sends(10, 18) && silent());
    sack(10, 11, 14);
    CHECK_EQUAL(ssthresh(), 18 * MSS * 7 / 10);
    CHECK(sends(10, 1) && sends(28, 1) && silent()); // three arrived: 2.1
    sack(10, 11, 15);
    CHECK(silent()); // 2.8
    sack(10, 11, 16);
    CHECK(sends(29, 1) && silent()); // 3.5
    finish();
}

// ---- RFC 2883, RFC 6191, RFC 9293 ---------------------------------------------------

// 2883, 4: of what came twice in a segment, the first is reported.
static void reports_the_first_copy(void)
{
    CHECK(begin(true, false, 0));
    send(ACK, 1, 1, "abc");
    send(ACK, 7, 1, "ghi");
    wire_forget();
    send(ACK, 1, 1, "abcdefghijkl");
    CHECK(expect(ACK, 1, 13, 0));
    CHECK_EQUAL(script.seen.sack[0].end - script.peer_first, 4);
    finish();
}

// 9293, 3.8.6: what the peer has taken back of its window is not sent again either.
static void sends_again_what_fits(void)
{
    CHECK(begin(false, false, 60));
    CHECK(sends(0, AT_FIRST));
    script.window = MSS / 2;
    ack(0);
    pass_ms(300);
    CHECK(expect(ACK, 1, 1, MSS / 2));
    finish();
}

// 9293, 3.8.3: a peer that was only out of reach hears that we have given it up.
static void says_that_it_gives_up(void)
{
    CHECK(begin(true, false, 1));
    CHECK(sends(0, 1));
    tcp_set_option(connection, OS_OPTION_USER_TIMEOUT, 5);
    pass_ms(5100);
    CHECK_EQUAL(connection->state, TCP_CLOSED);
    while (next_segment())
        ;
    CHECK_EQUAL(script.header.flags, RST | ACK);
    finish();
}

static int connect_from(uint16_t port)
{
    const struct os_address local = address_ipv4(0, port);
    const struct os_address remote = address_ipv4(WIRE_PEER, PEER_PORT);
    tcp_open(&connection, &script_user);
    tcp_bind(connection, &local);
    script.our_port = port;
    return tcp_connect(connection, &remote);
}

// 6191, 3: we open the same connection again when our timestamps have moved on.
static void opens_again_after_a_second(void)
{
    CHECK_EQUAL(connect_from(5555), 0);
    CHECK(expect(SYN, 0, 0, 0));
    with_time(1, script.seen.timestamp);
    send(SYN | ACK, 0, 1, "");
    tcp_close(connection, false);
    with_time(2, 0);
    send(FIN | ACK, 1, 2, "");
    wire_forget();
    CHECK_EQUAL(script_counters().time_wait, 1);
    tcp_sequence last = script.our_first + 1;
    pass_ms(900);
    CHECK_EQUAL(connect_from(5555), -EADDRINUSE);
    tcp_close(connection, true);
    pass_ms(200);
    CHECK_EQUAL(connect_from(5555), 0);
    CHECK(expect(SYN, 0, 0, 0));
    CHECK(sequence_after(script.our_first, last));
    finish();
}

// ---- RFC 6056 -----------------------------------------------------------------------

static uint16_t port_after(uint16_t port)
{
    return port == 65535 ? 49152 : port + 1;
}

// 3.3.3: a port that somebody listens at is not chosen.
static void leaves_listeners_their_ports(void)
{
    struct tcp_connection *listener, *first = script_connect();
    const struct os_address local = address_ipv4(0, port_after(script.our_port));
    CHECK_EQUAL(tcp_open(&listener, &script_user), 0);
    CHECK_EQUAL(tcp_bind(listener, &local), 0);
    CHECK_EQUAL(tcp_listen(listener, 1), 0);
    connection = script_connect();
    CHECK_EQUAL(script.our_port, port_after(local.port));
    tcp_close(listener, false);
    tcp_close(first, false);
    finish();
}

// ---- RFC 7323 -----------------------------------------------------------------------

// 2.2: the window of a SYN is as it stands there, ours and the peer's.
static void scales_no_window_of_a_syn(void)
{
    struct tcp_connection *listener = script_listen(4);
    with_scale(7);
    send(SYN, 0, 0, "");
    CHECK(expect(SYN | ACK, 0, 1, 0));
    CHECK(script.seen.window_shift > 0);
    CHECK_EQUAL(seen_window(), 65535);
    script_end(listener);

    connection = script_connect();
    CHECK(expect(SYN, 0, 0, 0));
    with_scale(7);
    send(SYN, 0, 0, ""); // at the same time
    script.window = 1000;
    with_scale(7);
    send(SYN | ACK, 0, 1, "");
    CHECK_EQUAL(connection->state, TCP_ESTABLISHED);
    CHECK_EQUAL(connection->send.window, 1000);
    send(ACK, 1, 1, "");
    CHECK_EQUAL(connection->send.window, 1000 << 7);
    finish();
}

// 4.3: the time that is echoed is that of what is acknowledged, not of what came early.
static void echoes_the_time_of_what_is_acknowledged(void)
{
    CHECK(begin(false, true, 0));
    with_time(200, 0);
    send(ACK, 11, 1, "early");
    CHECK(expect(ACK, 1, 1, 0));
    CHECK_EQUAL(script.seen.echo, 2); // of the handshake
    with_time(150, 0);
    send(ACK, 1, 1, "0123456789");
    CHECK(expect(ACK, 1, 16, 0));
    CHECK_EQUAL(script.seen.echo, 150);
    finish();
}

// 5.3, in TIME-WAIT: an old copy of the peer's FIN does not begin it once more.
static void the_past_prolongs_nothing(void)
{
    CHECK(begin(false, true, 0));
    tcp_close(connection, false);
    connection = NULL;
    CHECK(expect(FIN | ACK, 1, 1, 0));
    with_time(10, 0);
    send(FIN | ACK, 1, 2, "");
    CHECK(expect(ACK, 2, 2, 0));
    pass_ms(59000);
    with_time(9, 0);
    send(FIN | ACK, 1, 2, "");
    CHECK(expect(ACK, 2, 2, 0));
    pass_ms(1001);
    CHECK_EQUAL(script_counters().time_wait, 0);
    script_end(NULL);
}

const struct test unit_tests[] = {
    {"is patient after a lost SYN", is_patient_after_a_lost_syn},
    {"a steady path has a margin", a_steady_path_has_a_margin},
    {"a second SYN is not timed", a_second_syn_is_not_timed},
    {"a second segment is not timed", a_second_segment_is_not_timed},
    {"windows and data are no duplicates", windows_and_data_are_no_duplicates},
    {"believes no duplicates of its own", believes_no_duplicates_of_its_own},
    {"sends what is in doubt", sends_what_is_in_doubt},
    {"reduces in proportion", reduces_in_proportion},
    {"reports the first copy", reports_the_first_copy},
    {"sends again what fits", sends_again_what_fits},
    {"says that it gives up", says_that_it_gives_up},
    {"opens again after a second", opens_again_after_a_second},
    {"leaves listeners their ports", leaves_listeners_their_ports},
    {"scales no window of a SYN", scales_no_window_of_a_syn},
    {"echoes the time of what is acknowledged", echoes_the_time_of_what_is_acknowledged},
    {"the past prolongs nothing", the_past_prolongs_nothing},
    {0},
};
