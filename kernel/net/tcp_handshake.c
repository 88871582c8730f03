// SPDX-License-Identifier: MIT
//
// The handshake: both sides say with which number they begin, and what they can do.
//
//   tcp_connect(connection, &remote)           we begin: SYN-SENT
//   tcp_handshake_arrives(connection, segment) a segment in SYN-SENT (RFC 9293, 3.10.7.3)
//   tcp_handshake_accept(connection, syn)      the peer has begun: SYN-RECEIVED
//   tcp_handshake_ack(connection, segment)     its ACK there: ESTABLISHED
//
// Chapter 23.
#include "error.h"
#include "machine.h"
#include "tcp_parts.h"

enum { PEER_MSS_LEAST = 64 }; // less would be an attack on whoever cuts data up so small

// ---- Numbers that nobody can guess --------------------------------------------------

// RFC 6528, 3: a clock of 4 us (2^12 ns), plus what only we know of these names.
tcp_sequence tcp_first_sequence(uint64_t secret)
{
    return (uint32_t)secret + (uint32_t)(machine_clock_ns() >> 12);
}

// RFC 7323, 5.4 and 7.1: the clock of our timestamps does not tell how long we have been up. It
// is the same for all connections with these names, one after the other.
uint32_t tcp_timestamp_offset(uint64_t secret)
{
    return (uint32_t)(secret >> 32);
}

// TSval, in ms.
uint32_t tcp_timestamp(const struct tcp_connection *connection, uint64_t now_ns)
{
    return (uint32_t)(now_ns / 1000000) + connection->clock_offset;
}

// ---- What both can do ---------------------------------------------------------------

// Its addresses are known, and its way to the peer: what follows from these.
void tcp_handshake_prepare(struct tcp_connection *connection)
{
    struct tcp_send *send = &connection->send;
    const struct tcp_entry *entry = &connection->entry;
    uint64_t secret = tcp_hash(TCP_HASH_SEQUENCE, &entry->local, &entry->remote, 0);
    if (send->iss == 0) // else it goes on where an old connection, or a cookie, ended
        send->iss = tcp_first_sequence(secret);
    connection->clock_offset = tcp_timestamp_offset(secret);
    connection->receive.mss = tcp_path_own_mss(connection);
    tcp_window_init(connection);
    send->peer_mss = TCP_MSS_DEFAULT;
    send->una = send->nxt = send->iss;
    send->wl2 = send->iss;
    tcp_buffer_init(connection, send->iss + 1);
    tcp_path_begin(connection);
}

// An option works where both sides have sent it.
void tcp_handshake_take_syn(struct tcp_connection *connection, tcp_sequence sequence,
                            const struct tcp_options *options, uint64_t now_ns)
{
    struct tcp_receive *receive = &connection->receive;
    receive->irs = sequence;
    receive->nxt = receive->acked = receive->edge = sequence + 1;
    receive->segment = TCP_MSS_DEFAULT;
    connection->has_sack &= options->sack_permitted;
    connection->has_timestamps &= options->has_timestamp;
    connection->has_scale &= options->window_shift >= 0;
    connection->send.window_shift = connection->has_scale ? (uint8_t)options->window_shift : 0;
    if (!connection->has_scale)
        receive->window_shift = 0;
    if (options->mss > 0)
        connection->send.peer_mss = options->mss > PEER_MSS_LEAST ? options->mss
                                                                  : PEER_MSS_LEAST;
    connection->recent = connection->has_timestamps ? options->timestamp : 0;
    connection->recent_ns = connection->heard_ns = now_ns;
    tcp_path_set_mss(connection);
}

static void offer_all(struct tcp_connection *connection)
{
    connection->has_sack = connection->has_timestamps = connection->has_scale = true;
}

static void send_syn(struct tcp_connection *connection, enum tcp_state state)
{
    struct tcp_send *send = &connection->send;
    tcp_set_state(connection, state);
    send->nxt = send->iss + 1;
    uint64_t now_ns = machine_clock_ns();
    tcp_rtt_start(connection, send->nxt, now_ns);
    tcp_timer_start_retransmit(connection, now_ns);
    tcp_send_syn(connection);
}

// Both sides know that both know.
void tcp_handshake_establish(struct tcp_connection *connection,
                             const struct tcp_segment *segment)
{
    struct tcp_send *send = &connection->send;
    send->window = send->window_max = segment->window;
    send->wl1 = segment->sequence;
    send->wl2 = segment->acknowledgment;
    connection->heard_ns = connection->receive.taken_ns = segment->arrived_ns;
    connection->is_established_once = true;
    tcp_rtt_established(connection);
    tcp_set_state(connection, send->fin ? TCP_FIN_WAIT_1 : TCP_ESTABLISHED);
    tcp_recovery()->opened(connection);
    tcp_timer_start_idle(connection);
    if (connection->parent)
        tcp_listen_established(connection);
    tcp_tell(connection);
}

// ---- We begin -----------------------------------------------------------------------

// Of an attempt that has failed, only what the user has chosen stays.
static void forget_attempt(struct tcp_connection *connection)
{
    struct tcp_send *send = &connection->send;
    send->iss = 0;
    send->backoff = 0;
    send->fin = send->is_probing = false;
    connection->path = (struct tcp_path){0};
    connection->recent = 0;
    connection->timeouts = connection->retransmits = 0;
    connection->error = connection->soft_error = 0;
    connection->rtt = (struct tcp_rtt){0};
    tcp_rtt_init(connection);
    if (list_is_empty(&connection->bound)) // what we chose for the other peer
        connection->entry.local = (struct os_address){0};
}

int tcp_connect(struct tcp_connection *connection, const struct os_address *remote)
{
    struct ip_flow *flow = &connection->flow;
    struct tcp_entry *entry = &connection->entry;
    if (connection->state == TCP_SYN_SENT || connection->state == TCP_SYN_RECEIVED)
        return -EALREADY;
    if (connection->state != TCP_CLOSED || connection->is_established_once)
        return -EISCONN;
    if (remote->family != OS_IPV4)
        return -EAFNOSUPPORT;
    if (remote->port == 0 || address_is_any(remote))
        return -ECONNREFUSED; // nobody can listen there
    if (address_is_multicast(remote) || ip_is_broadcast(remote))
        return -ENETUNREACH; // a stream has one peer (RFC 9293, 3.9.2.3)
    forget_attempt(connection);

    flow->source = entry->local;
    flow->source.family = OS_IPV4;
    flow->destination = *remote;
    int error = ip_flow_route(flow);
    if (error)
        return error;
    uint16_t port = entry->local.port;
    entry->local = flow->source;
    entry->local.port = port;
    entry->remote = *remote;
    if (!tcp_port_choose(connection)) {
        entry->remote.family = 0;
        return -EADDRINUSE;
    }
    connection->is_active = true;
    tcp_counters()->opened++;
    tcp_table_add(entry);
    offer_all(connection);
    tcp_handshake_prepare(connection);
    send_syn(connection, TCP_SYN_SENT);
    return 0;
}

// First and second: whether the segment's ACK is for our SYN, and a reset then is a refusal.
static bool check_answer(struct tcp_connection *connection, const struct tcp_segment *segment)
{
    const struct tcp_send *send = &connection->send;
    bool has_ack = segment->flags & TCP_ACK;
    if (has_ack && (!sequence_after(segment->acknowledgment, send->iss) ||
                    sequence_after(segment->acknowledgment, send->nxt))) {
        tcp_send_refusal(segment);
        return false;
    }
    if (!(segment->flags & TCP_RST))
        return true;
    if (has_ack) {
        tcp_counters()->resets_received++;
        tcp_end(connection, -ECONNREFUSED);
    }
    return false;
}

void tcp_handshake_arrives(struct tcp_connection *connection, struct tcp_segment *segment)
{
    struct tcp_send *send = &connection->send;
    if (!check_answer(connection, segment) || !(segment->flags & TCP_SYN))
        return;
    // Fourth: the peer's SYN.
    tcp_handshake_take_syn(connection, segment->sequence, &segment->options,
                           segment->arrived_ns);
    if (!(segment->flags & TCP_ACK)) {
        // It has begun at the same time. What else its SYN has comes again.
        send_syn(connection, TCP_SYN_RECEIVED);
        return;
    }
    send->una = segment->acknowledgment;
    tcp_rtt_acknowledged(connection, segment);
    tcp_handshake_establish(connection, segment);
    tcp_timer_progress(connection, segment->arrived_ns);
    // The rest is a segment like any other, which begins behind the SYN.
    segment->flags &= (uint8_t)~TCP_SYN;
    segment->sequence++;
    segment->length--;
    tcp_send_ack(connection);
    if (segment->length > 0)
        tcp_input_rest(connection, segment);
    else
        tcp_output(connection);
}

// ---- The peer has begun -------------------------------------------------------------

void tcp_handshake_accept(struct tcp_connection *connection, const struct tcp_segment *syn)
{
    offer_all(connection);
    tcp_handshake_prepare(connection);
    tcp_handshake_take_syn(connection, syn->sequence, &syn->options, syn->arrived_ns);
    send_syn(connection, TCP_SYN_RECEIVED);
}

// The same SYN again: the peer has not got our answer. Where both began at the same time, its
// answer has the number of its SYN, too. Whether the segment has been dealt with.
bool tcp_handshake_syn_again(struct tcp_connection *connection, struct tcp_segment *segment)
{
    if (!(segment->flags & TCP_SYN) || segment->flags & TCP_RST ||
        segment->sequence != connection->receive.irs)
        return false;
    if (!(segment->flags & TCP_ACK)) {
        tcp_rtt_cancel(connection);
        connection->retransmits++;
        tcp_send_syn(connection);
        return true;
    }
    segment->flags &= (uint8_t)~TCP_SYN; // RFC 9293, figure 7
    segment->sequence++;
    segment->length--;
    return false;
}

// RFC 9293, 3.10.7.4, fifth step, SYN-RECEIVED. False: it is not for our SYN, or there is
// nobody to take one more connection yet.
bool tcp_handshake_ack(struct tcp_connection *connection, const struct tcp_segment *segment)
{
    struct tcp_send *send = &connection->send;
    if (!sequence_after(segment->acknowledgment, send->una) ||
        sequence_after(segment->acknowledgment, send->nxt)) {
        tcp_send_refusal(segment);
        return false;
    }
    if (connection->parent && tcp_listen_is_full(connection->parent))
        return false;
    tcp_handshake_establish(connection, segment);
    return true;
}
