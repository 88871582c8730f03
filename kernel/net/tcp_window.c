// SPDX-License-Identifier: MIT
//
// The receive window: how many bytes we are willing to be sent.
//
//   tcp_window_init(connection)           how large it may become decides its scale
//   tcp_window_field(connection, is_syn)  what a segment's header says, as of now
//   tcp_window_read(connection, n)        the user has taken n bytes: it may open, or grow
//
// Its right edge never moves back (RFC 9293, 3.8.6), and moves on only by steps that are
// worth a segment: else a slow reader would have its data come a few bytes at a time (the
// silly window, 3.8.6.2.2). Chapter 23.
#include "machine.h"
#include "smaller.h"
#include "tcp_parts.h"

enum {
    WINDOW_FIELD_MAX = 0xffff,
    GROW_RTTS = 4, // read as fast as a window in so many round trips: it holds the peer up
};

// The smallest shift with which the largest window can be told (RFC 7323, 2.2).
void tcp_window_init(struct tcp_connection *connection)
{
    struct tcp_receive *receive = &connection->receive;
    uint32_t most = receive->is_limit_set ? receive->limit : tcp_limits()->receive_most;
    receive->window_shift = 0;
    while (most >> receive->window_shift > WINDOW_FIELD_MAX)
        receive->window_shift++;
}

// RCV.WND.
uint32_t tcp_window(const struct tcp_connection *connection)
{
    const struct tcp_receive *receive = &connection->receive;
    return (uint32_t)sequence_distance(receive->nxt, receive->edge);
}

// What it could be: what there is room for, as far as the field can tell it.
static uint32_t space(const struct tcp_connection *connection)
{
    const struct tcp_receive *receive = &connection->receive;
    uint32_t room = receive->queued < receive->limit ? receive->limit - receive->queued : 0;
    return smaller(room, (uint32_t)WINDOW_FIELD_MAX << receive->window_shift);
}

// A full segment, or half of all there is (RFC 9293, 3.8.6.2.2).
static uint32_t worth_telling(const struct tcp_connection *connection)
{
    return smaller(connection->receive.limit / 2, connection->receive.mss);
}

uint16_t tcp_window_field(struct tcp_connection *connection, bool is_syn)
{
    struct tcp_receive *receive = &connection->receive;
    uint32_t window = tcp_window(connection), most = space(connection);
    if (most >= window + worth_telling(connection))
        window = most;
    // A SYN's window is never scaled (RFC 7323, 2.2).
    unsigned shift = is_syn || !connection->has_scale ? 0 : receive->window_shift;
    uint32_t unit = 1u << shift;
    uint32_t field = smaller((window + unit - 1) >> shift, WINDOW_FIELD_MAX);
    // Rounded up, so that the edge stays; but not again and again.
    if (field << shift > most + unit)
        field = window >> shift;
    receive->edge = sequence_later(receive->edge, receive->nxt + (field << shift));
    return (uint16_t)field;
}

// Twice as much room when the reader keeps up with the peer, who then waits for us.
static void grow(struct tcp_connection *connection)
{
    struct tcp_receive *receive = &connection->receive;
    uint64_t now_ns = machine_clock_ns();
    uint64_t rtt_ns = connection->rtt.smoothed_ns;
    if (now_ns - receive->taken_ns < GROW_RTTS * rtt_ns && !tcp_memory_is_short())
        receive->limit = smaller(2 * receive->limit, tcp_limits()->receive_most);
    receive->taken = 0;
    receive->taken_ns = now_ns;
}

// Tells the peer at once only where it may be waiting for that: its next ACK tells it anyway.
void tcp_window_read(struct tcp_connection *connection, size_t count)
{
    struct tcp_receive *receive = &connection->receive;
    receive->taken += (uint32_t)count;
    if (receive->taken >= receive->limit && !receive->is_limit_set)
        grow(connection);
    uint32_t window = tcp_window(connection), most = space(connection);
    bool is_worth_it = most >= window + worth_telling(connection);
    bool is_low = window < most / 4 || window < receive->mss;
    if (is_worth_it && is_low && tcp_may_receive(connection))
        tcp_send_ack(connection);
}
