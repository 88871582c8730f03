// SPDX-License-Identifier: MIT
//
// Listening: connections that others open.
//
//   tcp_listen(connection, backlog)
//   tcp_listen_arrives(listener, segment)      a SYN, most of the time (RFC 9293, 3.10.7.2)
//   tcp_accept(listener, &connection, user)
//
// Each SYN makes a connection, which waits in one queue until the peer has answered and in the
// next until somebody takes it. Both are bounded. Whoever sends many SYNs fills the first:
// from then on nothing is kept of a SYN (tcp_cookie.c). When nobody takes what is ready, SYNs
// are not answered, and come again later. Chapter 23.
#include "error.h"
#include "heap.h"
#include "tcp_parts.h"

enum { BACKLOG_LEAST = 1, BACKLOG_MOST = 4096, OPENING_LEAST = 16 };

int tcp_listen(struct tcp_connection *connection, unsigned backlog)
{
    struct tcp_entry *entry = &connection->entry;
    if (backlog < BACKLOG_LEAST)
        backlog = BACKLOG_LEAST;
    if (backlog > BACKLOG_MOST)
        backlog = BACKLOG_MOST;
    if (connection->listener) { // it listens already: another length
        connection->listener->backlog = backlog;
        return 0;
    }
    if (connection->state != TCP_CLOSED || connection->is_established_once)
        return -EISCONN;
    struct tcp_listener *listener = heap_alloc(sizeof(*listener));
    if (!listener)
        return -ENOMEM;
    static const struct os_address any = {.family = OS_IPV4};
    int error = entry->local.port == 0 ? tcp_bind(connection, &any) : 0;
    if (error) {
        heap_free(listener);
        return error;
    }
    list_init(&listener->opening);
    list_init(&listener->ready);
    listener->backlog = backlog;
    connection->listener = listener;
    entry->remote = (struct os_address){0};
    tcp_table_add(entry);
    tcp_set_state(connection, TCP_LISTEN);
    tcp_counters()->listeners++;
    return 0;
}

static void end_all(struct list *queue)
{
    while (!list_is_empty(queue))
        tcp_reset(container_of(queue->next, struct tcp_connection, waiting), -ECONNABORTED);
}

// Those that nobody has accepted end with it.
void tcp_listen_end(struct tcp_connection *connection)
{
    struct tcp_listener *listener = connection->listener;
    end_all(&listener->opening);
    end_all(&listener->ready);
    heap_free(listener);
    connection->listener = NULL;
    tcp_counters()->listeners--;
}

// ---- Queues -------------------------------------------------------------------------

bool tcp_listen_is_full(const struct tcp_connection *connection)
{
    return connection->listener->ready_count >= connection->listener->backlog;
}

void tcp_listen_remove(struct tcp_connection *connection)
{
    if (!connection->parent)
        return;
    struct tcp_listener *listener = connection->parent->listener;
    if (connection->is_established_once)
        listener->ready_count--;
    else
        listener->opening_count--;
    list_remove(&connection->waiting);
    connection->parent = NULL;
}

// From one queue to the next. It has become established right before.
void tcp_listen_established(struct tcp_connection *connection)
{
    struct tcp_listener *listener = connection->parent->listener;
    list_remove(&connection->waiting);
    listener->opening_count--;
    list_append(&listener->ready, &connection->waiting);
    listener->ready_count++;
    tcp_counters()->accepted++;
    tcp_tell(connection->parent);
}

int tcp_accept(struct tcp_connection *listener, struct tcp_connection **connection,
               struct tcp_user *user)
{
    if (!listener->listener)
        return -EINVAL;
    if (list_is_empty(&listener->listener->ready))
        return -EAGAIN;
    struct list *first = listener->listener->ready.next;
    *connection = container_of(first, struct tcp_connection, waiting);
    tcp_listen_remove(*connection);
    (*connection)->user = user;
    return 0;
}

// ---- A segment ----------------------------------------------------------------------

// What the user has chosen for the listener holds for its connections.
static void inherit(struct tcp_connection *connection, const struct tcp_connection *listener)
{
    connection->send.nodelay = listener->send.nodelay;
    connection->send.limit = listener->send.limit;
    connection->receive.limit = listener->receive.limit;
    connection->receive.is_limit_set = listener->receive.is_limit_set;
    connection->keepalive_s = listener->keepalive_s;
    connection->user_timeout_s = listener->user_timeout_s;
    connection->congestion = listener->congestion;
    connection->flow.ttl = listener->flow.ttl;
    connection->flow.service = listener->flow.service;
}

struct tcp_connection *tcp_listen_add(struct tcp_connection *listener,
                                      const struct tcp_segment *segment)
{
    struct tcp_connection *connection = tcp_create();
    if (!connection)
        return NULL;
    inherit(connection, listener);
    connection->entry.local = connection->flow.source = segment->local;
    connection->entry.remote = connection->flow.destination = segment->remote;
    connection->parent = listener;
    list_append(&listener->listener->opening, &connection->waiting);
    listener->listener->opening_count++;
    tcp_table_add(&connection->entry);
    ip_flow_route(&connection->flow); // without a way back, the SYN's answer is lost
    return connection;
}

// Third: a SYN.
static void take_syn(struct tcp_connection *connection, const struct tcp_segment *segment,
                     tcp_sequence iss)
{
    const struct tcp_listener *listener = connection->listener;
    if (tcp_listen_is_full(connection)) {
        tcp_counters()->backlog_full++;
        return; // the peer tries again
    }
    unsigned most = listener->backlog > OPENING_LEAST ? listener->backlog : OPENING_LEAST;
    if (listener->opening_count >= most || tcp_memory_is_short()) {
        tcp_cookie_send(connection, segment);
        return;
    }
    struct tcp_connection *child = tcp_listen_add(connection, segment);
    if (!child)
        return;
    child->send.iss = iss;
    tcp_handshake_accept(child, segment);
}

void tcp_listen_arrives(struct tcp_connection *listener, struct tcp_segment *segment,
                        tcp_sequence iss)
{
    if (segment->flags & TCP_RST)
        return;
    if (segment->flags & TCP_ACK) {
        if (segment->flags & TCP_SYN || !tcp_cookie_arrives(listener, segment))
            tcp_send_refusal(segment);
        return;
    }
    if (segment->flags & TCP_SYN)
        take_syn(listener, segment, iss);
}
