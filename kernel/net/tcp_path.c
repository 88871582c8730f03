// SPDX-License-Identifier: MIT
//
// The path to the peer: how large a segment may be, and what routers say of those that failed.
//
//   tcp_path_set_mss(connection)      by the peer, the route, and what we have learned
//   tcp_failed(...)                   an ICMP error (RFC 9293, 3.9.2.2)
//   tcp_path_timed_out(connection)    perhaps segments are too large, and nobody says so
//   tcp_path_try_larger(connection)   that is some time ago
//
// An ICMP error may come from anybody, so it is heeded only if it quotes a number that is under
// way (RFC 5927, 4.1), and never ends a connection that is established (5.2).
// Chapter 23.
#include "error.h"
#include "machine.h"
#include "smaller.h"
#include "tcp_parts.h"

enum {
    HEADERS = sizeof(struct ip_header) + sizeof(struct tcp_header),
    // Of networks that there are (RFC 1191, table 7-1). Where a router says less, whoever that
    // is, it may cut segments up: with all options in each, there would be no room for data.
    MTU_LEAST = 296,
    // In a row, before a smaller size is tried (RFC 2923, 2.1); the latter where this one has
    // got through before, so that a bad link is more likely than a new path.
    BLACK_HOLE_TIMEOUTS = 2,
    NEW_PATH_TIMEOUTS = 6,
    TRIED_TIMEOUTS = 1, // with a larger one than what is known to get through
    HOPELESS_TIMEOUTS = 2, // of a SYN: 3 s have gone by, as long as ARP asks
};
static const uint64_t kept_ns = 10 * 60 * 1000000000ull; // RFC 1191, 6.3

// RFC 9293, 3.7.1: Eff.snd.MSS. The peer's number does not count options, ours has to.
void tcp_path_set_mss(struct tcp_connection *connection)
{
    struct tcp_send *send = &connection->send;
    struct tcp_path *path = &connection->path;
    path->mtu = ip_flow_mtu(&connection->flow);
    connection->flow.dont_fragment = path->mtu >= MTU_LEAST && !path->is_cut; // RFC 1191, 3
    uint16_t mss = smaller(send->peer_mss, larger(path->mtu, MTU_LEAST) - HEADERS);
    if (path->mss > 0 && !path->is_tried)
        mss = smaller(mss, path->mss);
    send->mss = connection->has_timestamps ? mss - TCP_TIMESTAMP_SIZE : mss;
}

// The way to the peer has just been chosen.
void tcp_path_begin(struct tcp_connection *connection)
{
    connection->path.generation = ip_generation();
    connection->path.next_hop = connection->flow.next_hop;
    tcp_path_set_mss(connection);
}

// What we can be sent: a packet of our interface, without IP and TCP options (RFC 6691).
uint16_t tcp_path_own_mss(struct tcp_connection *connection)
{
    const struct net_device *device = ip_flow_device(&connection->flow);
    return device ? smaller(device->mtu - HEADERS, UINT16_MAX) : TCP_MSS_DEFAULT;
}

static void change_mss(struct tcp_connection *connection)
{
    struct tcp_send *send = &connection->send;
    uint16_t before = send->mss;
    tcp_path_set_mss(connection);
    if (send->mss == before)
        return;
    if (send->mss < before)
        send->is_too_large = tcp_in_flight(connection) > 0;
    tcp_recovery()->resized(connection);
}

// The routes have changed, or what is known of them. Over another next hop nothing that was
// learned holds any more.
void tcp_path_update(struct tcp_connection *connection)
{
    struct tcp_path *path = &connection->path;
    struct ip_flow *flow = &connection->flow;
    if (path->generation == ip_generation())
        return;
    if (flow->generation != ip_generation())
        ip_flow_route(flow);
    path->generation = ip_generation();
    if (path->next_hop != flow->next_hop) {
        *path = (struct tcp_path){.generation = path->generation, .next_hop = flow->next_hop};
        connection->deadlines.path_ns = 0;
    }
    change_mss(connection);
}

// ---- Black holes --------------------------------------------------------------------

// More than so many in a row are not bad luck.
static unsigned timeouts_most(const struct tcp_connection *connection)
{
    if (connection->path.is_tried)
        return TRIED_TIMEOUTS;
    bool is_proven = connection->path.proven >= connection->send.mss;
    return is_proven ? NEW_PATH_TIMEOUTS : BLACK_HOLE_TIMEOUTS;
}

// Nothing gets through although there is a link, and nobody says why.
static bool is_black_hole(struct tcp_connection *connection)
{
    const struct ip_flow *flow = &connection->flow;
    struct tcp_path *path = &connection->path;
    bool has_link = flow->through && flow->through->link_up;
    if (connection->send.backoff == 0 || !has_link || connection->soft_error)
        path->timeouts = 0;
    if (path->timeouts < UINT8_MAX)
        path->timeouts++;
    return path->timeouts > timeouts_most(connection) && flow->dont_fragment &&
           tcp_in_flight(connection) > TCP_MSS_DEFAULT;
}

// Perhaps a router drops what is too large, and its word of it is lost as well (RFC 2923, 2.1;
// RFC 4821 is the long answer). Half the size, until what every path has to take; that may be
// cut into fragments, too.
static void make_smaller(struct tcp_connection *connection)
{
    struct tcp_path *path = &connection->path;
    uint32_t size = connection->send.mss;
    size += connection->has_timestamps ? TCP_TIMESTAMP_SIZE : 0;
    if (path->is_tried)
        path->is_tried = false;
    else if (size > TCP_MSS_DEFAULT)
        path->mss = larger(size / 2, TCP_MSS_DEFAULT);
    else
        path->is_cut = true;
    connection->deadlines.path_ns = machine_clock_ns() + kept_ns; // the timer is running
    change_mss(connection);
}

// If they still get nowhere, it costs two timeouts.
void tcp_path_try_larger(struct tcp_connection *connection)
{
    connection->deadlines.path_ns = 0;
    connection->path.is_tried = true;
    connection->path.is_cut = false;
    change_mss(connection);
}

void tcp_path_timed_out(struct tcp_connection *connection)
{
    tcp_path_update(connection);
    if (is_black_hole(connection))
        make_smaller(connection);
    connection->send.is_too_large = false; // all of it goes again
}

// ---- Errors -------------------------------------------------------------------------

// RFC 1191, 6.4: at once, and with no word of congestion: nothing was lost for want of room.
// The first segment shows whether it is small enough now; its ACK brings the others. A router
// speaks of each that it has dropped: only the first time counts.
static void send_smaller(struct tcp_connection *connection)
{
    tcp_path_update(connection);
    if (!connection->send.is_too_large || connection->state < TCP_ESTABLISHED)
        return;
    connection->send.is_too_large = false;
    tcp_recovery()->too_large(connection);
    tcp_output_first_again(connection);
}

static bool is_under_way(const struct tcp_connection *connection, tcp_sequence sequence)
{
    const struct tcp_send *send = &connection->send;
    return !sequence_before(sequence, send->una) && sequence_before(sequence, send->nxt);
}

// What may pass ends nothing (RFC 9293, 3.9.2.2). But who waits for a connection that has never
// been should hear why, if it does not pass for a while (RFC 5461, 4.2).
static bool ends_try(const struct tcp_connection *connection, const struct ip_failure *failure)
{
    if (failure->is_hard)
        return connection->state < TCP_ESTABLISHED;
    return connection->state == TCP_SYN_SENT && connection->soft_error != 0 &&
           connection->send.backoff >= HOPELESS_TIMEOUTS;
}

void tcp_failed(const struct ip_ends *ends, const uint8_t *bytes, size_t size,
                const struct ip_failure *failure)
{
    struct os_address local = ends->source, remote = ends->destination;
    local.port = be16_read(bytes);
    remote.port = be16_read(bytes + 2);
    struct tcp_entry *entry = tcp_table_find(&local, &remote);
    if (!entry || entry->is_time_wait)
        return;
    struct tcp_connection *connection = container_of(entry, struct tcp_connection, entry);
    if (!is_under_way(connection, be32_read(bytes + 4)))
        return;
    if (failure->error == -EMSGSIZE) {
        ip_mtu_lower(&ends->destination, failure->mtu);
        send_smaller(connection);
    } else if (ends_try(connection, failure)) {
        tcp_end(connection, failure->error);
    } else {
        connection->soft_error = failure->error;
    }
}
