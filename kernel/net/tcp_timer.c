// SPDX-License-Identifier: MIT
//
// What a connection does when nothing has come for a while: sends again, probes a closed
// window, sends the ACK it has put off, asks whether the peer is still there, gives up.
//
//   tcp_timer_start_retransmit(connection, now)  an ACK is waited for
//   tcp_timer_start_probe(connection)            a window is waited for
//   tcp_timer_start_ack(connection), tcp_timer_start_idle(connection)
//
// A connection has five deadlines and one timer, which is set to the earliest of them. A
// deadline that moves back or goes leaves the timer alone: it expires too early then, finds
// nothing to do, and is set again. So the deadlines of each segment cost a store. Chapter 23.
#include "error.h"
#include "machine.h"
#include "smaller.h"
#include "tcp_parts.h"

static const uint64_t MS = 1000000, SECOND = 1000000000;

enum {
    ACK_DELAY_MS = 40,        // at most 500 (RFC 9293, 3.8.6.3)
    // R2 (RFC 9293, 3.8.3): at least 100 s, of a SYN 180 s. The default is RFC 9293's, 3.9.1.1:
    // at a loss of 20 % both ways a dozen tries are not too many.
    GIVE_UP_S = 300, GIVE_UP_SYN_S = 180,
    ORPHAN_S = 60,            // for those whose user is gone (RFC 6429)
    KEEPALIVE_STEP_S = 75,    // between probes, or less if the silence was less
    KEEPALIVE_PROBES = 9,
};

// ---- The timer ----------------------------------------------------------------------

static uint64_t earliest(const struct tcp_deadlines *deadlines)
{
    uint64_t all[] = {deadlines->retransmit_ns, deadlines->ack_ns, deadlines->idle_ns,
                      deadlines->tail_ns, deadlines->path_ns};
    uint64_t first = MACHINE_NEVER;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (all[i] != 0 && all[i] < first)
            first = all[i];
    return first;
}

static void expired(struct timer *timer);

static void set_timer(struct tcp_deadlines *deadlines, uint64_t deadline_ns)
{
    if (timer_is_running(&deadlines->timer)) {
        if (deadlines->timer.deadline_ns <= deadline_ns)
            return;
        timer_stop(&deadlines->timer);
    }
    timer_start(&deadlines->timer, deadline_ns, expired);
}

void tcp_timer_stop(struct tcp_connection *connection)
{
    timer_stop(&connection->deadlines.timer);
    connection->deadlines.retransmit_ns = 0;
    connection->deadlines.ack_ns = connection->deadlines.idle_ns = 0;
    connection->deadlines.tail_ns = connection->deadlines.path_ns = 0;
}

// ---- Deadlines ----------------------------------------------------------------------

static void start_first(struct tcp_connection *connection, uint64_t now_ns)
{
    struct tcp_deadlines *deadlines = &connection->deadlines;
    if (deadlines->retransmit_ns == 0)
        connection->send.progress_ns = now_ns;
    deadlines->retransmit_ns = now_ns + tcp_rtt_timeout(connection);
    set_timer(deadlines, deadlines->retransmit_ns);
}

void tcp_timer_start_retransmit(struct tcp_connection *connection, uint64_t now_ns)
{
    if (connection->send.is_probing)
        connection->send.backoff = 0;
    connection->send.is_probing = false;
    start_first(connection, now_ns);
}

void tcp_timer_start_probe(struct tcp_connection *connection)
{
    if (connection->send.is_probing && connection->deadlines.retransmit_ns != 0)
        return;
    connection->send.is_probing = true;
    connection->send.backoff = 0;
    start_first(connection, machine_clock_ns());
}

// Something has been acknowledged (RFC 6298, 5.2 and 5.3).
void tcp_timer_progress(struct tcp_connection *connection, uint64_t now_ns)
{
    connection->send.progress_ns = now_ns;
    connection->send.backoff = 0;
    if (connection->send.una == connection->send.nxt) {
        connection->deadlines.retransmit_ns = 0;
        connection->send.is_probing = false;
    } else {
        connection->deadlines.retransmit_ns = now_ns + tcp_rtt_timeout(connection);
        set_timer(&connection->deadlines, connection->deadlines.retransmit_ns);
    }
}

void tcp_timer_start_ack(struct tcp_connection *connection)
{
    struct tcp_deadlines *deadlines = &connection->deadlines;
    if (deadlines->ack_ns != 0)
        return;
    deadlines->ack_ns = connection->heard_ns + ACK_DELAY_MS * MS;
    set_timer(deadlines, deadlines->ack_ns);
}

void tcp_timer_start_tail(struct tcp_connection *connection, uint64_t deadline_ns)
{
    connection->deadlines.tail_ns = deadline_ns;
    set_timer(&connection->deadlines, deadline_ns);
}

static bool is_synchronized(const struct tcp_connection *connection)
{
    return connection->state >= TCP_ESTABLISHED && connection->state <= TCP_LAST_ACK;
}

// Called when it becomes established or an orphan, and when the user changes the option.
void tcp_timer_start_idle(struct tcp_connection *connection)
{
    struct tcp_deadlines *deadlines = &connection->deadlines;
    uint32_t patience_s = is_synchronized(connection) ? connection->keepalive_s : 0;
    if (connection->is_orphan && connection->state == TCP_FIN_WAIT_2)
        patience_s = ORPHAN_S;
    deadlines->idle_ns = 0;
    connection->keepalive_probes = 0;
    if (patience_s == 0)
        return;
    deadlines->idle_ns = machine_clock_ns() + patience_s * SECOND;
    set_timer(deadlines, deadlines->idle_ns);
}

// ---- What is due --------------------------------------------------------------------
// Each says whether the connection is still there.

static bool give_up(struct tcp_connection *connection)
{
    int error = connection->soft_error ? connection->soft_error : -ETIMEDOUT;
    if (is_synchronized(connection))
        tcp_send_reset(connection);
    tcp_end(connection, error);
    return false;
}

// When it is given up: R2 (RFC 9293, 3.8.3), which the user may choose. Without such a choice a
// peer that answers never is, however long its window stays closed; unless nobody here would
// notice.
static uint64_t give_up_ns(const struct tcp_connection *connection)
{
    const struct tcp_send *send = &connection->send;
    uint64_t since_ns = send->progress_ns, patience_s = connection->user_timeout_s;
    if (patience_s == 0)
        patience_s = is_synchronized(connection) ? GIVE_UP_S : GIVE_UP_SYN_S;
    if (connection->is_orphan)
        patience_s = smaller(patience_s, send->is_probing ? ORPHAN_S : GIVE_UP_S);
    else if (send->is_probing && connection->user_timeout_s == 0)
        since_ns = larger(since_ns, connection->heard_ns);
    return since_ns + patience_s * SECOND;
}

static void retransmit(struct tcp_connection *connection)
{
    connection->timeouts++;
    tcp_counters()->timeouts++;
    tcp_rtt_expired(connection);
    if (connection->send.backoff >= TCP_SUSPECT_TIMEOUTS)
        ip_flow_suspect(&connection->flow);
    if (connection->state == TCP_SYN_SENT || connection->state == TCP_SYN_RECEIVED) {
        connection->retransmits++;
        tcp_counters()->retransmits++;
        tcp_send_syn(connection);
        return;
    }
    tcp_path_timed_out(connection);
    tcp_recovery()->timed_out(connection);
    tcp_output_first_again(connection);
}

static bool retransmit_due(struct tcp_connection *connection, uint64_t now_ns)
{
    struct tcp_send *send = &connection->send;
    // A window that was taken back to nothing is probed like any other (RFC 9293, 3.8.6).
    send->is_probing |= send->window == 0 && is_synchronized(connection);
    if (now_ns >= give_up_ns(connection))
        return give_up(connection);
    if (send->is_probing)
        tcp_output_probe(connection);
    else
        retransmit(connection);
    if (send->backoff < UINT8_MAX)
        send->backoff++;
    connection->deadlines.retransmit_ns =
        smaller(now_ns + tcp_rtt_timeout(connection), give_up_ns(connection));
    return true;
}

static bool ask_whether_alive(struct tcp_connection *connection, uint64_t now_ns)
{
    uint64_t silence_ns = connection->keepalive_s * SECOND;
    if (now_ns - connection->heard_ns < silence_ns) {
        connection->keepalive_probes = 0;
        connection->deadlines.idle_ns = connection->heard_ns + silence_ns;
        return true;
    }
    if (connection->keepalive_probes >= KEEPALIVE_PROBES)
        return give_up(connection);
    // What is under way asks as well (RFC 9293, 3.8.4: only where nothing else does).
    if (connection->deadlines.retransmit_ns == 0) {
        connection->keepalive_probes++;
        tcp_send_keepalive(connection);
    }
    uint64_t step_ns = KEEPALIVE_STEP_S * SECOND;
    connection->deadlines.idle_ns = now_ns + smaller(silence_ns, step_ns);
    return true;
}

static bool idle_due(struct tcp_connection *connection, uint64_t now_ns)
{
    if (connection->is_orphan && connection->state == TCP_FIN_WAIT_2) {
        tcp_end(connection, 0); // the peer had time to end its side
        return false;
    }
    return ask_whether_alive(connection, now_ns);
}

static bool is_due(uint64_t deadline_ns, uint64_t now_ns)
{
    return deadline_ns != 0 && deadline_ns <= now_ns;
}

static void expired(struct timer *timer)
{
    struct tcp_deadlines *deadlines = container_of(timer, struct tcp_deadlines, timer);
    struct tcp_connection *connection =
        container_of(deadlines, struct tcp_connection, deadlines);
    uint64_t now_ns = machine_clock_ns();

    if (is_due(deadlines->ack_ns, now_ns)) {
        deadlines->ack_ns = now_ns + ACK_DELAY_MS * MS; // once more, if there is no memory now
        tcp_send_ack(connection);
    }
    if (is_due(deadlines->retransmit_ns, now_ns) && !retransmit_due(connection, now_ns))
        return;
    if (is_due(deadlines->tail_ns, now_ns)) {
        deadlines->tail_ns = 0;
        tcp_recovery()->tail_due(connection);
    }
    if (is_due(deadlines->path_ns, now_ns))
        tcp_path_try_larger(connection);
    if (is_due(deadlines->idle_ns, now_ns) && !idle_due(connection, now_ns))
        return;
    uint64_t next = earliest(deadlines);
    if (next != MACHINE_NEVER)
        set_timer(deadlines, next);
}
