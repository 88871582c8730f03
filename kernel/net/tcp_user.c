// SPDX-License-Identifier: MIT
//
// What the user of a connection does with it: writes, reads, asks, sets options, ends his side.
// See tcp.h. (RFC 9293, 3.9.1: the user's side of TCP.) Chapter 23.
#include "error.h"
#include "smaller.h"
#include "tcp_parts.h"

enum { BUFFER_LEAST = 4096 };

// ---- States -------------------------------------------------------------------------

static bool may_write(const struct tcp_connection *connection)
{
    return (connection->state == TCP_ESTABLISHED || connection->state == TCP_CLOSE_WAIT) &&
           !connection->send.fin;
}

bool tcp_may_receive(const struct tcp_connection *connection)
{
    return connection->state == TCP_ESTABLISHED || connection->state == TCP_FIN_WAIT_1 ||
           connection->state == TCP_FIN_WAIT_2;
}

static bool is_opening(const struct tcp_connection *connection)
{
    return connection->state == TCP_SYN_SENT || connection->state == TCP_SYN_RECEIVED;
}

// All that the peer will ever send has come.
static bool has_ended(const struct tcp_connection *connection)
{
    const struct tcp_receive *receive = &connection->receive;
    if (connection->state == TCP_CLOSED)
        return connection->is_established_once;
    return receive->is_shut ||
           (receive->has_fin && sequence_after(receive->nxt, receive->fin));
}

bool tcp_is_connected(const struct tcp_connection *connection)
{
    return connection->state >= TCP_ESTABLISHED;
}

int tcp_take_error(struct tcp_connection *connection)
{
    int error = connection->error;
    connection->error = 0;
    return error;
}

// ---- Writing ------------------------------------------------------------------------

// A quarter of the buffer: a writer that is woken should have something to do.
bool tcp_is_writable(const struct tcp_connection *connection)
{
    return tcp_buffer_room(connection) >= tcp_buffer_limit(connection) / 4;
}

// 0 when bytes can be taken now.
static int check_write(struct tcp_connection *connection)
{
    if (connection->error)
        return tcp_take_error(connection);
    if (is_opening(connection))
        return -EAGAIN;
    if (!may_write(connection))
        return connection->is_established_once ? -EPIPE : -ENOTCONN;
    if (tcp_buffer_room(connection) == 0)
        return -EAGAIN;
    return 0;
}

// Nothing follows what is in the buffer.
static void end_side(struct tcp_connection *connection)
{
    connection->send.fin = true;
    if (connection->state == TCP_ESTABLISHED)
        tcp_set_state(connection, TCP_FIN_WAIT_1);
    else if (connection->state == TCP_CLOSE_WAIT)
        tcp_set_state(connection, TCP_LAST_ACK);
}

// A count, at least 1, or an error: nothing has been taken.
static int take_bytes(struct tcp_connection *connection, const void *bytes, size_t size)
{
    int error = check_write(connection);
    if (error || size == 0)
        return error;
    size_t count = tcp_buffer_put(connection, bytes, size);
    if (count == 0)
        return tcp_buffer_used(connection) > 0 ? -EAGAIN : -ENOMEM;
    return (int)count;
}

int tcp_write(struct tcp_connection *connection, const void *bytes, size_t size)
{
    int count = take_bytes(connection, bytes, size);
    if (count > 0)
        tcp_output(connection);
    return count;
}

int tcp_write_last(struct tcp_connection *connection, const void *bytes, size_t size)
{
    int count = take_bytes(connection, bytes, size);
    if (count >= 0 && (size_t)count == size)
        end_side(connection);
    if (count >= 0)
        tcp_output(connection);
    return count;
}

int tcp_write_packet(struct tcp_connection *connection, struct packet *packet)
{
    int error = check_write(connection);
    if (error)
        return error;
    tcp_buffer_attach(connection, packet);
    tcp_output(connection);
    return 0;
}

// RFC 9293, 3.10.4: what was written still goes, then a FIN.
void tcp_finish(struct tcp_connection *connection)
{
    if (connection->send.fin)
        return;
    end_side(connection);
    tcp_output(connection); // in SYN-RECEIVED: nothing yet
}

int tcp_shutdown(struct tcp_connection *connection, unsigned directions)
{
    if (!tcp_is_connected(connection) && connection->state != TCP_SYN_RECEIVED)
        return -ENOTCONN;
    if (directions & OS_SHUTDOWN_READ)
        connection->receive.is_shut = true;
    if (directions & OS_SHUTDOWN_WRITE)
        tcp_finish(connection);
    tcp_tell(connection);
    return 0;
}

// ---- Reading ------------------------------------------------------------------------

// How many bytes from the next one to be read on are urgent (RFC 9293, 3.8.5).
static uint32_t urgent(const struct tcp_connection *connection)
{
    const struct tcp_receive *receive = &connection->receive;
    tcp_sequence next = receive->nxt - receive->queued;
    if (receive->has_fin && sequence_after(receive->nxt, receive->fin))
        next--;
    bool is_ahead = receive->is_urgent && sequence_after(receive->urgent, next);
    return is_ahead ? (uint32_t)sequence_distance(next, receive->urgent) : 0;
}

int tcp_read(struct tcp_connection *connection, void *buffer, size_t size)
{
    if (size > INT32_MAX)
        size = INT32_MAX;
    if (connection->receive.queued > 0) {
        size_t count = tcp_queue_read(connection, buffer, size);
        tcp_window_read(connection, count);
        if (connection->receive.is_urgent)
            connection->receive.is_urgent = urgent(connection) > 0;
        return (int)count;
    }
    if (connection->error)
        return tcp_take_error(connection);
    if (has_ended(connection))
        return 0;
    if (connection->state == TCP_CLOSED || connection->state == TCP_LISTEN)
        return -ENOTCONN;
    return -EAGAIN;
}

unsigned tcp_poll(const struct tcp_connection *connection)
{
    unsigned ready = connection->error ? OS_POLL_ERROR | OS_POLL_READ | OS_POLL_WRITE : 0;
    if (connection->listener)
        return ready | (connection->listener->ready_count > 0 ? OS_POLL_READ : 0);
    if (is_opening(connection))
        return ready;
    if (connection->state == TCP_CLOSED) // there is nothing to wait for
        return ready | OS_POLL_READ | OS_POLL_WRITE | OS_POLL_END;
    if (has_ended(connection))
        ready |= OS_POLL_READ | OS_POLL_END;
    if (connection->receive.queued > 0)
        ready |= OS_POLL_READ;
    if (connection->receive.is_urgent)
        ready |= OS_POLL_URGENT;
    if (!may_write(connection) || tcp_is_writable(connection))
        ready |= OS_POLL_WRITE; // where it ended, the answer comes at once
    return ready;
}

// ---- Options ------------------------------------------------------------------------

// The window never shrinks, nor does a scale that was agreed on change (RFC 7323, 2.3).
static void set_receive_limit(struct tcp_connection *connection, uint32_t bytes)
{
    connection->receive.limit = bytes;
    connection->receive.is_limit_set = true;
}

int tcp_set_option(struct tcp_connection *connection, enum os_option option, int value)
{
    if (value < 0)
        return -EINVAL;
    switch (option) {
    case OS_OPTION_NODELAY:
        connection->send.nodelay = value != 0;
        tcp_output(connection); // what waited goes
        return 0;
    case OS_OPTION_KEEPALIVE:
        connection->keepalive_s = (uint32_t)value;
        tcp_timer_start_idle(connection);
        return 0;
    case OS_OPTION_USER_TIMEOUT:
        connection->user_timeout_s = (uint32_t)value;
        return 0;
    case OS_OPTION_REUSE_ADDRESS:
        connection->is_exclusive = value == 0;
        return 0;
    case OS_OPTION_SEND_BUFFER:
        connection->send.limit = between(value, BUFFER_LEAST, tcp_limits()->send_most);
        return 0;
    case OS_OPTION_RECEIVE_BUFFER:
        set_receive_limit(connection,
                          between(value, BUFFER_LEAST, tcp_limits()->receive_most));
        return 0;
    case OS_OPTION_TTL:
        if (value < 1 || value > (int)UINT8_MAX)
            return -EINVAL;
        connection->flow.ttl = (uint8_t)value;
        return 0;
    case OS_OPTION_SERVICE: // its last two bits are those of ECN (RFC 3168, 5)
        if (value > (int)UINT8_MAX || value % 4 != 0)
            return -EINVAL;
        connection->flow.service = (uint8_t)value;
        return 0;
    case OS_OPTION_CONGESTION:
        if (value != OS_CUBIC && value != OS_NEWRENO)
            return -EINVAL;
        connection->congestion = (uint8_t)value;
        return 0;
    default:
        return -ENOPROTOOPT;
    }
}

// What routers say, or that nothing has been acknowledged for long (RFC 9293, 3.8.3, SHLD-9).
static int trouble(const struct tcp_connection *connection)
{
    const struct tcp_send *send = &connection->send;
    if (connection->soft_error)
        return connection->soft_error;
    return send->backoff > TCP_SUSPECT_TIMEOUTS && !send->is_probing ? -ETIMEDOUT : 0;
}

int tcp_get_option(const struct tcp_connection *connection, enum os_option option, int *value)
{
    switch (option) {
    case OS_OPTION_NODELAY:
        *value = connection->send.nodelay;
        return 0;
    case OS_OPTION_KEEPALIVE:
        *value = (int)connection->keepalive_s;
        return 0;
    case OS_OPTION_USER_TIMEOUT:
        *value = (int)connection->user_timeout_s;
        return 0;
    case OS_OPTION_REUSE_ADDRESS:
        *value = !connection->is_exclusive;
        return 0;
    case OS_OPTION_SEND_BUFFER:
        *value = (int)connection->send.limit;
        return 0;
    case OS_OPTION_RECEIVE_BUFFER:
        *value = (int)connection->receive.limit;
        return 0;
    case OS_OPTION_TTL:
        *value = connection->flow.ttl ? connection->flow.ttl : IP_TTL;
        return 0;
    case OS_OPTION_SERVICE:
        *value = connection->flow.service;
        return 0;
    case OS_OPTION_TROUBLE:
        *value = trouble(connection);
        return 0;
    case OS_OPTION_URGENT:
        *value = (int)urgent(connection);
        return 0;
    case OS_OPTION_CONGESTION:
        *value = connection->congestion;
        return 0;
    default:
        return -ENOPROTOOPT;
    }
}
