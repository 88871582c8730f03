// SPDX-License-Identifier: MIT
//
// For tests of TCP: a peer whose segments the test writes, and reads, one by one.
//
//   script_setup(boot)
//   connection = script_establish()       or script_listen(), script_accept(), script_connect()
//   send(ACK, 1, 1, "text")               a segment of the peer's arrives
//   CHECK(expect(ACK, 1, 5, 0))           the next one that we sent has these, and no more
//   CHECK(silent())                       nothing was sent
//   pass_ms(40)                           so much time goes by
//   script_end(connection)                nothing is left of it
//
// Segments are in tcp_segments.h, and time in fake_time.h.
#pragma once

#include "tcp_segments.h"

// ---- Beginnings ---------------------------------------------------------------------

static struct tcp_user script_user;

static inline struct tcp_connection *script_listen(unsigned backlog)
{
    struct tcp_connection *listener;
    const struct os_address local = address_ipv4(0, OUR_PORT);
    int error = tcp_open(&listener, &script_user);
    if (!error)
        error = tcp_bind(listener, &local);
    if (!error)
        error = tcp_listen(listener, backlog);
    if (error)
        panic("no listener: %s", error_text(error));
    script.our_port = OUR_PORT;
    return listener;
}

// The peer opens a connection, with no options but an MSS of 1460.
static inline struct tcp_connection *script_accept(struct tcp_connection *listener)
{
    struct tcp_connection *connection = NULL;
    with_mss(1460);
    send(SYN, 0, 0, "");
    bool is_answered = expect(SYN | ACK, 0, 1, 0);
    send(ACK, 1, 1, "");
    int error = tcp_accept(listener, &connection, &script_user);
    if (!is_answered || error)
        panic("no connection: %s", error_text(error));
    return connection;
}

// We open one to the peer, up to our SYN.
static inline struct tcp_connection *script_connect(void)
{
    struct tcp_connection *connection;
    const struct os_address remote = address_ipv4(WIRE_PEER, PEER_PORT);
    int error = tcp_open(&connection, &script_user);
    if (!error)
        error = tcp_connect(connection, &remote);
    if (error)
        panic("no connection: %s", error_text(error));
    script.our_port = connection->entry.local.port;
    return connection;
}

// An established connection whose listener is gone.
static inline struct tcp_connection *script_establish(void)
{
    struct tcp_connection *listener = script_listen(4);
    struct tcp_connection *connection = script_accept(listener);
    tcp_close(listener, false);
    return connection;
}

// A router says that our segment with this number has not got through.
static inline void script_fail(const struct tcp_connection *connection,
                               struct ip_failure failure, uint32_t sequence)
{
    struct ip_ends ends = {connection->entry.local, connection->entry.remote};
    uint8_t quoted[8];
    be16_write(quoted, script.our_port);
    be16_write(quoted + 2, script.peer_port);
    be32_write(quoted + 4, script.our_first + sequence);
    tcp_protocol.failed(&ends, quoted, sizeof(quoted), &failure);
}

static inline struct tcp_statistics script_counters(void)
{
    struct tcp_statistics statistics;
    tcp_statistics(&statistics);
    return statistics;
}

// At the end of a test: nothing is left of it. NULL: it is closed already.
static inline void script_end(struct tcp_connection *connection)
{
    if (connection)
        tcp_close(connection, true);
    wire_forget();
    pass_ms(61000); // what was in TIME-WAIT goes
    wire_forget();
    CHECK_EQUAL(script_counters().connections, 0);
    CHECK_EQUAL(script_counters().time_wait, 0);
    CHECK_EQUAL(wire_packets(), 0);
    script.peer_first += 100000;
    script.window = 65535;
    script.options_size = 0;
}
