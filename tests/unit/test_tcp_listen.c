// SPDX-License-Identifier: MIT
//
// TCP, a listener and those who come: queues with ends, SYN floods, cookies (RFC 4987, 3.6).
#include "tcp_script.h"

void unit_setup(const struct boot_info *boot)
{
    script_setup(boot);
}

static char buffer[100];

static void come_from(uint16_t port)
{
    script.peer_port = port;
}

// The peer's SYN and ACK from a port. Whether we answered the SYN.
static bool knock(uint16_t port)
{
    come_from(port);
    send(SYN, 0, 0, "");
    if (!next_segment())
        return false;
    send(ACK, 1, 1, "");
    return true;
}

static unsigned accept_all(struct tcp_connection *listener)
{
    struct tcp_connection *connection;
    unsigned count = 0;
    while (tcp_accept(listener, &connection, &script_user) == 0) {
        tcp_close(connection, true);
        count++;
    }
    return count;
}

// SYNs from many ports, which nobody follows up.
static void flood(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        come_from((uint16_t)(20000 + i));
        send(SYN, 0, 0, "");
    }
    wire_forget();
    come_from(PEER_PORT);
}

static void takes_no_more_than_can_be_accepted(void)
{
    struct tcp_connection *listener = script_listen(2);
    CHECK(knock(5001) && knock(5002));
    CHECK(!knock(5003)); // it comes again later
    CHECK_EQUAL(script_counters().backlog_full, 1);
    CHECK_EQUAL(accept_all(listener), 2);
    wire_forget();
    CHECK(knock(5003));
    CHECK_EQUAL(accept_all(listener), 1);
    come_from(PEER_PORT);
    script_end(listener);
}

// Three SYNs are answered while there is room for one: two ACKs come too early.
static void leaves_those_who_come_at_once_waiting(void)
{
    struct tcp_connection *listener = script_listen(1);
    tcp_sequence firsts[3];
    for (uint16_t i = 0; i < 3; i++) {
        come_from(5001 + i);
        send(SYN, 0, 0, "");
        CHECK(expect(SYN | ACK, 0, 1, 0));
        firsts[i] = script.our_first;
    }
    for (unsigned turn = 0; turn < 3; turn++) {
        for (uint16_t i = (uint16_t)turn; i < 3; i++) {
            come_from(5001 + i);
            script.our_first = firsts[i];
            send(ACK, 1, 1, "hello");
        }
        CHECK_EQUAL(accept_all(listener), 1);
        wire_forget();
    }
    come_from(PEER_PORT);
    script_end(listener);
}

static void forgets_those_who_do_not_go_on(void)
{
    struct tcp_connection *listener = script_listen(4);
    flood(4);
    CHECK_EQUAL(script_counters().connections, 5);
    time_passes(250 * TIME_SECOND);
    wire_forget();
    CHECK_EQUAL(script_counters().connections, 1);
    script_end(listener);
}

static void ends_with_its_children(void)
{
    struct tcp_connection *listener = script_listen(4);
    CHECK(knock(5001));
    flood(2);
    tcp_close(listener, false);
    unsigned resets = 0;
    while (next_segment())
        resets += (script.header.flags & RST) != 0;
    CHECK_EQUAL(resets, 3);
    come_from(PEER_PORT);
    script_end(NULL);
}

static void children_that_are_reset_leave_the_queue(void)
{
    struct tcp_connection *listener = script_listen(1), *connection;
    CHECK(knock(5001));
    send(RST, 1, 0, "");
    CHECK_EQUAL(tcp_accept(listener, &connection, &script_user), -EAGAIN);
    CHECK(knock(5002)); // there is room again
    CHECK_EQUAL(accept_all(listener), 1);
    come_from(PEER_PORT);
    script_end(listener);
}

// ---- Cookies ------------------------------------------------------------------------

static void serves_others_during_a_flood(void)
{
    struct tcp_connection *listener = script_listen(4), *connection;
    flood(1000);
    CHECK(script_counters().connections < 20);
    CHECK(script_counters().cookies_sent > 900);
    with_mss(1400);
    send(SYN, 0, 0, "");
    CHECK(expect(SYN | ACK, 0, 1, 0));
    CHECK(!script.seen.has_timestamp && !script.seen.sack_permitted);
    send(ACK, 1, 1, "data at once");
    CHECK_EQUAL(tcp_accept(listener, &connection, &script_user), 0);
    CHECK_EQUAL(connection->send.mss, 1400);
    CHECK_EQUAL(tcp_read(connection, buffer, sizeof(buffer)), 12);
    CHECK_EQUAL(tcp_write(connection, "answer", 6), 6);
    CHECK(expect(ACK, 1, 13, 6));
    tcp_close(connection, true);
    script_end(listener);
}

// What the peer's SYN offered comes back in the echo of our timestamp.
static void remembers_options_in_a_timestamp(void)
{
    struct tcp_connection *listener = script_listen(4), *connection;
    flood(100);
    with_mss(1460);
    with_sack();
    with_time(500, 0);
    with_scale(3);
    send(SYN, 0, 0, "");
    CHECK(expect(SYN | ACK, 0, 1, 0));
    CHECK(script.seen.has_timestamp && script.seen.sack_permitted);
    CHECK(script.seen.window_shift >= 0);
    script.window = 1000;
    with_time(501, script.seen.timestamp);
    send(ACK, 1, 1, "");
    CHECK_EQUAL(tcp_accept(listener, &connection, &script_user), 0);
    CHECK(connection->has_sack && connection->has_timestamps);
    CHECK_EQUAL(connection->send.window, 8000);
    tcp_close(connection, true);
    script_end(listener);
}

static void believes_no_cookie_of_others(void)
{
    struct tcp_connection *listener = script_listen(4);
    send(ACK, 1, 77, ""); // none was sent: none is looked at
    CHECK(expect(RST, 77, 0, 0));
    flood(100);
    uint64_t before = script_counters().cookies_accepted;
    send(SYN, 0, 0, "");
    CHECK(expect(SYN | ACK, 0, 1, 0));
    send(ACK, 1, 2, "");
    CHECK(expect(RST, 2, 0, 0));
    send(ACK, 2, 1, ""); // another number of the peer's
    CHECK(expect(RST, 1, 0, 0));
    come_from(PEER_PORT + 1);
    send(ACK, 1, 1, "");
    CHECK(expect(RST, 1, 0, 0));
    come_from(PEER_PORT);
    pass_ms(125000); // too old, also where others are sent now
    flood(100);
    send(ACK, 1, 1, "");
    CHECK(expect(RST, 1, 0, 0));
    CHECK_EQUAL(script_counters().cookies_accepted, before);
    script_end(listener);
}

const struct test unit_tests[] = {
    {"takes no more than can be accepted", takes_no_more_than_can_be_accepted},
    {"leaves those who come at once waiting", leaves_those_who_come_at_once_waiting},
    {"forgets those who do not go on", forgets_those_who_do_not_go_on},
    {"ends with its children", ends_with_its_children},
    {"children that are reset leave the queue", children_that_are_reset_leave_the_queue},
    {"serves others during a flood", serves_others_during_a_flood},
    {"remembers options in a timestamp", remembers_options_in_a_timestamp},
    {"believes no cookie of others", believes_no_cookie_of_others},
    {0},
};
