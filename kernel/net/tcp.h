// SPDX-License-Identifier: MIT
//
// TCP: a stream of bytes both ways, whole and in order, over a network that promises nothing
// (RFC 9293).
//
//   tcp_protocol                              for ip_init()'s table
//   tcp_open(&connection, user)               closed, with no name
//   tcp_connect(connection, &remote)          or tcp_listen(), tcp_accept()
//   tcp_write(), tcp_read()                   as much as is possible now
//   tcp_close(connection)                     what was written still gets there
//
// Nothing here sleeps: user->changed() says that it is worth trying again, and the socket layer
// makes waits of that. Chapter 23.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ip.h"

extern const struct ip_protocol tcp_protocol;

struct tcp_connection;

// Whoever has a connection: the socket.
struct tcp_user {
    // Something of tcp_poll() may have changed. Between threads, or out of one of the calls
    // below; must not sleep or close the connection. NULL: nobody listens.
    void (*changed)(struct tcp_user *user);
};

void tcp_init(void);
// 0; -ENOMEM.
int tcp_open(struct tcp_connection **connection, struct tcp_user *user);
// port 0: any. -EADDRINUSE, -EADDRNOTAVAIL, -EINVAL: it has one.
int tcp_bind(struct tcp_connection *connection, const struct os_address *local);
// Begins. 0; later tcp_poll() says OS_POLL_WRITE, or OS_POLL_ERROR. -EISCONN, -EALREADY,
// -ENETUNREACH, -EADDRINUSE, -ENOBUFS.
int tcp_connect(struct tcp_connection *connection, const struct os_address *remote);
int tcp_listen(struct tcp_connection *connection, unsigned backlog);
// A connection that has been established; -EAGAIN: none; -EINVAL: does not listen.
int tcp_accept(struct tcp_connection *listener, struct tcp_connection **connection,
               struct tcp_user *user);
// Copies into the send buffer. A count, at least 1; -EAGAIN: it is full, or not yet
// established; -EPIPE: after tcp_shutdown() or a reset that has been told; -ENOTCONN; the
// connection's error.
int tcp_write(struct tcp_connection *connection, const void *bytes, size_t size);
// The same; if that is all of it, our side ends as with tcp_shutdown(), in the same segment.
int tcp_write_last(struct tcp_connection *connection, const void *bytes, size_t size);
// The same without a copy: takes the packet's pieces over if the result is 0.
int tcp_write_packet(struct tcp_connection *connection, struct packet *packet);
// TCP has its share of the machine's memory: nothing is taken that could come again later, and
// every writer has a page. A packet to be written should not be larger.
bool tcp_memory_is_short(void);
// Copies what has come, in order. A count; 0: the other side has ended; -EAGAIN: nothing
// now; -ENOTCONN; the connection's error, after everything that came before it.
int tcp_read(struct tcp_connection *connection, void *buffer, size_t size);
// OS_POLL_... bits that hold now.
unsigned tcp_poll(const struct tcp_connection *connection);
// The last error, forgotten then; 0: none.
int tcp_take_error(struct tcp_connection *connection);
int tcp_shutdown(struct tcp_connection *connection, unsigned directions); // OS_SHUTDOWN_...
// The user lets go: it ends by itself, and is freed then. `abort`, or data that nobody has
// read: with a reset (RFC 2525, 2.17).
void tcp_close(struct tcp_connection *connection, bool abort);
int tcp_set_option(struct tcp_connection *connection, enum os_option option, int value);
int tcp_get_option(const struct tcp_connection *connection, enum os_option option, int *value);
void tcp_names(const struct tcp_connection *connection, struct os_address *local,
               struct os_address *remote); // families 0: none yet
bool tcp_is_connected(const struct tcp_connection *connection); // may shut down, has a peer

struct os_connection_info;
void tcp_describe(const struct tcp_connection *connection, struct os_connection_info *info);
// The one with the smallest id above `after`, or NULL.
struct tcp_connection *tcp_next(uint64_t after);

// What is left of those that have ended, for a while: a shadow of each. The one after `record`
// (NULL: the first); NULL: no more.
struct tcp_time_wait;
const struct tcp_time_wait *tcp_time_wait_next(const struct tcp_time_wait *record);
void tcp_time_wait_describe(const struct tcp_time_wait *record,
                            struct os_connection_info *info);

struct tcp_statistics {
    size_t connections, listeners, time_wait; // live
    size_t memory;         // bytes that all connections hold, their data too
    uint64_t opened, accepted, refused, resets_sent, resets_received;
    uint64_t segments_received, segments_sent, retransmits, timeouts;
    uint64_t bad_checksum, bad_segment, out_of_order, duplicates;
    uint64_t cookies_sent, cookies_accepted, backlog_full, challenge_acks;
};
void tcp_statistics(struct tcp_statistics *statistics);
