// SPDX-License-Identifier: MIT
//
// TCP, how connections end: RFC 9293, 3.6, and TIME-WAIT.
#include "tcp_script.h"

void unit_setup(const struct boot_info *boot)
{
    script_setup(boot);
}

static char buffer[4096];

// ---- Both ways ----------------------------------------------------------------------

// RFC 9293, figure 12.
static void ends_first(void)
{
    struct tcp_connection *connection = script_establish();
    tcp_close(connection, false);
    CHECK(expect(FIN | ACK, 1, 1, 0));
    send(ACK, 1, 2, "");
    CHECK_EQUAL(connection->state, TCP_FIN_WAIT_2);
    CHECK(silent());
    send(FIN | ACK, 1, 2, "");
    CHECK(expect(ACK, 2, 2, 0));
    CHECK_EQUAL(script_counters().connections, 0);
    CHECK_EQUAL(script_counters().time_wait, 1);
    send(FIN | ACK, 1, 2, ""); // the last ACK was lost
    CHECK(expect(ACK, 2, 2, 0));
    script_end(NULL);
}

static void ends_second(void)
{
    struct tcp_connection *connection = script_establish();
    send(FIN | ACK, 1, 1, "");
    CHECK(expect(ACK, 1, 2, 0));
    CHECK_EQUAL(connection->state, TCP_CLOSE_WAIT);
    CHECK_EQUAL(tcp_poll(connection), OS_POLL_READ | OS_POLL_WRITE | OS_POLL_END);
    CHECK_EQUAL(tcp_read(connection, buffer, 1), 0);
    CHECK_EQUAL(tcp_write(connection, "bye", 3), 3);
    tcp_close(connection, false);
    CHECK(expect(ACK, 1, 2, 3));
    CHECK(expect(FIN | ACK, 4, 2, 0));
    CHECK_EQUAL(connection->state, TCP_LAST_ACK);
    send(ACK, 2, 5, "");
    CHECK_EQUAL(script_counters().connections, 0);
    CHECK_EQUAL(script_counters().time_wait, 0);
    script_end(NULL);
}

// RFC 9293, figure 13.
static void ends_at_the_same_time(void)
{
    struct tcp_connection *connection = script_establish();
    tcp_close(connection, false);
    CHECK(expect(FIN | ACK, 1, 1, 0));
    send(FIN | ACK, 1, 1, "");
    CHECK(expect(ACK, 2, 2, 0));
    CHECK_EQUAL(connection->state, TCP_CLOSING);
    send(ACK, 2, 2, "");
    CHECK_EQUAL(script_counters().time_wait, 1);
    script_end(NULL);
}

// The peer has our FIN while its own is under way, and says so with that one, sent again:
// libslirp does, and sends no other ACK.
static void takes_the_ack_of_a_fin_that_comes_again(void)
{
    struct tcp_connection *connection = script_establish();
    tcp_close(connection, false);
    CHECK(expect(FIN | ACK, 1, 1, 0));
    send(FIN | ACK, 1, 1, "");
    CHECK(expect(ACK, 2, 2, 0));
    send(FIN | ACK, 1, 2, "");
    CHECK(expect(ACK, 2, 2, 0));
    CHECK_EQUAL(script_counters().time_wait, 1);
    pass_ms(1000);
    CHECK(silent()); // nothing is sent again
    script_end(NULL);
}

static void ends_its_half_and_goes_on_reading(void)
{
    struct tcp_connection *connection = script_establish();
    CHECK_EQUAL(tcp_shutdown(connection, OS_SHUTDOWN_WRITE), 0);
    CHECK(expect(FIN | ACK, 1, 1, 0));
    CHECK_EQUAL(tcp_write(connection, "x", 1), -EPIPE);
    send(ACK, 1, 2, "");
    time_passes(3600 * TIME_SECOND); // somebody reads: there is no limit
    send(ACK, 1, 2, "much later");
    CHECK_EQUAL(tcp_read(connection, buffer, sizeof(buffer)), 10);
    pass_ms(50);
    CHECK(expect(ACK, 2, 11, 0));
    send(FIN | ACK, 11, 2, "the end");
    CHECK(expect(ACK, 2, 19, 0));
    CHECK_EQUAL(tcp_read(connection, buffer, sizeof(buffer)), 7);
    CHECK_EQUAL(tcp_read(connection, buffer, sizeof(buffer)), 0);
    CHECK_EQUAL(script_counters().time_wait, 1);
    script_end(connection);
}

static void sends_its_fin_with_the_last_data(void)
{
    script.window = 4;
    struct tcp_connection *connection = script_establish();
    CHECK_EQUAL(tcp_write(connection, "abcdefgh", 8), 8);
    tcp_close(connection, false);
    CHECK(expect(ACK, 1, 1, 4));
    CHECK(silent());
    send(ACK, 1, 5, "");
    CHECK(expect(ACK, 5, 1, 4)); // the window is full: the FIN waits
    send(ACK, 1, 9, "");
    CHECK(expect(FIN | ACK, 9, 1, 0));
    send(ACK, 1, 10, "");
    CHECK_EQUAL(connection->state, TCP_FIN_WAIT_2);
    send(RST | ACK, 1, 10, "");
    script_end(NULL);
}

static void ends_with_what_is_written_last(void)
{
    struct tcp_connection *connection = script_establish();
    CHECK_EQUAL(tcp_write_last(connection, "bye", 3), 3);
    CHECK(expect(FIN | ACK, 1, 1, 3));
    CHECK(silent());
    CHECK_EQUAL(connection->state, TCP_FIN_WAIT_1);
    CHECK_EQUAL(tcp_write(connection, "x", 1), -EPIPE);
    CHECK_EQUAL(tcp_write_last(connection, "x", 1), -EPIPE);
    send(FIN | ACK, 1, 5, "too");
    CHECK(expect(ACK, 5, 5, 0));
    CHECK_EQUAL(tcp_read(connection, buffer, sizeof(buffer)), 3);
    CHECK_EQUAL(script_counters().time_wait, 1);
    script_end(connection);
}

// What did not fit into the buffer is still to be written: then that was not the last.
static void ends_only_with_all_of_it(void)
{
    static char bytes[8192];
    struct tcp_connection *connection = script_establish();
    CHECK_EQUAL(tcp_set_option(connection, OS_OPTION_SEND_BUFFER, 4096), 0);
    CHECK_EQUAL(tcp_write_last(connection, bytes, sizeof(bytes)), 4096);
    CHECK_EQUAL(connection->state, TCP_ESTABLISHED);
    CHECK_EQUAL(tcp_write_last(connection, bytes, 1), -EAGAIN);
    CHECK_EQUAL(connection->state, TCP_ESTABLISHED);
    script_end(connection);
}

static void sends_a_lost_fin_again(void)
{
    struct tcp_connection *connection = script_establish();
    CHECK_EQUAL(tcp_write(connection, "x", 1), 1);
    CHECK(expect(ACK, 1, 1, 1));
    send(ACK, 1, 2, "");
    tcp_close(connection, false);
    CHECK(expect(FIN | ACK, 2, 1, 0));
    pass_ms(200);
    CHECK(expect(FIN | ACK, 2, 1, 0));
    pass_ms(399);
    CHECK(silent());
    pass_ms(1);
    CHECK(expect(FIN | ACK, 2, 1, 0));
    send(ACK, 1, 3, "");
    CHECK_EQUAL(connection->state, TCP_FIN_WAIT_2);
    pass_ms(59000);
    CHECK_EQUAL(script_counters().connections, 1);
    pass_ms(2000); // nobody waits for the rest: not for ever
    CHECK_EQUAL(script_counters().connections, 0);
    script_end(NULL);
}

// Its place is known; its turn comes with the bytes before it. One ACK for a segment, whatever
// it brings (RFC 5681, 4.2).
static void keeps_an_early_fin(void)
{
    struct tcp_connection *connection = script_establish();
    send(FIN | ACK, 4, 1, "def");
    CHECK(expect(ACK, 1, 1, 0));
    CHECK_EQUAL(connection->state, TCP_ESTABLISHED);
    send(ACK, 1, 1, "abc");
    CHECK(expect(ACK, 1, 8, 0) && silent());
    CHECK_EQUAL(connection->state, TCP_CLOSE_WAIT);
    CHECK_EQUAL(tcp_read(connection, buffer, sizeof(buffer)), 6);
    CHECK_EQUAL(tcp_read(connection, buffer, sizeof(buffer)), 0);
    script_end(connection);
}

// ---- With a reset -------------------------------------------------------------------

static void says_that_data_was_not_read(void)
{
    struct tcp_connection *connection = script_establish();
    send(ACK, 1, 1, "unread");
    tcp_close(connection, false);
    CHECK(expect(RST | ACK, 1, 7, 0)); // RFC 2525, 2.17
    script_end(NULL);

    connection = script_establish();
    tcp_close(connection, false);
    CHECK(expect(FIN | ACK, 1, 1, 0));
    send(ACK, 1, 2, "too late");
    CHECK(expect(RST | ACK, 2, 1, 0)); // RFC 9293, 3.6.1
    script_end(NULL);
}

static void aborts(void)
{
    struct tcp_connection *connection = script_establish();
    CHECK_EQUAL(tcp_write(connection, "lost", 4), 4);
    CHECK(expect(ACK, 1, 1, 4));
    tcp_close(connection, true);
    CHECK(expect(RST | ACK, 5, 1, 0));
    script_end(NULL);

    connection = script_establish(); // RFC 9293, 3.10.5: both have said all
    send(FIN | ACK, 1, 1, "");
    CHECK(expect(ACK, 1, 2, 0));
    CHECK_EQUAL(tcp_shutdown(connection, OS_SHUTDOWN_WRITE), 0);
    CHECK(expect(FIN | ACK, 1, 2, 0));
    tcp_close(connection, true);
    CHECK(silent());
    send(ACK, 2, 2, "");
    CHECK(expect(RST, 2, 0, 0));
    script_end(NULL);

    connection = script_establish(); // here some of it has not even been sent
    script.window = 0;
    send(FIN | ACK, 1, 1, "");
    CHECK(expect(ACK, 1, 2, 0));
    CHECK_EQUAL(tcp_write(connection, "lost", 4), 4);
    CHECK_EQUAL(tcp_shutdown(connection, OS_SHUTDOWN_WRITE), 0);
    tcp_close(connection, true);
    CHECK(expect(RST | ACK, 1, 2, 0));
    script_end(NULL);
}

// RFC 9293, 3.10.7.4, second step: an exact reset ends it in every state, at once.
static void hears_a_reset_in_every_state(void)
{
    static const uint8_t states[] = {TCP_ESTABLISHED, TCP_FIN_WAIT_1, TCP_FIN_WAIT_2,
                                     TCP_CLOSE_WAIT,  TCP_CLOSING,    TCP_LAST_ACK};
    for (unsigned i = 0; i < sizeof(states); i++) {
        struct tcp_connection *connection = script_establish();
        uint8_t state = states[i];
        uint32_t next = 1;
        bool has_ended = state != TCP_ESTABLISHED && state != TCP_CLOSE_WAIT;
        if (state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK)
            send(FIN | ACK, next++, 1, "");
        if (has_ended)
            tcp_shutdown(connection, OS_SHUTDOWN_WRITE);
        if (state == TCP_FIN_WAIT_2)
            send(ACK, next, 2, "");
        if (state == TCP_CLOSING)
            send(FIN | ACK, next++, 1, "");
        CHECK_EQUAL(connection->state, state);
        wire_forget();
        send(RST, next + 1, 0, "");
        CHECK_EQUAL(connection->state, state);
        CHECK(expect(ACK, has_ended ? 2 : 1, next, 0));
        send(RST, next, 0, "");
        CHECK_EQUAL(connection->state, TCP_CLOSED);
        CHECK(silent());
        script_end(connection);
    }
}

// ---- TIME-WAIT ----------------------------------------------------------------------

// Both sides have ended; the peer's last FIN was number `peer_end`.
static void wait_out(bool timestamps)
{
    struct tcp_connection *listener = script_listen(4), *connection;
    if (timestamps)
        with_time(100, 0);
    send(SYN, 0, 0, "");
    CHECK(expect(SYN | ACK, 0, 1, 0));
    if (timestamps)
        with_time(100, 0);
    send(ACK, 1, 1, "");
    CHECK_EQUAL(tcp_accept(listener, &connection, &script_user), 0);
    tcp_close(connection, false);
    CHECK(expect(FIN | ACK, 1, 1, 0));
    if (timestamps)
        with_time(100, 0);
    send(FIN | ACK, 1, 2, "");
    CHECK(expect(ACK, 2, 2, 0));
    CHECK_EQUAL(script_counters().time_wait, 1);
    tcp_close(listener, false);
}

static void waits_out_what_is_under_way(void)
{
    wait_out(false);
    send(ACK, 1, 2, "old data");
    CHECK(expect(ACK, 2, 2, 0));
    CHECK_EQUAL(seen_window(), 65535 - 1);
    send(SYN, 0, 0, "");  // an old one
    CHECK(expect(ACK, 2, 2, 0));
    send(SYN, 5000, 0, ""); // a new one, for nobody
    CHECK(expect(ACK, 2, 2, 0));
    CHECK_EQUAL(script_counters().time_wait, 1);
    pass_ms(500);
    send(RST, 100, 0, ""); // a challenge, and not one for each
    send(RST, 100, 0, "");
    CHECK(expect(ACK, 2, 2, 0));
    send(RST, 1, 0, "");
    send(RST, 100000, 0, "");
    CHECK(silent());
    CHECK_EQUAL(script_counters().time_wait, 1);
    pass_ms(59000);
    CHECK_EQUAL(script_counters().time_wait, 1);
    send(FIN | ACK, 1, 2, ""); // it begins once more
    CHECK(expect(ACK, 2, 2, 0));
    pass_ms(59000);
    CHECK_EQUAL(script_counters().time_wait, 1);
    pass_ms(2000);
    CHECK_EQUAL(script_counters().time_wait, 0);

    wait_out(false);
    send(RST, 2, 0, "");
    CHECK_EQUAL(script_counters().time_wait, 0);
    script_end(NULL);
}

static void lets_the_peer_come_back(void)
{
    wait_out(false);
    struct tcp_connection *listener = script_listen(4);
    tcp_sequence old_next = script.our_first + 2;
    send(SYN, 5000, 0, ""); // RFC 1122, 4.2.2.13: behind all that it sent
    CHECK(next_segment());
    CHECK_EQUAL(script.header.flags, SYN | ACK);
    CHECK(sequence_after(script.our_first, old_next));
    CHECK_EQUAL(script_counters().time_wait, 0);
    tcp_close(listener, false);
    script_end(NULL);

    wait_out(false);
    listener = script_listen(4);
    with_time(1, 0);
    send(SYN, 0, 0, ""); // RFC 6191, 2: no old one has a timestamp
    CHECK(next_segment());
    CHECK_EQUAL(script.header.flags, SYN | ACK);
    tcp_close(listener, false);
    script_end(NULL);

    wait_out(true);
    listener = script_listen(4);
    with_time(100, 0);
    send(SYN, 0, 0, "");
    CHECK(expect(ACK, 2, 2, 0));
    with_time(101, 0);
    send(SYN, 0, 0, ""); // RFC 6191: a later timestamp is as good
    CHECK(next_segment());
    CHECK_EQUAL(script.header.flags, SYN | ACK);
    tcp_close(listener, false);
    script_end(NULL);
}

// The oldest makes room: there are never too many.
static void bounds_its_records(void)
{
    unsigned most = tcp_limits()->time_wait;
    struct tcp_connection *listener = script_listen(4);
    for (unsigned i = 0; i < most + 5; i++) {
        struct tcp_connection *connection = script_accept(listener);
        tcp_close(connection, false);
        send(FIN | ACK, 1, 2, "");
        wire_forget();
        script.peer_port = (uint16_t)(script.peer_port + 1);
    }
    CHECK_EQUAL(script_counters().time_wait, most);
    CHECK(script_counters().memory < most * 300 + 10000);
    script.peer_port = PEER_PORT;
    script_end(listener);
}

const struct test unit_tests[] = {
    {"ends first", ends_first},
    {"ends second", ends_second},
    {"ends at the same time", ends_at_the_same_time},
    {"takes the ACK of a FIN that comes again", takes_the_ack_of_a_fin_that_comes_again},
    {"ends its half and goes on reading", ends_its_half_and_goes_on_reading},
    {"sends its FIN with the last data", sends_its_fin_with_the_last_data},
    {"ends with what is written last", ends_with_what_is_written_last},
    {"ends only with all of it", ends_only_with_all_of_it},
    {"sends a lost FIN again", sends_a_lost_fin_again},
    {"keeps an early FIN", keeps_an_early_fin},
    {"says that data was not read", says_that_data_was_not_read},
    {"aborts", aborts},
    {"hears a reset in every state", hears_a_reset_in_every_state},
    {"waits out what is under way", waits_out_what_is_under_way},
    {"lets the peer come back", lets_the_peer_come_back},
    {"bounds its records", bounds_its_records},
    {0},
};
