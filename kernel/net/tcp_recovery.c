// SPDX-License-Identifier: MIT
//
// Losses: what is done about them, what is sent again, and how much at a time.
//
// A connection is open until three ACKs in a row acknowledge nothing, or SACK blocks tell of a
// hole: then it is in a fast recovery until all that was under way is acknowledged (RFC 6675;
// RFC 6582 without SACK). When nothing comes at all, a timeout takes everything for lost (RFC
// 5681, 3.1). What is sent in the first case is proportional to what has been delivered, so
// that it ends near ssthresh, without a pause and without a burst (RFC 9937); in the second a
// slow start leads through what was lost.
//
// How much is under way is always the scoreboard's estimate (tcp_sack.c): a duplicate ACK makes
// it smaller, so that new data follow at once (RFC 3042). Chapter 24.
#include "tcp_recovery.h"

#include "cmdline.h"
#include "print.h"
#include "smaller.h"
#include "tcp_parts.h"
#include "tcp_trace.h"
#include "user/os_interfaces.h"

// ---- The window ----------------------------------------------------------------------------

static uint32_t recovery_allowance(const struct tcp_connection *connection)
{
    const struct tcp_loss *loss = &connection->loss;
    uint32_t room = excess(loss->congestion.cwnd, tcp_sack_pipe(&loss->board));
    if (loss->tail.is_due)
        return larger(room, loss->congestion.mss);
    return loss->is_trying ? 0 : room;
}

// Whether the window was what held us back: one that nobody fills must not grow on (RFC 7661,
// 4.2). In a slow start it may double what was used.
static bool window_is_used(const struct tcp_loss *loss)
{
    const struct tcp_congestion *congestion = &loss->congestion;
    if (tcp_congestion_is_slow_start(congestion))
        return congestion->cwnd < 2 * loss->most;
    return congestion->cwnd <= loss->most + congestion->mss;
}

static void note_use(struct tcp_connection *connection)
{
    struct tcp_loss *loss = &connection->loss;
    uint32_t used = tcp_in_flight(connection);
    bool is_over = !sequence_before(connection->send.una, loss->most_end);
    if (used <= loss->most && !is_over)
        return;
    loss->most = used;
    loss->most_end = connection->send.nxt;
}

// A slow start counts ACKs: those that came as one are taken one by one.
static void grow(struct tcp_connection *connection, const struct tcp_segment *segment,
                 uint32_t bytes)
{
    struct tcp_congestion *congestion = &connection->loss.congestion;
    unsigned acks = tcp_congestion_is_slow_start(congestion) ? segment->count : 1;
    for (; acks > 0; acks--) {
        uint32_t share = bytes / acks;
        tcp_congestion_acknowledged(congestion, share, segment->arrived_ns,
                                    connection->rtt.smoothed_ns);
        bytes -= share;
    }
}

static void reduce(struct tcp_loss *loss, uint32_t delivered)
{
    tcp_congestion_reduce(&loss->congestion, &loss->reduction, tcp_sack_pipe(&loss->board),
                          delivered);
}

// ---- A fast recovery -----------------------------------------------------------------------

void tcp_recovery_begin(struct tcp_connection *connection, uint32_t delivered)
{
    struct tcp_loss *loss = &connection->loss;
    loss->tail.is_out = false;
    loss->reduction =
        (struct tcp_reduction){.flight = tcp_sack_missing(&loss->board) + delivered};
    tcp_congestion_lost(&loss->congestion, tcp_flight_size(connection));
    loss->phase = TCP_RECOVERY;
    loss->recover = connection->send.nxt;
    loss->rescued = tcp_sack_lose_first(&loss->board, loss->congestion.mss);
    reduce(loss, delivered);
    tcp_trace(connection, 'f');
}

// RFC 6675, 5. Without SACK the duplicates may be answers to what we sent twice ourselves,
// until something is acknowledged that was sent later (RFC 6582, 3.2, step 2).
static bool must_recover(const struct tcp_connection *connection)
{
    const struct tcp_loss *loss = &connection->loss;
    if (connection->has_sack)
        return loss->duplicates >= TCP_DUPLICATES || tcp_sack_is_lost(&loss->board);
    return loss->duplicates >= TCP_DUPLICATES &&
           sequence_after(connection->send.una, loss->recover);
}

static void acknowledged_all_well(struct tcp_connection *connection,
                                  const struct tcp_segment *segment, uint32_t acknowledged)
{
    if (window_is_used(&connection->loss))
        grow(connection, segment, acknowledged);
    else
        tcp_congestion_unused(&connection->loss.congestion);
}

static void acknowledged_open(struct tcp_connection *connection,
                              const struct tcp_segment *segment, uint32_t acknowledged,
                              uint32_t delivered)
{
    if (must_recover(connection))
        tcp_recovery_begin(connection, delivered);
    else if (acknowledged > 0)
        acknowledged_all_well(connection, segment, acknowledged);
}

static void acknowledged_recovery(struct tcp_connection *connection, uint32_t acknowledged,
                                  uint32_t delivered, bool is_lost_again)
{
    struct tcp_loss *loss = &connection->loss;
    // What was sent again is lost again: congestion, a second time (RFC 5681, 4.3).
    if (is_lost_again && sequence_after(loss->board.tail.start, loss->recover)) {
        tcp_recovery_begin(connection, delivered);
        return;
    }
    // A partial ACK: the next one is missing, too (RFC 6582, 3.2, step 3).
    if (acknowledged > 0 && !connection->has_sack) {
        tcp_sack_lose_first(&loss->board, loss->congestion.mss);
        loss->reduction.is_safe = false;
    }
    reduce(loss, delivered);
}

// ---- Phases --------------------------------------------------------------------------------

// Everything that was under way when it began is acknowledged, or the timeout was a mistake.
static bool end_phase(struct tcp_connection *connection, const struct tcp_segment *segment,
                      uint32_t acknowledged)
{
    struct tcp_loss *loss = &connection->loss;
    bool is_over = !sequence_before(connection->send.una, loss->recover);
    if (loss->phase == TCP_TIMEOUT && acknowledged > 0)
        is_over |= tcp_timeout_was_needless(connection, segment, acknowledged);
    if (loss->phase == TCP_OPEN || !is_over)
        return false;
    if (loss->phase == TCP_RECOVERY)
        loss->congestion.cwnd = loss->congestion.ssthresh;
    loss->phase = TCP_OPEN;
    if (loss->board.count == 0)
        tcp_news_end(connection);
    return true;
}

// ---- For tcp_input.c, tcp_output.c, tcp_timer.c --------------------------------------------

static void recovery_opened(struct tcp_connection *connection)
{
    struct tcp_loss *loss = &connection->loss;
    const struct tcp_send *send = &connection->send;
    tcp_congestion_init(&loss->congestion, tcp_congestion_rule(connection->congestion),
                        send->mss);
    if (connection->retransmits > 0) // our SYN, or the answer to theirs (RFC 5681, 3.1)
        loss->congestion.cwnd = send->mss;
    tcp_sack_init(&loss->board, send->una);
    tcp_sack_sent(&loss->board, send->nxt);
    loss->recover = send->iss;
    loss->most_end = send->una;
    loss->window = send->window;
    tcp_trace_opened(connection);
}

static void recovery_resized(struct tcp_connection *connection)
{
    tcp_congestion_resize(&connection->loss.congestion, connection->send.mss);
}

// All that the peer lacks goes again as after a timeout, but with the window that there was
// (RFC 1191, 6.4).
static void recovery_too_large(struct tcp_connection *connection)
{
    struct tcp_loss *loss = &connection->loss;
    tcp_sack_sent(&loss->board, connection->send.nxt);
    tcp_sack_lose_missing(&loss->board);
    if (loss->phase == TCP_RECOVERY)
        loss->congestion.cwnd = loss->congestion.ssthresh;
    loss->undo.is_possible = false;
    loss->is_trying = true;
    loss->phase = TCP_TIMEOUT;
    loss->recover = connection->send.nxt;
    loss->duplicates = 0;
}

// The user may have chosen another rule.
static void follow_rule(struct tcp_connection *connection)
{
    struct tcp_congestion *congestion = &connection->loss.congestion;
    if (congestion->rule != tcp_congestion_rule(connection->congestion))
        tcp_congestion_switch(congestion, tcp_congestion_rule(connection->congestion));
}

// Most segments: nothing is missing, and they say nothing of it.
static bool is_plain(const struct tcp_connection *connection, const struct tcp_segment *segment,
                     uint32_t acknowledged)
{
    const struct tcp_loss *loss = &connection->loss;
    return loss->phase == TCP_OPEN && !loss->tail.is_out && tcp_sack_is_clear(&loss->board) &&
           segment->options.blocks == 0 && (acknowledged > 0 || !tcp_in_flight(connection));
}

// Something is missing, or was, or perhaps is.
static __attribute__((noinline)) void acknowledged_with_news(
    struct tcp_connection *connection, const struct tcp_segment *segment, uint32_t acknowledged)
{
    struct tcp_loss *loss = &connection->loss;
    bool is_duplicate = acknowledged == 0 && segment->window == loss->window;
    uint32_t missing = tcp_sack_missing(&loss->board);
    tcp_news_take(connection, segment, acknowledged);
    uint32_t delivered = excess(missing, tcp_sack_missing(&loss->board));
    tcp_sequence lost = loss->board.lost;
    bool is_lost_again = tcp_sack_judge(&loss->board, loss->congestion.mss);
    loss->reduction.is_safe = acknowledged > 0 && loss->board.lost == lost && !is_lost_again;
    if (loss->tail.is_out)
        tcp_tail_acknowledged(connection, segment, is_duplicate);

    if (end_phase(connection, segment, acknowledged))
        acknowledged = 0; // for the window; but something later may be lost
    if (loss->phase == TCP_OPEN)
        acknowledged_open(connection, segment, acknowledged, delivered);
    else if (loss->phase == TCP_RECOVERY)
        acknowledged_recovery(connection, acknowledged, delivered, is_lost_again);
    else // a segment an ACK: the peer may have had much of it already (RFC 3465, 2.3)
        grow(connection, segment,
             smaller(acknowledged, segment->count * loss->congestion.mss));
    tcp_tail_start(connection, segment->arrived_ns);
}

static void recovery_acknowledged(struct tcp_connection *connection,
                                  const struct tcp_segment *segment, uint32_t acknowledged)
{
    struct tcp_loss *loss = &connection->loss;
    follow_rule(connection);
    tcp_sack_sent(&loss->board, connection->send.nxt); // a probe of the window is not told
    if (is_plain(connection, segment, acknowledged)) {
        tcp_news_acknowledged(connection, segment, acknowledged);
        if (acknowledged > 0) {
            acknowledged_all_well(connection, segment, acknowledged);
            tcp_tail_start(connection, segment->arrived_ns);
        }
    } else {
        acknowledged_with_news(connection, segment, acknowledged);
    }
    tcp_trace(connection, 'a');
}

static bool fits(const struct tcp_connection *connection, const struct tcp_block *block)
{
    uint32_t length = (uint32_t)sequence_distance(block->start, block->end);
    return length <= recovery_allowance(connection);
}

// NextSeg (RFC 6675, 4). Its rule 2, new data, is tcp_output.c's, and comes before 3 and 4.
static bool recovery_next_retransmit(struct tcp_connection *connection, struct tcp_block *block)
{
    const struct tcp_send *send = &connection->send;
    struct tcp_loss *loss = &connection->loss;
    if (loss->phase == TCP_OPEN)
        return false;
    if (tcp_sack_next(&loss->board, send->mss, block))
        return fits(connection, block);
    bool has_new = sequence_before(send->nxt, send->end + send->fin) &&
                   sequence_before(send->nxt, send->una + send->window);
    if (loss->phase != TCP_RECOVERY || !connection->has_sack || has_new)
        return false;
    if (tcp_sack_next_doubtful(&loss->board, send->mss, block))
        return fits(connection, block);
    // Rule 4: once in a recovery, when the ACK of what went again shows that the end of what
    // was under way has had time to get there (5, step 4.3).
    if (!sequence_after(send->una, loss->rescued) ||
        !tcp_sack_last(&loss->board, send->mss, block) || !fits(connection, block))
        return false;
    loss->rescued = loss->recover;
    return true;
}

static void recovery_sent(struct tcp_connection *connection, struct tcp_block block, bool again)
{
    struct tcp_loss *loss = &connection->loss;
    if (again)
        tcp_sack_resent(&loss->board, &block);
    else
        tcp_sack_sent(&loss->board, block.end);
    loss->tail.is_due = false;
    if (!again)
        tcp_tail_start(connection, connection->send.sent_ns);
    loss->reduction.sent += (uint32_t)sequence_distance(block.start, block.end);
    note_use(connection);
    tcp_trace(connection, again ? 'r' : 's');
}

static void recovery_idle(struct tcp_connection *connection)
{
    tcp_congestion_idle(&connection->loss.congestion);
}

static void recovery_closed(struct tcp_connection *connection)
{
    tcp_trace(connection, 'e');
    tcp_news_end(connection);
}

static void recovery_describe(const struct tcp_connection *connection,
                              struct os_connection_info *info)
{
    static const char *const phases[] = {"", "recovery", "timeout"};
    const struct tcp_loss *loss = &connection->loss;
    const struct tcp_congestion *congestion = &loss->congestion;
    if (!congestion->rule)
        return;
    info->cwnd = congestion->cwnd;
    info->ssthresh = congestion->ssthresh;
    info->in_flight = tcp_sack_pipe(&loss->board);
    info->congestion = congestion->rule->name;
    info->phase = loss->phase != TCP_OPEN                     ? phases[loss->phase]
                  : tcp_congestion_is_slow_start(congestion) ? "slow start"
                                                             : "avoidance";
}

static struct tcp_recovery recovery = {
    .opened = recovery_opened,
    .acknowledged = recovery_acknowledged,
    .timed_out = tcp_timeout_begin,
    .too_large = recovery_too_large,
    .tail_due = tcp_tail_due,
    .resized = recovery_resized,
    .idle = recovery_idle,
    .allowance = recovery_allowance,
    .next_retransmit = recovery_next_retransmit,
    .sent = recovery_sent,
    .closed = recovery_closed,
    .describe = recovery_describe,
};

void tcp_recovery_init(void)
{
    char name[16];
    if (cmdline_value("tcp.congestion", name, sizeof(name)) >= 0) {
        int rule = tcp_congestion_find(name);
        if (rule >= 0)
            recovery.congestion = (uint8_t)rule;
        else
            log_warning("tcp.congestion=%s is not known: give cubic or newreno", name);
    }
    tcp_set_recovery(&recovery);
}
