// SPDX-License-Identifier: MIT
//
// httpd: connections, and how long they may take for what they do. See httpd.h.
//
// All that are in one phase have the same time for it, so each phase is a list in the order
// of their deadlines: who comes into it goes to the end. Neither changing the phase nor
// finding whose time is over depends on how many there are. And nobody looks for these before
// the earliest deadline there was when somebody looked last, or has been since.
// Chapter 25.
#include "httpd.h"

#define SECOND_NS UINT64_C(1000000000)
enum { SPARE_MAX = 64 }; // connections: more of them do not come and go in one turn

static const uint64_t time_ns[PHASES] = {
    [RECEIVING] = 10 * SECOND_NS, [IDLE] = 60 * SECOND_NS,     [SKIPPING] = 30 * SECOND_NS,
    [SENDING] = 30 * SECOND_NS,   [LINGERING] = 2 * SECOND_NS,
};

void connections_init(struct server *server)
{
    for (unsigned i = 0; i < PHASES; i++)
        list_init(&server->phases[i]);
    list_init(&server->closed);
    list_init(&server->spare);
    server->deadline_ns = OS_NEVER;
}

void connection_set_phase(struct server *server, struct connection *connection,
                          enum phase phase)
{
    list_remove(&connection->link);
    list_append(&server->phases[phase], &connection->link);
    connection->phase = (uint8_t)phase;
    connection->deadline_ns = server->now_ns + time_ns[phase];
    if (connection->deadline_ns < server->deadline_ns)
        server->deadline_ns = connection->deadline_ns;
}

// When there is one less, or one less idle, others may come again.
static void welcome(struct server *server)
{
    if (!server->is_full)
        return;
    server->is_full = false;
    os_watch(server->watch, server->listener, OS_POLL_READ, NULL);
}

// NULL: there is no memory.
static struct connection *take_connection(struct server *server)
{
    struct list *link = list_take_first(&server->spare);
    if (!link)
        return os_alloc(sizeof(struct connection));
    server->spare_count--;
    return container_of(link, struct connection, link);
}

void connection_open(struct server *server, int handle, const struct os_address *peer)
{
    struct connection *connection = take_connection(server);
    if (!connection) {
        os_close(handle);
        return;
    }
    *connection = (struct connection){.handle = handle, .peer = *peer};
    list_init(&connection->link);
    server->count++;
    connection_set_phase(server, connection, RECEIVING);
    connection_ready(server, connection); // most have sent their request by now
}

bool connection_watch(struct server *server, struct connection *connection, bool room)
{
    if (connection->is_watched && connection->waits_for_room == room)
        return true;
    connection->is_watched = true;
    connection->waits_for_room = room;
    unsigned wanted = room ? OS_POLL_WRITE : OS_POLL_READ;
    if (os_watch(server->watch, connection->handle, wanted, connection) == 0)
        return true;
    connection_close(server, connection);
    return false;
}

// Events of this turn may still name it: its memory stays until the turn is over.
void connection_close(struct server *server, struct connection *connection)
{
    os_close(connection->handle);
    if (connection->answer)
        answer_drop(connection->answer);
    os_free(connection->answer);
    os_free(connection->input);
    connection->phase = CLOSED;
    list_remove(&connection->link);
    list_append(&server->closed, &connection->link);
    server->count--;
    welcome(server);
}

static struct connection *first_of(struct list *list)
{
    return list_is_empty(list) ? NULL : container_of(list->next, struct connection, link);
}

bool connection_close_idle(struct server *server)
{
    struct connection *oldest = first_of(&server->phases[IDLE]);
    if (oldest)
        connection_close(server, oldest);
    return oldest != NULL;
}

// Who has begun a request is told why it ends.
static void expire(struct server *server, struct connection *connection)
{
    if (connection->phase == RECEIVING && connection->input) {
        connection->keeps = false;
        answer_status(server, connection, 408);
        answer_send(connection, &server->answer);
    }
    connection_close(server, connection);
}

void connections_expire(struct server *server)
{
    server->deadline_ns = OS_NEVER;
    for (unsigned i = 0; i < PHASES; i++) {
        struct connection *first;
        while ((first = first_of(&server->phases[i])) && first->deadline_ns <= server->now_ns)
            expire(server, first);
        if (first && first->deadline_ns < server->deadline_ns)
            server->deadline_ns = first->deadline_ns;
    }
}

void connections_forget_closed(struct server *server)
{
    struct list *link;
    while ((link = list_take_first(&server->closed))) {
        if (server->spare_count < SPARE_MAX) {
            list_append(&server->spare, link);
            server->spare_count++;
        } else {
            os_free(container_of(link, struct connection, link));
        }
    }
}
