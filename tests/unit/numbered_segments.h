// SPDX-License-Identifier: MIT
//
// For tests of recovery: segments of 1000 bytes, counted from 0, and a peer that says which of
// them have arrived.
//
//   begin(has_sack, has_time, 60)     established, 60 written, the first window sent
//   CHECK(sends(0, 10) && silent())   so many segments from number 0 on came
//   ack(2), sack(2, 4, 6)             all before 2 has arrived; and 4 and 5
#pragma once

#include "tcp_script.h"

#include "net/tcp_recovery.h"
#include "user/os_interfaces.h"

enum { MSS = 1000, AT_FIRST = 10 }; // segments of the first window

static struct tcp_connection *connection;

static inline void finish(void)
{
    script_end(connection);
    connection = NULL;
}

// Established, with so many segments written and the first window sent.
static inline bool begin(bool has_sack, bool has_time, unsigned segments)
{
    static const uint8_t zeros[MSS];
    if (connection) // of a test that has failed
        finish();
    struct tcp_connection *listener = script_listen(4);
    with_mss(has_time ? MSS + TCP_TIMESTAMP_SIZE : MSS);
    if (has_sack)
        with_sack();
    if (has_time)
        with_time(1, 0);
    send(SYN, 0, 0, "");
    bool is_answered = expect(SYN | ACK, 0, 1, 0);
    pass_ms(20); // the round trip
    if (has_time)
        with_time(2, script.seen.timestamp);
    send(ACK, 1, 1, "");
    int error = tcp_accept(listener, &connection, &script_user);
    tcp_close(listener, false);
    if (error || !is_answered)
        return false;
    tcp_set_option(connection, OS_OPTION_SEND_BUFFER, 200 * MSS);
    for (unsigned i = 0; i < segments; i++)
        if (tcp_write(connection, zeros, MSS) != MSS)
            return false;
    return true;
}

// `count` segments from number `first` on come, full ones.
static inline bool sends(unsigned first, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!expect(ACK, 1 + (first + i) * MSS, 1, MSS))
            return false;
    return true;
}

// Everything before segment `next` has arrived.
static inline void ack(unsigned next)
{
    send(ACK, 1, 1 + next * MSS, "");
}

// And segments `from` up to `to`, not included, behind it.
static inline void sack(unsigned next, unsigned from, unsigned to)
{
    uint8_t option[12] = {1, 1, 5, 10};
    be32_write(option + 4, script.our_first + 1 + from * MSS);
    be32_write(option + 8, script.our_first + 1 + to * MSS);
    script_option(option, sizeof(option));
    ack(next);
}

static inline uint32_t cwnd(void)
{
    return connection->loss.congestion.cwnd;
}

static inline uint32_t ssthresh(void)
{
    return connection->loss.congestion.ssthresh;
}

// How many segments have been sent and not looked at.
static inline unsigned count_sent(void)
{
    unsigned count = 0;
    while (next_segment())
        count++;
    return count;
}
