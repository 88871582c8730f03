// SPDX-License-Identifier: MIT
//
// Lost tails: behind the last segments nothing comes that would tell of their loss, and the
// retransmission timer is slow.
//
//   tcp_tail_start(connection, now)               whenever something was sent or has come
//   tcp_tail_due(connection)                      for too long nothing has come
//   tcp_tail_acknowledged(connection, segment)    what came of the probe
//
// After two round trips one segment more goes, as a probe: a new one, or the last one again
// (RFC 8985, 7). If only the last one was lost, that repairs it; otherwise the SACK block of
// its ACK shows what is missing. What is in front of a SACK block needs no probe: it left a
// round trip ago, and if it is not there after another one, it is lost (6.2; the reordering
// window is the second round trip).
//
// A segment alone may be waiting for a delayed ACK, so that there the retransmission timer is
// usually as early. Chapter 24.
#include "tcp_parts.h"
#include "tcp_recovery.h"

static const uint64_t MS = 1000000;

enum {
    LEAST_MS = 10,           // on the shortest paths hosts take longer than that to answer
    ACK_DELAY_MOST_MS = 200, // TLP.max_ack_delay
};

// RFC 8985, 7.2. One probe, until it is known what came of it.
void tcp_tail_start(struct tcp_connection *connection, uint64_t now_ns)
{
    const struct tcp_loss *loss = &connection->loss;
    const struct tcp_rtt *rtt = &connection->rtt;
    uint32_t in_flight = tcp_in_flight(connection);

    connection->deadlines.tail_ns = 0;
    if (loss->phase != TCP_OPEN || loss->tail.is_out || in_flight == 0 ||
        !connection->has_sack || rtt->smoothed_ns == 0)
        return;
    uint64_t delay_ns = (loss->board.count > 0 ? 1 : 2) * rtt->smoothed_ns;
    if (delay_ns < LEAST_MS * MS)
        delay_ns = LEAST_MS * MS;
    if (in_flight <= connection->send.mss)
        delay_ns += ACK_DELAY_MOST_MS * MS;
    if (delay_ns < rtt->rto_ns)
        tcp_timer_start_tail(connection, now_ns + delay_ns);
}

// RFC 8985, 7.3: new data whatever the window of congestion is, else the last segment.
static void send_probe(struct tcp_connection *connection)
{
    struct tcp_send *send = &connection->send;
    struct tcp_loss *loss = &connection->loss;
    tcp_sequence before = send->nxt;
    struct tcp_block block;

    loss->tail.is_due = true;
    tcp_output(connection);
    loss->tail.is_due = false;
    bool is_again = send->nxt == before;
    if (!is_again)
        tcp_timer_start_retransmit(connection, send->sent_ns);
    else if (!tcp_sack_last(&loss->board, send->mss, &block) ||
             !tcp_output_again(connection, block))
        return;
    loss->tail = (struct tcp_tail){.is_out = true, .is_again = is_again, .end = send->nxt};
    connection->deadlines.tail_ns = 0;
}

void tcp_tail_due(struct tcp_connection *connection)
{
    struct tcp_loss *loss = &connection->loss;
    if (loss->phase != TCP_OPEN || tcp_in_flight(connection) == 0 ||
        connection->send.window == 0)
        return;
    if (loss->board.count == 0) {
        send_probe(connection);
        return;
    }
    tcp_sack_lose_holes(&loss->board);
    tcp_recovery_begin(connection, 0);
    tcp_output(connection);
}

// RFC 8985, 7.4.2. The peer has all that was under way: either because of the probe, and then
// there was a loss that counts as any other, or the probe was a copy too many. Copies are
// reported (RFC 2883), or at least answered; so the first ACK of something later decides.
static void judge_copy(struct tcp_connection *connection, const struct tcp_segment *segment,
                       bool is_duplicate)
{
    struct tcp_loss *loss = &connection->loss;
    const struct tcp_options *options = &segment->options;
    bool is_later = sequence_after(connection->send.una, loss->tail.end);
    bool was_needless =
        options->blocks > 0 // not only the first part of the copy had got there
            ? sequence_before(options->sack[0].start, segment->acknowledgment) &&
                  !sequence_before(options->sack[0].end, loss->tail.end)
            : is_duplicate && segment->length == 0;
    if (!was_needless && !is_later)
        return;
    loss->tail.is_out = false;
    if (was_needless)
        return;
    tcp_congestion_lost(&loss->congestion, tcp_flight_size(connection));
    loss->congestion.cwnd = loss->congestion.ssthresh;
}

void tcp_tail_acknowledged(struct tcp_connection *connection, const struct tcp_segment *segment,
                           bool is_duplicate)
{
    struct tcp_loss *loss = &connection->loss;
    struct tcp_tail *tail = &loss->tail;
    if (!sequence_before(connection->send.una, tail->end)) {
        if (tail->is_again)
            judge_copy(connection, segment, is_duplicate);
        else
            tail->is_out = false;
    } else if (!sequence_before(loss->board.tail.start, tail->end)) {
        tail->is_out = false; // the probe is there, and what left long before it is not
        tcp_sack_lose_holes(&loss->board);
    }
}
