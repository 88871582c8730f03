// SPDX-License-Identifier: MIT
//
// TCP, how connections begin and end: the states of RFC 9293, 3.3.2, and who is told what.
#include "tcp_script.h"

void unit_setup(const struct boot_info *boot)
{
    script_setup(boot);
}

// ---- Begin ------------------------------------------------------------------------------------

static void opens_for_a_peer(void)
{
    struct tcp_connection *listener = script_listen(4);
    CHECK_EQUAL(tcp_poll(listener), 0);
    struct tcp_connection *connection = script_accept(listener);
    CHECK_EQUAL(connection->state, TCP_ESTABLISHED);
    CHECK_EQUAL(tcp_poll(connection), OS_POLL_WRITE);
    CHECK(silent());
    tcp_close(listener, false);
    script_end(connection);
}

static void opens_to_a_peer(void)
{
    struct tcp_connection *connection = script_connect();
    CHECK(expect(SYN, 0, 0, 0));
    CHECK_EQUAL(script.seen.mss, 1460);
    CHECK(script.seen.sack_permitted && script.seen.has_timestamp);
    CHECK(script.seen.window_shift >= 0);
    CHECK_EQUAL(tcp_poll(connection), 0);
    CHECK_EQUAL(tcp_write(connection, "x", 1), -EAGAIN);
    with_mss(1400);
    send(SYN | ACK, 0, 1, "");
    CHECK(expect(ACK, 1, 1, 0));
    CHECK(!script.seen.has_timestamp); // the peer did not offer it
    CHECK_EQUAL(connection->state, TCP_ESTABLISHED);
    CHECK_EQUAL(connection->send.mss, 1400);
    script_end(connection);
}

const struct test unit_tests[] = {
    {"opens for a peer", opens_for_a_peer},
    {"opens to a peer", opens_to_a_peer},
    {0},
};
