// SPDX-License-Identifier: MIT
//
// TCP, how connections begin: RFC 9293, 3.5 and 3.10.7.1 to 3.10.7.3.
#include "tcp_script.h"

void unit_setup(const struct boot_info *boot)
{
    script_setup(boot);
}

static char buffer[4096];

// ---- The peer begins ----------------------------------------------------------------

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

static void agrees_on_options(void)
{
    struct tcp_connection *listener = script_listen(4), *connection;
    with_mss(1300);
    with_sack();
    with_time(77, 0);
    with_scale(5);
    send(SYN, 0, 0, "");
    CHECK(expect(SYN | ACK, 0, 1, 0));
    CHECK_EQUAL(script.seen.mss, 1460);
    CHECK(script.seen.sack_permitted && script.seen.has_timestamp);
    CHECK(script.seen.window_shift >= 0);
    CHECK_EQUAL(script.seen.echo, 77);
    script.window = 100;
    with_time(78, script.seen.timestamp);
    send(ACK, 1, 1, "");
    CHECK_EQUAL(tcp_accept(listener, &connection, &script_user), 0);
    CHECK_EQUAL(connection->send.window, 3200);
    CHECK_EQUAL(connection->send.mss, 1300 - TCP_TIMESTAMP_SIZE);
    tcp_close(listener, false);
    script_end(connection);
}

// Data and FIN of a SYN come again when they are not acknowledged.
static void leaves_data_of_a_syn_to_its_repetition(void)
{
    struct tcp_connection *listener = script_listen(4), *connection;
    send(SYN | FIN, 0, 0, "early");
    CHECK(expect(SYN | ACK, 0, 1, 0));
    send(ACK, 1, 1, "early");
    CHECK_EQUAL(tcp_accept(listener, &connection, &script_user), 0);
    CHECK_EQUAL(tcp_read(connection, buffer, sizeof(buffer)), 5);
    CHECK_EQUAL(tcp_read(connection, buffer, sizeof(buffer)), -EAGAIN);
    tcp_close(listener, false);
    script_end(connection);
}

static void answers_a_syn_again(void)
{
    struct tcp_connection *listener = script_listen(4);
    send(SYN, 0, 0, "");
    CHECK(expect(SYN | ACK, 0, 1, 0));
    send(SYN, 0, 0, "");
    CHECK(expect(SYN | ACK, 0, 1, 0));
    pass_ms(1000);
    CHECK(expect(SYN | ACK, 0, 1, 0));
    pass_ms(2000);
    CHECK(expect(SYN | ACK, 0, 1, 0));
    send(RST, 1, 0, ""); // back to LISTEN
    CHECK(silent());
    CHECK_EQUAL(script_counters().connections, 1);
    script_end(listener);
}

// RFC 9293, 3.10.7.2; 3.10.7.4, first and fifth step in SYN-RECEIVED.
static void refuses_acks_that_fit_nothing(void)
{
    struct tcp_connection *listener = script_listen(4);
    send(ACK, 1, 77, "");
    CHECK(expect(RST, 77, 0, 0));
    send(RST, 1, 0, "");
    send(FIN, 1, 0, "");
    CHECK(silent());
    send(SYN, 0, 0, "");
    CHECK(expect(SYN | ACK, 0, 1, 0));
    send(ACK, 1, 500, "");
    CHECK(expect(RST, 500, 0, 0));
    send(ACK, 1, 1, "");
    CHECK_EQUAL(tcp_poll(listener), OS_POLL_READ);
    script_end(listener);
}

static void refuses_where_nobody_listens(void)
{
    script.our_port = 81;
    script.our_first = 0;
    send(SYN, 0, 0, "");
    CHECK(expect(RST | ACK, 0, 1, 0));
    send(SYN | ACK, 0, 77, "");
    CHECK(expect(RST, 77, 0, 0));
    send(FIN | ACK, 5, 99, "abc");
    CHECK(expect(RST, 99, 0, 0));
    send(FIN, 5, 0, "abc");
    CHECK(expect(RST | ACK, 0, 9, 0));
    send(RST | ACK, 5, 99, "");
    CHECK(silent());
    script_end(NULL);
}

static void drops_what_is_damaged(void)
{
    struct tcp_connection *listener = script_listen(4);
    script.bad_checksum = true;
    send(SYN, 0, 0, "");
    script.bad_checksum = false;
    CHECK(silent());
    CHECK_EQUAL(script_counters().bad_checksum, 1);
    script_option((uint8_t[]){2, 0, 1, 1}, 4); // an option without a length ends them
    send(SYN, 0, 0, "");
    CHECK(expect(SYN | ACK, 0, 1, 0));
    script_end(listener);
}

// ---- We begin -----------------------------------------------------------------------

static void opens_to_a_peer(void)
{
    struct tcp_connection *connection = script_connect();
    CHECK(expect(SYN, 0, 0, 0));
    CHECK_EQUAL(script.seen.mss, 1460);
    CHECK(script.seen.sack_permitted && script.seen.has_timestamp);
    CHECK(script.seen.window_shift >= 0);
    CHECK_EQUAL(tcp_poll(connection), 0);
    CHECK_EQUAL(tcp_write(connection, "x", 1), -EAGAIN);
    CHECK_EQUAL(tcp_read(connection, buffer, 1), -EAGAIN);
    with_mss(1400);
    send(SYN | ACK, 0, 1, "");
    CHECK(expect(ACK, 1, 1, 0));
    CHECK(!script.seen.has_timestamp); // the peer did not offer it
    CHECK_EQUAL(connection->state, TCP_ESTABLISHED);
    CHECK_EQUAL(connection->send.mss, 1400);
    send(SYN | ACK, 0, 1, ""); // our ACK was lost
    CHECK(expect(ACK, 1, 1, 0));
    script_end(connection);
}

static void takes_what_comes_with_the_answer(void)
{
    struct tcp_connection *connection = script_connect();
    CHECK(expect(SYN, 0, 0, 0));
    send(SYN | ACK | FIN, 0, 1, "banner");
    CHECK(expect(ACK, 1, 1, 0));
    CHECK(expect(ACK, 1, 8, 0));
    CHECK_EQUAL(connection->state, TCP_CLOSE_WAIT);
    CHECK_EQUAL(tcp_read(connection, buffer, sizeof(buffer)), 6);
    CHECK_EQUAL(tcp_read(connection, buffer, sizeof(buffer)), 0);
    script_end(connection);
}

static void tries_again_and_gives_up(void)
{
    struct tcp_connection *connection = script_connect();
    uint64_t waited_ns = 0;
    for (unsigned i = 0; i < 8; i++) {
        CHECK(expect(SYN, 0, 0, 0));
        uint64_t step_ns = time_passes_to_timer();
        CHECK(i == 7 || step_ns == (i < 6 ? 1ull << i : 60) * TIME_SECOND);
        waited_ns += step_ns;
    }
    CHECK_EQUAL(waited_ns, 180 * TIME_SECOND); // RFC 9293, 3.8.3
    CHECK_EQUAL(tcp_take_error(connection), -ETIMEDOUT);
    CHECK(silent());
    script_end(connection);
}

// With two SYNs gone, answered so or not, and a third one under way. NULL: it is not.
static struct tcp_connection *connect_for_3_s(bool is_answered)
{
    struct tcp_connection *connection = script_connect();
    for (unsigned i = 0; i < 2; i++) {
        if (!expect(SYN, 0, 0, 0))
            return NULL;
        if (is_answered)
            script_fail(connection, (struct ip_failure){.error = -ENETUNREACH}, 0);
        if (time_passes_to_timer() != (1ull << i) * TIME_SECOND)
            return NULL;
    }
    return expect(SYN, 0, 0, 0) ? connection : NULL;
}

// RFC 5461, 4.2.
static void ends_when_routers_insist(void)
{
    const struct ip_failure failure = {.error = -EHOSTUNREACH};
    struct tcp_connection *connection = connect_for_3_s(true);
    CHECK(connection && connection->state == TCP_SYN_SENT);
    script_fail(connection, failure, 1); // of nothing that was sent
    CHECK_EQUAL(connection->state, TCP_SYN_SENT);
    script_fail(connection, failure, 0);
    CHECK_EQUAL(tcp_take_error(connection), -EHOSTUNREACH);
    CHECK(silent());
    script_end(connection);

    connection = connect_for_3_s(false);
    CHECK(connection);
    script_fail(connection, failure, 0); // once says little (RFC 9293, MUST-56)
    CHECK_EQUAL(connection->state, TCP_SYN_SENT);
    send(SYN | ACK, 0, 1, "");
    CHECK(expect(ACK, 1, 1, 0));
    CHECK_EQUAL(connection->state, TCP_ESTABLISHED);
    script_end(connection);
}

// RFC 9293, 3.10.7.3, first and second.
static void checks_the_answer(void)
{
    struct tcp_connection *connection = script_connect();
    CHECK(expect(SYN, 0, 0, 0));
    send(SYN | ACK, 0, 0, ""); // of an older connection
    CHECK(expect(RST, 0, 0, 0));
    send(ACK, 0, 2, "");
    CHECK(expect(RST, 2, 0, 0));
    send(RST, 0, 0, ""); // anybody could have sent these two
    send(RST | ACK, 0, 0, "");
    send(ACK, 0, 1, "");
    CHECK(silent());
    CHECK_EQUAL(connection->state, TCP_SYN_SENT);
    send(RST | ACK, 0, 1, "");
    CHECK_EQUAL(tcp_poll(connection) & OS_POLL_ERROR, OS_POLL_ERROR);
    CHECK_EQUAL(tcp_read(connection, buffer, 1), -ECONNREFUSED);
    CHECK_EQUAL(tcp_read(connection, buffer, 1), -ENOTCONN);
    script_end(connection);
}

// RFC 9293, figure 7.
static void opens_at_the_same_time_as_the_peer(void)
{
    struct tcp_connection *connection = script_connect();
    CHECK(expect(SYN, 0, 0, 0));
    send(SYN, 0, 0, "");
    CHECK(expect(SYN | ACK, 0, 1, 0));
    CHECK_EQUAL(connection->state, TCP_SYN_RECEIVED);
    send(SYN | ACK, 0, 1, "");
    CHECK_EQUAL(connection->state, TCP_ESTABLISHED);
    CHECK_EQUAL(tcp_write(connection, "hello", 5), 5);
    CHECK(expect(ACK, 1, 1, 5));
    send(ACK, 1, 6, "hello");
    CHECK_EQUAL(tcp_read(connection, buffer, sizeof(buffer)), 5);
    script_end(connection);

    connection = script_connect();
    CHECK(expect(SYN, 0, 0, 0));
    send(SYN, 0, 0, "");
    CHECK(expect(SYN | ACK, 0, 1, 0));
    send(RST, 1, 0, ""); // and here it changes its mind
    CHECK_EQUAL(tcp_take_error(connection), -ECONNREFUSED);
    script_end(connection);
}

// ---- Names --------------------------------------------------------------------------

static void minds_who_has_a_port(void)
{
    struct tcp_connection *listener = script_listen(1), *other;
    struct os_address local = address_ipv4(0, OUR_PORT);
    CHECK_EQUAL(tcp_open(&other, &script_user), 0);
    CHECK_EQUAL(tcp_bind(other, &local), -EADDRINUSE);
    local = address_ipv4(IPV4(10, 9, 9, 9), 0);
    CHECK_EQUAL(tcp_bind(other, &local), -EADDRNOTAVAIL);
    local = address_ipv4(WIRE_US, 0);
    CHECK_EQUAL(tcp_bind(other, &local), 0);
    CHECK(other->entry.local.port >= 49152);
    CHECK_EQUAL(tcp_bind(other, &local), -EINVAL);
    CHECK_EQUAL(tcp_shutdown(other, OS_SHUTDOWN_WRITE), -ENOTCONN);
    CHECK_EQUAL(tcp_write(other, "x", 1), -ENOTCONN);
    CHECK_EQUAL(tcp_accept(other, &listener, &script_user), -EINVAL);
    tcp_close(listener, false);
    tcp_close(other, false);

    other = script_connect(); // RFC 9293, 3.9.1.1, MUST-42
    local = address_ipv4(0, script.our_port);
    CHECK_EQUAL(tcp_open(&listener, &script_user), 0);
    CHECK_EQUAL(tcp_bind(listener, &local), 0);
    CHECK_EQUAL(tcp_listen(listener, 1), 0);
    tcp_close(listener, false);
    script_end(other);
}

static void knows_where_no_connection_leads(void)
{
    struct tcp_connection *connection;
    struct os_address remote = address_ipv4(IPV4(224, 0, 0, 1), 5);
    CHECK_EQUAL(tcp_open(&connection, &script_user), 0);
    CHECK_EQUAL(tcp_connect(connection, &remote), -ENETUNREACH);
    remote = address_ipv4(WIRE_PEER, 0);
    CHECK_EQUAL(tcp_connect(connection, &remote), -ECONNREFUSED);
    remote = address_ipv4(IPV4(255, 255, 255, 255), 5);
    CHECK_EQUAL(tcp_connect(connection, &remote), -ENETUNREACH);
    remote = address_ipv4(WIRE_PEER, 5);
    CHECK_EQUAL(tcp_connect(connection, &remote), 0);
    CHECK_EQUAL(tcp_connect(connection, &remote), -EALREADY);
    script_end(connection);
}

// A port is not used again before all others have been, and cannot be foretold.
static void chooses_ports_one_by_one(void)
{
    struct tcp_connection *first = script_connect(), *second = script_connect();
    CHECK(first->entry.local.port >= 49152);
    CHECK_EQUAL((first->entry.local.port + 1 - 49152) % 16384,
                (second->entry.local.port - 49152) % 16384);
    tcp_close(first, false);
    script_end(second);
}

const struct test unit_tests[] = {
    {"opens for a peer", opens_for_a_peer},
    {"agrees on options", agrees_on_options},
    {"leaves data of a SYN to its repetition", leaves_data_of_a_syn_to_its_repetition},
    {"answers a SYN again", answers_a_syn_again},
    {"refuses ACKs that fit nothing", refuses_acks_that_fit_nothing},
    {"refuses where nobody listens", refuses_where_nobody_listens},
    {"drops what is damaged", drops_what_is_damaged},
    {"opens to a peer", opens_to_a_peer},
    {"takes what comes with the answer", takes_what_comes_with_the_answer},
    {"tries again and gives up", tries_again_and_gives_up},
    {"ends when routers insist", ends_when_routers_insist},
    {"checks the answer", checks_the_answer},
    {"opens at the same time as the peer", opens_at_the_same_time_as_the_peer},
    {"minds who has a port", minds_who_has_a_port},
    {"knows where no connection leads", knows_where_no_connection_leads},
    {"chooses ports one by one", chooses_ports_one_by_one},
    {0},
};
