// SPDX-License-Identifier: MIT
//
// A segment arrives for a connection: one function for each step of RFC 9293, 3.10.7.4.
//
//   tcp_input(connection, segment)
//
//   first    check_sequence     is it in the window
//   second   check_reset        RST
//   third                       security: none, by RFC 9293, A.1
//   fourth   check_syn          SYN
//   fifth    check_ack          ACK
//   sixth    take_urgent        URG
//   seventh  take_text          the data
//   eighth   take_fin           FIN
//
// A step says whether the next one follows; where it does not, the connection may be gone. Most
// segments are the next in order, with an ACK and nothing else: they take a short way past
// the checks that they cannot fail. States before ESTABLISHED are in tcp_handshake.c.
// Chapter 23.
#include "error.h"
#include "tcp_parts.h"

// ---- First: sequence number ---------------------------------------------------------

// RFC 9293, 3.4: the four cases of a segment's place in the window.
static bool is_in_window(const struct tcp_connection *connection,
                         const struct tcp_segment *segment)
{
    const struct tcp_receive *receive = &connection->receive;
    bool starts_inside =
        sequence_is_between(segment->sequence, receive->nxt, receive->edge);
    if (segment->length == 0)
        return starts_inside || segment->sequence == receive->nxt;
    return starts_inside ||
           sequence_is_between(tcp_segment_end(segment) - 1, receive->nxt, receive->edge);
}

// RFC 7323, 5.3, R1: from an earlier turn of the sequence space. After 24 days without a
// segment, TS.Recent says nothing (5.5).
static bool is_from_the_past(const struct tcp_connection *connection,
                             const struct tcp_segment *segment)
{
    static const uint64_t valid_ns = 24ull * 24 * 3600 * 1000000000;
    if (!tcp_timestamp_before(segment->options.timestamp, connection->recent))
        return false;
    return segment->arrived_ns - connection->recent_ns < valid_ns;
}

// RFC 7323, 4.3 (2): the timestamp to be echoed is that of the segment that our next ACK is
// for.
static void keep_timestamp(struct tcp_connection *connection, const struct tcp_segment *segment)
{
    const struct tcp_options *options = &segment->options;
    if (!connection->has_timestamps || !options->has_timestamp ||
        is_from_the_past(connection, segment) ||
        sequence_after(segment->sequence, connection->receive.acked))
        return;
    connection->recent = options->timestamp;
    connection->recent_ns = segment->arrived_ns;
}

// Tells a peer that is not where we are. What carries data may have been sent again because our
// ACK was lost; of others somebody could send any number.
static void refuse(struct tcp_connection *connection, const struct tcp_segment *segment)
{
    struct tcp_receive *receive = &connection->receive;
    if (segment->flags & TCP_RST)
        return;
    if (segment->packet->total == 0) {
        tcp_ack_challenge(connection);
        return;
    }
    tcp_counters()->duplicates++;
    tcp_sequence end = segment->sequence + segment->packet->total;
    if (!sequence_after(end, receive->nxt)) // all of it is old
        tcp_queue_note_twice(connection, (struct tcp_block){segment->sequence, end});
    tcp_send_ack(connection);
}

// What came last has come again, with a newer ACK. Of two that close at the same time, one may
// say in its FIN alone, sent again, that it has the other's (RFC 9293, A.2).
static bool is_only_ack_new(const struct tcp_connection *connection,
                            const struct tcp_segment *segment)
{
    return tcp_segment_end(segment) == connection->receive.nxt &&
           !(segment->flags & (TCP_SYN | TCP_RST)) &&
           connection->state >= TCP_ESTABLISHED &&
           sequence_after(segment->acknowledgment, connection->send.una);
}

static __attribute__((noinline)) void cut_old(struct tcp_connection *connection,
                                              struct tcp_segment *segment, uint32_t old)
{
    struct tcp_receive *receive = &connection->receive;
    tcp_queue_note_twice(connection, (struct tcp_block){segment->sequence, receive->nxt});
    tcp_batch_ack(connection);
    packet_skip(segment->packet, old);
    segment->sequence = receive->nxt;
    segment->length -= old;
}

static void cut_beyond(struct tcp_segment *segment, uint32_t beyond)
{
    uint32_t fin = (segment->flags & TCP_FIN) != 0;
    segment->flags &= (uint8_t)~TCP_FIN;
    packet_trim(segment->packet, segment->packet->total - (beyond - fin));
    segment->length -= beyond;
}

// Cuts off what is outside the window: what remains begins at RCV.NXT or later.
static void trim(struct tcp_connection *connection, struct tcp_segment *segment)
{
    const struct tcp_receive *receive = &connection->receive;
    int32_t old = sequence_distance(segment->sequence, receive->nxt);
    if (old > 0)
        cut_old(connection, segment, (uint32_t)old);
    int32_t beyond = sequence_distance(receive->edge, tcp_segment_end(segment));
    if (beyond > 0)
        cut_beyond(segment, (uint32_t)beyond);
}

static bool check_sequence(struct tcp_connection *connection, struct tcp_segment *segment)
{
    bool is_reset = segment->flags & TCP_RST;
    bool is_syn = segment->flags & TCP_SYN;
    if (connection->has_timestamps && !is_reset && !is_syn) {
        // RFC 7323, 3.2: where they were agreed on, all segments have them. But a SYN is
        // answered whatever it has (RFC 5961, 4.2).
        if (!segment->options.has_timestamp)
            return false;
        if (is_from_the_past(connection, segment)) {
            refuse(connection, segment);
            return false;
        }
    }
    // A closed window keeps out data, not what else a segment says (RFC 9293, 3.10.7.4).
    bool is_closed = tcp_window(connection) == 0;
    bool is_next = segment->sequence == connection->receive.nxt;
    if (!is_in_window(connection, segment) && !(is_closed && is_next)) {
        refuse(connection, segment);
        if (!is_only_ack_new(connection, segment))
            return false;
        packet_trim(segment->packet, 0);
        return true;
    }
    connection->heard_ns = segment->arrived_ns;
    if (is_reset || is_syn)
        return true;
    if (is_closed && segment->length > 0)
        tcp_send_ack(connection);
    trim(connection, segment);
    return true;
}

// ---- Second: RST --------------------------------------------------------------------

// RFC 5961, 3.2: only who knows the very next number is the peer. Who is near it is asked to
// prove it: a real peer that has no such connection answers the ACK with the right number.
static bool check_reset(struct tcp_connection *connection, const struct tcp_segment *segment)
{
    if (!(segment->flags & TCP_RST))
        return true;
    if (segment->sequence != connection->receive.nxt) {
        tcp_ack_challenge(connection);
        return false;
    }
    tcp_counters()->resets_received++;
    int error = -ECONNRESET;
    if (connection->state == TCP_SYN_RECEIVED)
        error = -ECONNREFUSED;
    else if (connection->state == TCP_CLOSING || connection->state == TCP_LAST_ACK)
        error = 0; // both sides had said all
    tcp_end(connection, error);
    return false;
}

// ---- Fourth: SYN --------------------------------------------------------------------

// RFC 5961, 4.2: in the middle of a connection it is either an old one, or the peer has
// forgotten everything; the ACK tells it, and its answer is a reset.
static bool check_syn(struct tcp_connection *connection, const struct tcp_segment *segment)
{
    if (!(segment->flags & TCP_SYN))
        return true;
    if (connection->state == TCP_SYN_RECEIVED && !connection->is_active)
        tcp_end(connection, 0); // back to LISTEN
    else
        tcp_ack_challenge(connection);
    return false;
}

// ---- Fifth: ACK ---------------------------------------------------------------------

// Whether the peer has our FIN.
static bool is_fin_acknowledged(const struct tcp_connection *connection)
{
    return connection->send.fin &&
           sequence_after(connection->send.una, connection->send.end);
}

static bool check_ack(struct tcp_connection *connection, const struct tcp_segment *segment)
{
    if (!(segment->flags & TCP_ACK))
        return false;
    if (connection->state == TCP_SYN_RECEIVED && !tcp_handshake_ack(connection, segment))
        return false;
    if (!tcp_ack_arrives(connection, segment))
        return false;
    keep_timestamp(connection, segment); // not before: who guesses an ACK may not set our clock
    if (!is_fin_acknowledged(connection))
        return true;
    switch (connection->state) {
    case TCP_FIN_WAIT_1:
        tcp_set_state(connection, TCP_FIN_WAIT_2);
        tcp_timer_start_idle(connection);
        return true;
    case TCP_CLOSING:
        tcp_time_wait_enter(connection);
        return false;
    case TCP_LAST_ACK:
        tcp_end(connection, 0);
        return false;
    default:
        return true;
    }
}

// ---- Sixth: URG ---------------------------------------------------------------------

// RCV.UP: what is before it is urgent, and read with the rest, in its place (RFC 6093, 6). It
// counts from where the segment began before it was trimmed, and may lie far behind its end.
static void take_urgent(struct tcp_connection *connection, const struct tcp_segment *segment)
{
    struct tcp_receive *receive = &connection->receive;
    const struct tcp_header *header = (const void *)segment->packet->transport;
    tcp_sequence end = from_be32(header->sequence) + from_be16(header->urgent);
    if (!tcp_may_receive(connection) || !sequence_after(end, receive->nxt - receive->queued) ||
        (receive->is_urgent && !sequence_after(end, receive->urgent)))
        return;
    receive->is_urgent = true;
    receive->urgent = end;
    tcp_tell(connection);
}

// ---- Seventh: data ------------------------------------------------------------------

// The largest segment that has come tells what a full one is.
static void measure(struct tcp_receive *receive, const struct packet *packet)
{
    uint32_t size = packet->segment_size ? packet->segment_size : packet->total;
    if (size > receive->segment)
        receive->segment = (uint16_t)(size < receive->mss ? size : receive->mss);
}

static void take_early(struct tcp_connection *connection, struct tcp_segment *segment)
{
    tcp_counters()->out_of_order++;
    if (!tcp_memory_is_short()) {
        tcp_queue_put_early(connection, segment->packet, segment->sequence);
        segment->packet = NULL;
    }
    // With what is missing, and one for each that came: the peer counts (RFC 5681, 4.2).
    for (unsigned i = 0; i < segment->count; i++)
        tcp_send_ack(connection);
}

static void take_next(struct tcp_connection *connection, struct tcp_segment *segment)
{
    struct tcp_receive *receive = &connection->receive;
    bool had_gap = receive->run_count > 0;
    tcp_queue_put(connection, segment->packet);
    segment->packet = NULL;
    if (had_gap) {
        tcp_queue_join(connection);
        tcp_batch_ack(connection); // a gap is closed, or part of it (RFC 5681, 4.2)
    } else {
        tcp_ack_data(connection);
    }
    tcp_tell(connection);
}

static bool take_text(struct tcp_connection *connection, struct tcp_segment *segment)
{
    struct tcp_receive *receive = &connection->receive;
    if (segment->packet->total == 0 || !tcp_may_receive(connection))
        return true;
    if (connection->is_orphan) { // nobody will read it (RFC 9293, 3.6.1)
        tcp_reset(connection, -ECONNRESET);
        return false;
    }
    tcp_sequence end = segment->sequence + segment->packet->total;
    if (receive->has_fin && sequence_after(end, receive->fin))
        return true; // nothing follows a FIN, whatever comes
    measure(receive, segment->packet);
    if (segment->sequence != receive->nxt) {
        take_early(connection, segment);
    } else if (receive->queued > 0 && tcp_memory_is_short()) {
        tcp_send_ack(connection); // it has to come again, when there is room
        return false;
    } else {
        take_next(connection, segment);
    }
    return true;
}

// ---- Eighth: FIN --------------------------------------------------------------------

// A FIN may come before data that precedes it: its number is kept. But it is none if the peer
// has gone on behind it before.
static bool take_fin(struct tcp_connection *connection, const struct tcp_segment *segment)
{
    struct tcp_receive *receive = &connection->receive;
    if (!tcp_may_receive(connection))
        return true;
    tcp_sequence fin = tcp_segment_end(segment) - 1;
    if (segment->flags & TCP_FIN && !receive->has_fin &&
        !sequence_after(tcp_queue_end(connection), fin)) {
        receive->has_fin = true;
        receive->fin = fin;
    }
    if (!receive->has_fin || receive->fin != receive->nxt) {
        if (segment->flags & TCP_FIN && segment->length == 1)
            tcp_send_ack(connection); // as for early data
        return true;
    }
    receive->nxt++;
    tcp_send_ack(connection);
    if (connection->state == TCP_FIN_WAIT_2) {
        tcp_time_wait_enter(connection);
        return false;
    }
    tcp_set_state(connection, connection->state == TCP_FIN_WAIT_1 ? TCP_CLOSING
                                                                  : TCP_CLOSE_WAIT);
    tcp_tell(connection);
    return true;
}

// ---- All of it ----------------------------------------------------------------------

// The next segment of a connection in which nothing special happens: all that the first four
// steps would find out, at once (Jacobson's header prediction).
static bool is_expected(const struct tcp_connection *connection,
                        const struct tcp_segment *segment)
{
    const uint8_t flags = TCP_SYN | TCP_FIN | TCP_RST | TCP_URG | TCP_ACK;
    return connection->state == TCP_ESTABLISHED && (segment->flags & flags) == TCP_ACK &&
           segment->sequence == connection->receive.nxt &&
           segment->length <= tcp_window(connection) &&
           segment->options.has_timestamp == connection->has_timestamps &&
           !(connection->has_timestamps &&
             tcp_timestamp_before(segment->options.timestamp, connection->recent));
}

void tcp_input_rest(struct tcp_connection *connection, struct tcp_segment *segment)
{
    trim(connection, segment);
    if (take_text(connection, segment) && take_fin(connection, segment))
        tcp_output(connection);
}

void tcp_input(struct tcp_connection *connection, struct tcp_segment *segment)
{
    if (!(segment->flags & TCP_SYN))
        segment->window <<= connection->send.window_shift;
    if (is_expected(connection, segment)) {
        connection->heard_ns = segment->arrived_ns;
    } else {
        if (connection->state == TCP_SYN_RECEIVED &&
            tcp_handshake_syn_again(connection, segment))
            return;
        if (!check_sequence(connection, segment) || !check_reset(connection, segment) ||
            !check_syn(connection, segment))
            return;
    }
    if (!check_ack(connection, segment))
        return;
    if (segment->flags & TCP_URG)
        take_urgent(connection, segment);
    if (!take_text(connection, segment) || !take_fin(connection, segment))
        return;
    const struct tcp_send *send = &connection->send;
    if (send->una != send->end + send->fin) // there is something new, or under way
        tcp_batch_add(connection);
}
