// SPDX-License-Identifier: MIT
//
// TCP: connections come, live through their states, and go. See tcp.h.
//
// A connection has at most one user, and its memory goes when both are done with it: the user,
// by tcp_close(), and the protocol, which may have to send for a while after that. What waits
// out the two maximum segment lifetimes of TIME-WAIT is a small record of its own.
// Chapter 23.
#include "tcp.h"

#include "error.h"
#include "heap.h"
#include "tcp_parts.h"

static struct {
    struct list all; // connections by ascending id
    uint64_t last_id;
    struct tcp_connection *found; // by tcp_next() last time, or NULL
    const struct tcp_recovery *recovery;
    struct tcp_statistics counters;
} tcp = {.recovery = &tcp_plain};

void tcp_init(void)
{
    list_init(&tcp.all);
    tcp_ports_init();
    tcp_batch_init();
}

void tcp_set_recovery(const struct tcp_recovery *recovery)
{
    tcp.recovery = recovery;
}

const struct tcp_recovery *tcp_recovery(void)
{
    return tcp.recovery;
}

struct tcp_statistics *tcp_counters(void)
{
    return &tcp.counters;
}

// ---- Come ---------------------------------------------------------------------------

struct tcp_connection *tcp_create(void)
{
    struct tcp_connection *connection = heap_alloc(sizeof(*connection));
    if (!connection)
        return NULL;
    connection->id = ++tcp.last_id;
    list_append(&tcp.all, &connection->all);
    list_init(&connection->bound);
    list_init(&connection->waiting);
    list_init(&connection->pending);
    connection->congestion = tcp.recovery->congestion;
    connection->flow.protocol = IP_TCP;
    connection->send.limit = tcp_limits()->send;
    connection->receive.limit = tcp_limits()->receive;
    tcp_buffer_init(connection, 0);
    tcp_queue_init(connection);
    tcp_rtt_init(connection);
    tcp_memory_add(connection, sizeof(*connection));
    tcp.counters.connections++;
    return connection;
}

int tcp_open(struct tcp_connection **connection, struct tcp_user *user)
{
    *connection = tcp_create();
    if (!*connection)
        return -ENOMEM;
    (*connection)->user = user;
    return 0;
}

// ---- Live ---------------------------------------------------------------------------

void tcp_tell(struct tcp_connection *connection)
{
    struct tcp_user *user = connection->user;
    if (user && user->changed)
        user->changed(user);
}

// ---- Go -----------------------------------------------------------------------------

static void free_connection(struct tcp_connection *connection)
{
    if (tcp.found == connection)
        tcp.found = NULL;
    tcp_queue_clear(connection);
    tcp_port_forget(connection);
    list_remove(&connection->all);
    tcp_memory_subtract(connection, sizeof(*connection));
    ASSERT(connection->memory == 0);
    tcp.counters.connections--;
    heap_free(connection);
}

void tcp_end(struct tcp_connection *connection, int error)
{
    tcp_timer_stop(connection);
    tcp_batch_remove(connection);
    tcp_recovery()->closed(connection);
    tcp_buffer_clear(connection);
    tcp_queue_clear_early(connection);
    tcp_table_remove(&connection->entry);
    tcp_listen_remove(connection);
    tcp_set_state(connection, TCP_CLOSED);
    if (!connection->user) {
        free_connection(connection);
        return;
    }
    if (error)
        connection->error = error;
    tcp_tell(connection);
}

void tcp_reset(struct tcp_connection *connection, int error)
{
    tcp_send_reset(connection);
    tcp_end(connection, error);
}

// Each side has sent its FIN: only the ACK of ours is missing.
static bool is_nearly_over(const struct tcp_connection *connection)
{
    const struct tcp_send *send = &connection->send;
    return (connection->state == TCP_CLOSING || connection->state == TCP_LAST_ACK) &&
           sequence_after(send->nxt, send->end);
}

// The peer has to hear of it if something is lost: our user did not read all (RFC 2525, 2.17),
// or gives up what is under way (RFC 9293, 3.10.5).
static bool must_reset(const struct tcp_connection *connection, bool abort)
{
    return connection->receive.queued > 0 || (abort && !is_nearly_over(connection));
}

void tcp_close(struct tcp_connection *connection, bool abort)
{
    connection->user = NULL;
    connection->is_orphan = true;
    switch (connection->state) {
    case TCP_CLOSED:
        free_connection(connection);
        return;
    case TCP_LISTEN:
        tcp_listen_end(connection);
        tcp_end(connection, 0);
        return;
    case TCP_SYN_SENT: // nobody knows of it (RFC 9293, 3.10.4)
        tcp_end(connection, 0);
        return;
    default:
        break;
    }
    if (must_reset(connection, abort)) {
        tcp_reset(connection, 0);
        return;
    }
    if (abort) {
        tcp_end(connection, 0);
        return;
    }
    tcp_timer_start_idle(connection);
    tcp_finish(connection);
}

// ---- For those who look -------------------------------------------------------------

// Who asks for all of them asks in this order: each answer begins where the last one was.
struct tcp_connection *tcp_next(uint64_t after)
{
    struct list *link = tcp.found && tcp.found->id <= after ? &tcp.found->all : tcp.all.next;
    while (link != &tcp.all && container_of(link, struct tcp_connection, all)->id <= after)
        link = link->next;
    tcp.found = link == &tcp.all ? NULL : container_of(link, struct tcp_connection, all);
    return tcp.found;
}

void tcp_statistics(struct tcp_statistics *statistics)
{
    *statistics = tcp.counters;
    statistics->memory = tcp_memory();
    statistics->time_wait = tcp_time_wait_count();
}
