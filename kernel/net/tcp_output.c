// SPDX-License-Identifier: MIT
//
// What is to be sent now: bytes that were lost, then new ones, as many as the peer's window and
// the network take.
//
//   tcp_output(connection)                       whenever something may have changed
//   tcp_output_again(connection, block)          those bytes once more
//   tcp_output_probe(connection)                 a byte into a closed window
//
// Small segments wait until they are worth it: for their ACK (Nagle, RFC 9293, 3.7.4), or for a
// window that is not silly (3.8.6.2.1). Large ones go together, in packets that the device
// cuts up. Chapter 23.
#include "machine.h"
#include "smaller.h"
#include "tcp_parts.h"

// Of a packet that is cut into segments; with all its headers it stays below 64 KiB.
enum { BURST_MAX = 64000 };

// What has never been sent; a FIN is one of its bytes.
static uint32_t unsent(const struct tcp_send *send)
{
    tcp_sequence end = send->end + send->fin;
    return sequence_before(send->nxt, end) ? (uint32_t)sequence_distance(send->nxt, end) : 0;
}

// What the peer's window has room for beyond what is under way.
static uint32_t usable_window(const struct tcp_send *send)
{
    tcp_sequence edge = send->una + send->window;
    return sequence_before(send->nxt, edge) ? (uint32_t)sequence_distance(send->nxt, edge) : 0;
}

// The data of a full segment, less what SACK blocks take now (RFC 9293, 3.7.1: Eff.snd.MSS).
static uint32_t full_segment(const struct tcp_connection *connection)
{
    size_t usual = connection->has_timestamps ? TCP_TIMESTAMP_SIZE : 0;
    return connection->send.mss - (uint32_t)(tcp_options_size(connection) - usual);
}

// One segment, or several in one packet: the numbers of `block`, of which the last may be our
// FIN's. False: no memory.
static bool send_block(struct tcp_connection *connection, struct tcp_block block)
{
    struct tcp_send *send = &connection->send;
    uint32_t length = (uint32_t)sequence_distance(block.start, block.end);
    uint8_t flags = TCP_ACK;
    if (sequence_after(block.end, send->end)) {
        flags |= TCP_FIN;
        length--;
    }
    if (length > 0 && block.start + length == send->end)
        flags |= TCP_PSH; // nothing more to wait for (RFC 9293, 3.9.1.2)
    struct packet *packet = tcp_buffer_segment(connection, block.start, length);
    if (!packet)
        return false;
    if (sequence_after(block.end, send->nxt))
        send->nxt = block.end;
    connection->sent_bytes += length;
    tcp_send_segment(connection, packet, block.start, flags);
    return true;
}

// ---- Again --------------------------------------------------------------------------

// Up to send.mss bytes; SACK blocks of ours go along only where they leave room. False: no
// memory.
bool tcp_output_again(struct tcp_connection *connection, struct tcp_block block)
{
    tcp_rtt_cancel(connection);
    tcp_timer_start_retransmit(connection, machine_clock_ns());
    if (!send_block(connection, block))
        return false;
    connection->retransmits++;
    tcp_counters()->retransmits++;
    tcp_recovery()->sent(connection, block, true);
    return true;
}

// The first segment without an ACK. Where the window is smaller than it was, what does not fit
// any more is left out, but for one byte (RFC 9293, 3.8.6.1).
void tcp_output_first_again(struct tcp_connection *connection)
{
    struct tcp_send *send = &connection->send;
    uint32_t length = smaller(tcp_in_flight(connection), send->mss);
    length = smaller(length, send->window > 0 ? send->window : 1);
    tcp_output_again(connection, (struct tcp_block){send->una, send->una + length});
}

// ---- New ----------------------------------------------------------------------------

// Whether a segment that is not full may go, with `length` of the bytes that wait.
static bool may_send_small(const struct tcp_connection *connection, uint32_t length)
{
    const struct tcp_send *send = &connection->send;
    if (length == 0)
        return false;
    bool is_all = length == unsent(send);
    bool is_alone = send->nodelay || tcp_in_flight(connection) == 0;
    if (is_all && (is_alone || send->fin))
        return true;
    return is_alone && length >= send->window_max / 2; // no room for more, ever
}

// How much of the next `length` bytes goes in the next packet; 0: nothing yet.
static uint32_t choose_length(const struct tcp_connection *connection, uint32_t length)
{
    uint32_t full = full_segment(connection);
    // The device cuts at send.mss, whatever the options are.
    uint32_t burst = full == connection->send.mss ? BURST_MAX - BURST_MAX % full : full;
    if (length >= burst)
        return burst;
    uint32_t rest = length % full;
    if (rest == 0)
        return length;
    if (length > full) { // the rest is a segment of its own, with full ones under way
        bool is_all = length == unsent(&connection->send);
        bool goes = is_all && (connection->send.nodelay || connection->send.fin);
        return goes && full == connection->send.mss ? length : length - rest;
    }
    return may_send_small(connection, length) ? length : 0;
}

// One packet of new bytes. False: that is all for now.
static bool send_new(struct tcp_connection *connection)
{
    struct tcp_send *send = &connection->send;
    uint32_t most = smaller(unsent(send), usable_window(send));
    if (most > 0)
        most = smaller(most, tcp_recovery()->allowance(connection));
    uint32_t length = most > 0 ? choose_length(connection, most) : 0;
    if (length == 0)
        return false;
    struct tcp_block block = {send->nxt, send->nxt + length};
    if (!send_block(connection, block))
        return false;
    tcp_rtt_start(connection, block.end, send->sent_ns);
    if (send->is_probing || connection->deadlines.retransmit_ns == 0)
        tcp_timer_start_retransmit(connection, send->sent_ns);
    tcp_recovery()->sent(connection, block, false);
    return true;
}

// ---- All of it ----------------------------------------------------------------------

static bool may_send(const struct tcp_connection *connection)
{
    switch (connection->state) {
    case TCP_ESTABLISHED:
    case TCP_CLOSE_WAIT:
    case TCP_FIN_WAIT_1:
    case TCP_CLOSING:
    case TCP_LAST_ACK:
        return true;
    default:
        return false;
    }
}

// After a pause nobody knows what the network takes (RFC 5681, 4.1).
static void notice_pause(struct tcp_connection *connection)
{
    if (machine_clock_ns() - connection->send.sent_ns > connection->rtt.rto_ns)
        tcp_recovery()->idle(connection);
}

void tcp_output(struct tcp_connection *connection)
{
    struct tcp_send *send = &connection->send;
    if (!may_send(connection))
        return;
    tcp_path_update(connection);
    struct tcp_block block;
    while (tcp_recovery()->next_retransmit(connection, &block) &&
           tcp_output_again(connection, block))
        ;
    if (unsent(send) == 0)
        return;
    if (send->una == send->nxt)
        notice_pause(connection);
    while (send_new(connection))
        ;
    // Nothing under way means that no ACK will call us: the timer does.
    if (send->una == send->nxt && unsent(send) > 0)
        tcp_timer_start_probe(connection);
}

// The timer of a closed window has expired: one byte (RFC 9293, 3.8.6.1), or all that fits
// into a window that was too small to be worth it (3.8.6.2.1).
void tcp_output_probe(struct tcp_connection *connection)
{
    struct tcp_send *send = &connection->send;
    uint32_t length = tcp_in_flight(connection) + unsent(send);
    length = smaller(length, full_segment(connection));
    length = smaller(length, send->window > 0 ? send->window : 1);
    tcp_rtt_cancel(connection);
    if (length > 0)
        send_block(connection, (struct tcp_block){send->una, send->una + length});
}

// The window is open again. If the peer had no room for the byte of the probe, that is
// lost; it goes once more with those that follow it.
void tcp_output_reopened(struct tcp_connection *connection)
{
    connection->send.is_probing = false;
    connection->send.backoff = 0;
    connection->deadlines.retransmit_ns = 0;
    if (tcp_in_flight(connection) == 0)
        return;
    tcp_output_probe(connection);
    tcp_timer_start_retransmit(connection, machine_clock_ns());
}
