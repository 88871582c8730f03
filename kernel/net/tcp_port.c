// SPDX-License-Identifier: MIT
//
// Ports: those that the user names, and those that we choose.
//
//   tcp_bind(connection, &local)
//   tcp_port_choose(connection)       for a connection to a certain peer
//
// A chosen port has to make the connection's four names one of a kind, and nobody outside
// should guess it: RFC 6056, 3.3.3, begins to look at a place that depends on the peer and
// a secret, and goes on from there with each connection. So all ports are used before one
// is used again.
// Chapter 23.
#include "error.h"
#include "tcp_parts.h"

enum { PORT_FIRST = 49152, PORT_COUNT = 16384 }; // RFC 6335, 6: dynamic ones

static struct {
    struct list bound;  // connections that named their port
    uint32_t next;      // counts those that were chosen
} ports;

void tcp_ports_init(void)
{
    list_init(&ports.bound);
}

void tcp_port_forget(struct tcp_connection *connection)
{
    list_remove(&connection->bound);
}

// ---- Named --------------------------------------------------------------------------

static bool collides(const struct os_address *a, const struct os_address *b)
{
    return a->port == b->port &&
           (address_is_any(a) || address_is_any(b) || address_equal(a, b));
}

static bool is_taken(const struct os_address *local)
{
    list_for_each(struct tcp_connection, other, &ports.bound, bound)
        if (collides(&other->entry.local, local))
            return true;
    return false;
}

// Whether a connection has it, also one that nobody has any more.
static bool has_connections(const struct os_address *local)
{
    for (struct tcp_connection *other = tcp_next(0); other; other = tcp_next(other->id))
        if (other->entry.is_listed && collides(&other->entry.local, local))
            return true;
    return false;
}

static uint16_t find_free(struct os_address local)
{
    uint32_t start = (uint32_t)tcp_hash(TCP_HASH_PORT, &local, &local, ports.next++);
    for (uint32_t i = 0; i < PORT_COUNT; i++) {
        local.port = (uint16_t)(PORT_FIRST + (start + i) % PORT_COUNT);
        if (!is_taken(&local) && !has_connections(&local))
            return local.port;
    }
    return 0;
}

int tcp_bind(struct tcp_connection *connection, const struct os_address *local)
{
    if (local->family != OS_IPV4)
        return -EAFNOSUPPORT;
    if (connection->state != TCP_CLOSED || connection->entry.local.port != 0)
        return -EINVAL;
    if (!address_is_any(local) && !ip_is_ours(local))
        return -EADDRNOTAVAIL;
    struct os_address chosen = *local;
    if (chosen.port == 0)
        chosen.port = find_free(chosen);
    else if (is_taken(local) || (connection->is_exclusive && has_connections(local)))
        return -EADDRINUSE;
    if (chosen.port == 0)
        return -EADDRINUSE;
    connection->entry.local = chosen;
    list_append(&ports.bound, &connection->bound);
    return 0;
}

// ---- Chosen -------------------------------------------------------------------------

// Whether the connection, with the port that it has now, is the only one with its names. The
// record of an old one gives way if that is safe.
static bool is_unique(struct tcp_connection *connection)
{
    struct tcp_entry *entry = &connection->entry;
    struct tcp_entry *old = tcp_table_find(&entry->local, &entry->remote);
    if (!old)
        return true;
    return old->is_time_wait && tcp_time_wait_take_over(old, connection);
}

bool tcp_port_choose(struct tcp_connection *connection)
{
    struct os_address *local = &connection->entry.local;
    if (local->port != 0)
        return is_unique(connection);
    uint32_t start = (uint32_t)tcp_hash(TCP_HASH_PORT, local, &connection->entry.remote, 0);
    for (uint32_t i = 0; i < PORT_COUNT; i++) {
        local->port = (uint16_t)(PORT_FIRST + (start + ports.next++) % PORT_COUNT);
        if (!tcp_table_find_listener(local) && is_unique(connection))
            return true;
    }
    local->port = 0;
    return false;
}
