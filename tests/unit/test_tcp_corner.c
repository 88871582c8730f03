// SPDX-License-Identifier: MIT
//
// TCP, what happens rarely: a second attempt, a clock after a month, a window of a few bytes,
// a path that shrinks behind our back.
#include "tcp_script.h"

void unit_setup(const struct boot_info *boot)
{
    script_setup(boot);
}

// ---- Opening ------------------------------------------------------------------------

// An attempt that has failed leaves nothing behind: neither its number nor its long timeout.
static void opens_a_second_time(void)
{
    const struct os_address remote = address_ipv4(WIRE_PEER, PEER_PORT);
    struct tcp_connection *connection = script_connect();
    CHECK(expect(SYN, 0, 0, 0));
    tcp_sequence before = script.our_first;
    uint16_t port = script.our_port;
    pass_ms(3000);
    while (next_segment())
        ;
    send(RST | ACK, 0, 1, "");
    CHECK_EQUAL(tcp_take_error(connection), -ECONNREFUSED);

    CHECK_EQUAL(tcp_connect(connection, &remote), 0);
    script.our_port = connection->entry.local.port;
    CHECK(script.our_port != port);
    CHECK(expect(SYN, 0, 0, 0));
    CHECK(script.our_first != before); // RFC 6528
    pass_ms(1000);
    CHECK(expect(SYN, 0, 0, 0));
    send(SYN | ACK, 0, 1, "");
    CHECK_EQUAL(connection->state, TCP_ESTABLISHED);
    CHECK_EQUAL(connection->timeouts, 1);
    script_end(connection);
}

const struct test unit_tests[] = {
    {"opens a second time", opens_a_second_time},
    {0},
};
