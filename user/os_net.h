// SPDX-License-Identifier: MIT
//
// The application interface, continued: sockets. Programs include os.h, which includes this.
//
//   int handle = os_socket(OS_STREAM, OS_IPV4);
//   os_connect(handle, &address, deadline);     then os_write(), os_read(), os_close()
//
// A socket is a handle like a file's: it is read, written, closed, handed on and redirected by
// the same calls. What waits for the network does so for ever, or until its deadline
// (-ETIMEDOUT), unless the socket is set not to wait: then it says -EAGAIN. Any call may answer
// -EBADF, -ENOTSOCK, -ENOMEM, and -ENOSYS: there is no network in this image. Chapter 25.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ---- Addresses -------------------------------------------------------------------------
enum os_family { OS_ANY_FAMILY = 0, OS_IPV4 = 4, OS_IPV6 = 6 };
// Of a host, or of a port there. All zeros but the family: any address.
struct os_address {
    uint8_t family; // enum os_family
    uint16_t port;  // 0: none
    union {
        uint8_t bytes[16]; // as on the wire; the first 4 are IPv4's
        uint32_t words[4];
    };
};
enum { OS_ADDRESS_TEXT = 48 };
// "10.0.2.2:80", without the port when it is 0. Returns `text`.
const char *os_address_print(const struct os_address *address, char text[OS_ADDRESS_TEXT]);
int os_address_parse(const char *text, struct os_address *address); // -EINVAL
// The addresses of a name, or of what os_address_parse() knows. Waits. How many; -ENOENT: there
// is no such name; -EINVAL: it is none; -ENETUNREACH: no DNS server is known; -ETIMEDOUT: none
// answers; -ENETDOWN; -EPROTO.
int os_resolve(const char *name, enum os_family family, struct os_address *addresses,
               unsigned count, uint64_t deadline_ns);
struct os_question {
    const char *name;
    enum os_family family;
    struct os_address server; // of DNS, to be asked in place of those that are known
};
int os_resolve_at(const struct os_question *question, struct os_address *addresses,
                  unsigned count, uint64_t deadline_ns);
enum { OS_HOST_TEXT = 256 };
// The name of an address. 0, or as above. `server` may be NULL.
int os_resolve_host(const struct os_address *address, const struct os_address *server,
                    char name[OS_HOST_TEXT], uint64_t deadline_ns);

// ---- Sockets ---------------------------------------------------------------------------
enum os_socket_kind {
    OS_STREAM = 1,   // TCP
    OS_DATAGRAM = 2, // UDP
    OS_ECHO = 3,     // ICMP echo: os_send_to() asks, os_receive_from() gets replies
};
// What the datagrams of OS_ECHO begin with, both ways.
struct os_echo {
    uint16_t sequence; // comes back as it was sent
    uint8_t ttl;       // of the reply, as it arrived
    uint8_t unused;
};
int os_socket(enum os_socket_kind kind, enum os_family family); // -EAFNOSUPPORT, -EMFILE
// -EADDRINUSE; -EADDRNOTAVAIL: not an address of ours; -EINVAL: it has one.
int os_bind(int handle, const struct os_address *address);
// Up to `backlog` connections wait for os_accept().
int os_listen(int handle, unsigned backlog);
// Waits for a connection: its handle. `peer` may be NULL. -EINVAL: it does not listen.
int os_accept(int handle, struct os_address *peer, uint64_t deadline_ns);
// Waits until it is there. -ECONNREFUSED, -EHOSTUNREACH, -ENETUNREACH, -ETIMEDOUT, -EISCONN;
// -EALREADY: another thread waits for it already; -EINPROGRESS: it is set not to wait; poll for
// writing, then OS_OPTION_ERROR says how it went.
int os_connect(int handle, const struct os_address *address, uint64_t deadline_ns);
// A datagram, to where it is connected when `to` is NULL. `size`; -EMSGSIZE; -EDESTADDRREQ; of
// a connected one, an error that came back for one sent before (-ECONNREFUSED).
int os_send_to(int handle, const void *bytes, size_t size, const struct os_address *to);
// The next one; what does not fit into `size` is lost. `from` may be NULL. Of OS_ECHO also what
// came back instead of a reply: the error, with its sender in `from` and struct os_echo in
// the buffer. -ETIMEDOUT is that, too (the TTL); when it is the deadline, from->family is 0.
int os_receive_from(int handle, void *buffer, size_t size, struct os_address *from,
                    uint64_t deadline_ns);
// os_read() and os_write() with a deadline: a count, 0 at the other side's end. Of a stream,
// os_write() gives -EPIPE or -ECONNRESET when nobody will read it.
int os_send(int handle, const void *bytes, size_t size, uint64_t deadline_ns);
// The same, of a stream; if all of it is taken, our side ends as with OS_SHUTDOWN_WRITE, in the
// same segment as the last byte.
int os_send_last(int handle, const void *bytes, size_t size, uint64_t deadline_ns);
int os_receive(int handle, void *buffer, size_t size, uint64_t deadline_ns);
// A part of an open file, and what goes before it (an HTTP header): in the same segments, if
// it fits.
struct os_file_part {
    const void *head; // copied
    size_t head_size;
    int file;
    uint64_t offset;
    size_t size;
};
// From the block cache to the stream without a copy in between. How many bytes of both were
// taken, less than all when the file ends before, or after a failure or -EAGAIN. The file may
// change meanwhile: then it is not said which bytes of it are sent.
int os_send_file(int handle, const struct os_file_part *part, uint64_t deadline_ns);
enum { OS_SHUTDOWN_READ = 1, OS_SHUTDOWN_WRITE = 2 };
int os_shutdown(int handle, unsigned directions); // -ENOTCONN
int os_local_name(int handle, struct os_address *address);
int os_peer_name(int handle, struct os_address *address); // -ENOTCONN

enum os_option {
    OS_OPTION_WAIT,           // 1; 0: calls that would wait say -EAGAIN. Of pipes as well
    OS_OPTION_NODELAY,        // 0; 1: small pieces go at once (Nagle's rule is off)
    OS_OPTION_KEEPALIVE,      // 0; seconds of silence after which the other side is asked
    OS_OPTION_REUSE_ADDRESS,  // 1 for streams: bind although old connections linger
    OS_OPTION_SEND_BUFFER,    // bytes
    OS_OPTION_RECEIVE_BUFFER, // bytes
    OS_OPTION_BROADCAST,      // 0
    OS_OPTION_TTL,            // 64
    OS_OPTION_CONGESTION,     // enum os_congestion
    OS_OPTION_ERROR,          // reading it forgets it: the last thing that went wrong, negative
    OS_OPTION_LINGER,         // -1; 0: os_close() resets; seconds that os_close() waits
    OS_OPTION_USER_TIMEOUT,   // 0: 5 minutes; seconds that sent bytes may wait for an answer
    OS_OPTION_SERVICE,        // 0; the DiffServ field of its packets (RFC 2474), times four
    OS_OPTION_TROUBLE,        // read only: why a stream does not get on, negative; 0: it does
    OS_OPTION_URGENT,         // read only: bytes, not read yet, that the peer calls urgent
};
enum os_congestion { OS_CUBIC, OS_NEWRENO };
int os_set_option(int handle, enum os_option option, int value); // -ENOPROTOOPT, -EINVAL
int os_get_option(int handle, enum os_option option, int *value);

// ---- Waiting for several handles -------------------------------------------------------
enum {
    OS_POLL_READ = 1,  // os_read(), os_accept() would not wait
    OS_POLL_WRITE = 2, // os_write() would not wait
    OS_POLL_ERROR = 4, // something went wrong: told whether asked for or not
    OS_POLL_END = 8,   // the other side will send nothing more: told with OS_POLL_READ
    OS_POLL_URGENT = 16, // it calls urgent what is to be read, or comes soon
};
struct os_poll {
    int handle;             // -1: none
    unsigned wanted, ready; // bits of the above
};
// Waits until at least one of them is ready. How many are; 0: the deadline. A handle that is
// not open is ready with OS_POLL_ERROR; a file on a disk always is.
int os_poll(struct os_poll *polls, unsigned count, uint64_t deadline_ns);

// The same for thousands: a watch is a handle that remembers what to look at, and the cost of
// waiting depends on how many are ready, not on how many it looks at.
int os_watch_create(void);
// Looks at `handle` from now on, in place of what was said of it before; 0: no longer. A closed
// handle leaves by itself. `context` comes back with its events. -EPERM: it is always ready (a
// file on a disk), or a watch; -EINVAL: `watch` is none, or another program's.
int os_watch(int watch, int handle, unsigned wanted, void *context);
struct os_event {
    void *context;
    unsigned ready;
};
// Waits. How many events; each is given again as long as it holds. 0: the deadline.
int os_watch_wait(int watch, struct os_event *events, unsigned count, uint64_t deadline_ns);
