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

// ---- Timestamps ---------------------------------------------------------------------

// With the option of RFC 7323. The peer's clock shows `time`.
static struct tcp_connection *establish_at(uint32_t time)
{
    struct tcp_connection *listener = script_listen(4), *connection = NULL;
    with_time(time, 0);
    send(SYN, 0, 0, "");
    CHECK(expect(SYN | ACK, 0, 1, 0));
    with_time(time, script.seen.timestamp);
    send(ACK, 1, 1, "");
    CHECK_EQUAL(tcp_accept(listener, &connection, &script_user), 0);
    tcp_close(listener, false);
    return connection;
}

// RFC 7323, 5.5: its clock has gone half way around meanwhile, and is believed again.
static void follows_a_clock_after_a_month(void)
{
    struct tcp_connection *connection = establish_at(1000);
    time_passes(25ull * 24 * 3600 * TIME_SECOND);
    with_time(1000 - 5000, 0); // "before" what is remembered
    send(ACK, 1, 1, "a");
    pass_ms(50);
    CHECK(expect(ACK, 1, 2, 0));
    CHECK_EQUAL(script.seen.echo, 1000 - 5000u);
    with_time(1000 - 6000, 0); // and from now on there is a past again
    send(ACK, 2, 1, "b");
    CHECK(expect(ACK, 1, 2, 0));
    CHECK_EQUAL(connection->receive.nxt, script.peer_first + 2);
    script_end(connection);
}

// RFC 5961, 4.2: a SYN gets its answer whatever options it has. A peer that has forgotten
// everything has other ones, and would wait for nothing.
static void challenges_a_syn_without_a_timestamp(void)
{
    struct tcp_connection *connection = establish_at(1000);
    send(SYN, 300000, 0, "");
    CHECK(expect(ACK, 1, 1, 0));
    send(SYN, 1, 0, "");
    CHECK(expect(ACK, 1, 1, 0));
    CHECK_EQUAL(connection->state, TCP_ESTABLISHED);
    script_end(connection);
}

const struct test unit_tests[] = {
    {"opens a second time", opens_a_second_time},
    {"follows a clock after a month", follows_a_clock_after_a_month},
    {"challenges a SYN without a timestamp", challenges_a_syn_without_a_timestamp},
    {0},
};
