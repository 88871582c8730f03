// SPDX-License-Identifier: MIT
//
// The retransmission timer has expired: everything under way counts as lost, and goes again in
// a slow start (RFC 5681, 3.1).
//
// Sometimes nothing was lost, only late. The ACK that comes then tells by the time it echoes
// that it was caused by the first copy, and all is put back (Eifel: RFC 3522, RFC 4015).
// Chapter 24.
#include "machine.h"
#include "smaller.h"
#include "tcp_parts.h"
#include "tcp_recovery.h"
#include "tcp_trace.h"

// FlightSize (RFC 5681, 2), without what limited transmit has added (3.2, step 2).
uint32_t tcp_flight_size(const struct tcp_connection *connection)
{
    return smaller(tcp_in_flight(connection), connection->loss.congestion.cwnd);
}

// What there is to go back to. RFC 4015, 3.1, step 0: a slow start leads to what was under way.
static void remember(struct tcp_connection *connection)
{
    struct tcp_loss *loss = &connection->loss;
    struct tcp_undo *undo = &loss->undo;
    undo->is_possible = connection->has_timestamps && loss->phase == TCP_OPEN;
    undo->timestamp = tcp_timestamp(connection, machine_clock_ns());
    undo->congestion = loss->congestion;
    undo->congestion.ssthresh =
        larger(loss->congestion.ssthresh, tcp_flight_size(connection));
}

void tcp_timeout_begin(struct tcp_connection *connection)
{
    struct tcp_loss *loss = &connection->loss;
    bool is_again = connection->send.backoff > 0;
    if (!is_again)
        remember(connection);
    tcp_sack_sent(&loss->board, connection->send.nxt);
    tcp_congestion_timed_out(&loss->congestion, tcp_flight_size(connection), is_again);
    tcp_sack_lose_all(&loss->board, connection->send.una);
    loss->is_trying = loss->tail.is_out = false;
    loss->phase = TCP_TIMEOUT;
    loss->recover = connection->send.nxt;
    loss->duplicates = 0;
    tcp_trace(connection, 't');
}

bool tcp_timeout_was_needless(struct tcp_connection *connection,
                              const struct tcp_segment *segment, uint32_t acknowledged)
{
    struct tcp_loss *loss = &connection->loss;
    struct tcp_undo *undo = &loss->undo;
    bool is_possible = undo->is_possible && segment->options.has_timestamp;
    undo->is_possible = false; // the first ACK tells
    if (!is_possible || !tcp_timestamp_before(segment->options.echo, undo->timestamp))
        return false;

    // RFC 4015, 3.1, step 9: as it was, without a burst for all that was acknowledged at once.
    uint32_t burst = smaller(acknowledged, tcp_congestion_initial(loss->congestion.mss));
    uint32_t cwnd = tcp_in_flight(connection) + burst;
    loss->congestion = undo->congestion;
    if (cwnd >= loss->congestion.mss)
        loss->congestion.cwnd = smaller(loss->congestion.cwnd, cwnd);
    tcp_sack_lose_none(&loss->board);
    return true;
}
