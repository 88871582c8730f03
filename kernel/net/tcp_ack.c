// SPDX-License-Identifier: MIT
//
// Acknowledgments: the peer's of what we sent (RFC 9293, 3.10.7.4, fifth step), ours of what it
// sent, and those that only say where we are.
//
//   tcp_ack_arrives(connection, segment)      false: the segment must not be used any further
//   tcp_ack_window(connection, segment)       the window that it brings
//   tcp_ack_data(connection)                  now or soon
//   tcp_ack_challenge(connection)             not too often
//
// Chapter 23.
#include "machine.h"
#include "smaller.h"
#include "tcp_parts.h"

// ---- Theirs -------------------------------------------------------------------------

// SND.WND, from the latest segment that says it (RFC 9293, 3.10.7.4: WL1, WL2).
void tcp_ack_window(struct tcp_connection *connection, const struct tcp_segment *segment)
{
    struct tcp_send *send = &connection->send;
    bool is_newer = sequence_before(send->wl1, segment->sequence) ||
                    (send->wl1 == segment->sequence &&
                     !sequence_after(send->wl2, segment->acknowledgment));
    if (!is_newer)
        return;
    bool has_opened = segment->window > send->window;
    send->window = segment->window;
    send->wl1 = segment->sequence;
    send->wl2 = segment->acknowledgment;
    if (send->window > send->window_max)
        send->window_max = send->window;
    if (has_opened && send->is_probing)
        tcp_output_reopened(connection);
}

// Whether there is room in a buffer of that size that is worth it, and was not before `count`
// bytes less were used.
static inline bool is_opened(uint32_t limit, uint32_t used, uint32_t count)
{
    uint32_t most = limit - limit / 4;
    return used <= most && used + count > most;
}

// Whether a writer hears of it. Whoever waits may have begun to when memory was short.
static bool has_room_again(const struct tcp_connection *connection, uint32_t count)
{
    uint32_t used = tcp_buffer_used(connection);
    return is_opened(connection->send.limit, used, count) ||
           is_opened(PACKET_ROOM, used, count);
}

// Moves SND.UNA: everything below it has arrived. Returns how many bytes that are.
static uint32_t advance(struct tcp_connection *connection, const struct tcp_segment *segment)
{
    struct tcp_send *send = &connection->send;
    uint32_t count = (uint32_t)sequence_distance(send->una, segment->acknowledgment);
    send->una = segment->acknowledgment;
    if (count > connection->path.proven)
        connection->path.proven = smaller(count, UINT16_MAX);
    tcp_rtt_acknowledged(connection, segment);
    tcp_timer_progress(connection, segment->arrived_ns);
    tcp_buffer_acknowledged(connection);
    connection->soft_error = 0;
    if (has_room_again(connection, count))
        tcp_tell(connection);
    return count;
}

// An ACK that is too old or too new by more than any window is somebody's guess (RFC 5961, 5).
static bool is_acceptable(const struct tcp_connection *connection, tcp_sequence acknowledgment)
{
    const struct tcp_send *send = &connection->send;
    tcp_sequence oldest = send->una - send->window_max;
    return !sequence_before(acknowledgment, oldest) &&
           !sequence_after(acknowledgment, send->nxt);
}

bool tcp_ack_arrives(struct tcp_connection *connection, const struct tcp_segment *segment)
{
    struct tcp_send *send = &connection->send;
    if (!is_acceptable(connection, segment->acknowledgment)) {
        tcp_ack_challenge(connection);
        return false;
    }
    if (sequence_before(segment->acknowledgment, send->una))
        return true; // an old duplicate: its data may still be of use
    uint32_t count = 0;
    if (segment->acknowledgment != send->una)
        count = advance(connection, segment);
    tcp_ack_window(connection, segment);
    tcp_recovery()->acknowledged(connection, segment, count);
    return true;
}

// ---- Ours ---------------------------------------------------------------------------

// Data has come in order: every second full segment is acknowledged, and the last one a little
// later, unless data of ours takes the ACK along (RFC 9293, 3.8.6.3).
void tcp_ack_data(struct tcp_connection *connection)
{
    struct tcp_receive *receive = &connection->receive;
    uint32_t count = (uint32_t)sequence_distance(receive->acked, receive->nxt);
    if (count >= 2u * receive->segment)
        tcp_batch_ack(connection);
    else
        tcp_timer_start_ack(connection);
}

// RFC 5961, 7: at most ten in five seconds. Counted for each connection, so that nobody learns
// from one connection's answers what happens on another.
void tcp_ack_challenge(struct tcp_connection *connection)
{
    static const uint64_t period_ns = 5000000000;
    enum { PER_PERIOD = 10 };

    uint64_t now_ns = machine_clock_ns();
    if (connection->challenged_ns == 0 || now_ns - connection->challenged_ns >= period_ns) {
        connection->challenged_ns = now_ns;
        connection->challenges = 0;
    }
    if (connection->challenges >= PER_PERIOD)
        return;
    connection->challenges++;
    tcp_counters()->challenge_acks++;
    tcp_send_ack(connection);
}
