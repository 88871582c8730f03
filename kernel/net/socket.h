// SPDX-License-Identifier: MIT
//
// Sockets: the ends of connections and the senders of datagrams, as files.
//
//   socket_init(kinds)        once: the table of those there are, ends with NULL
//   socket_create(number, family, &socket)
//   socket_of(file)           the socket that a file is, or NULL
//
// A kind is one file (socket_stream.c, socket_datagram.c, socket_echo.c): a table of what its
// sockets do, as files and beyond. Here is what they have in common: threads that wait for
// them, and who looks at them. The protocols below never sleep; the waits are all up here.
// Chapter 25.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "file.h"
#include "poll.h"
#include "user/os_net.h"
#include "wait.h"

struct socket {
    struct file file; // its operations are those of a struct socket_kind
    struct wait_queue readers, writers;
    struct poll_source source;
};

// What a kind does: the calls of os_net.h, which say what is asked of each. A reference to
// the socket is held around each of them. NULL: -EOPNOTSUPP, but where it says otherwise.
struct socket_kind {
    struct file_operations file;
    enum os_socket_kind number;
    int (*create)(enum os_family family, struct socket **socket); // allocates it
    int (*bind)(struct socket *socket, const struct os_address *local);
    int (*listen)(struct socket *socket, unsigned backlog);
    int (*accept)(struct socket *socket, struct socket **accepted, uint64_t deadline_ns);
    int (*connect)(struct socket *socket, const struct os_address *remote,
                   uint64_t deadline_ns);
    int (*send)(struct socket *socket, const void *bytes, size_t size, uint64_t deadline_ns);
    int (*send_last)(struct socket *socket, const void *bytes, size_t size,
                     uint64_t deadline_ns);
    int (*receive)(struct socket *socket, void *buffer, size_t size, uint64_t deadline_ns);
    // NULL: there is only one to send to and to receive from, send() and receive() do it.
    int (*send_to)(struct socket *socket, const void *bytes, size_t size,
                   const struct os_address *to);
    int (*receive_from)(struct socket *socket, void *buffer, size_t size,
                        struct os_address *from, uint64_t deadline_ns);
    int (*send_file)(struct socket *socket, struct file *file, const struct os_file_part *part,
                     uint64_t deadline_ns);
    int (*shutdown)(struct socket *socket, unsigned directions);
    // Of either NULL may be given. Families 0: none.
    void (*names)(struct socket *socket, struct os_address *local, struct os_address *peer);
    int (*set_option)(struct socket *socket, enum os_option option, int value);
    int (*get_option)(struct socket *socket, enum os_option option, int *value);
};

extern const struct socket_kind socket_stream, socket_datagram, socket_echo;

void socket_init(const struct socket_kind *const *kinds);
// 0; -ENOSYS: there are none; -EPROTONOSUPPORT; -EAFNOSUPPORT; -ENOMEM.
int socket_create(enum os_socket_kind number, enum os_family family, struct socket **socket);
static inline const struct socket_kind *socket_kind(const struct socket *socket)
{
    return container_of(socket->file.operations, const struct socket_kind, file);
}
void socket_closed(struct file *file);
// All kinds are closed by that function, and nothing else is.
static inline struct socket *socket_of(struct file *file)
{
    if (file->operations->closed != socket_closed)
        return NULL;
    return container_of(file, struct socket, file);
}

// ---- For the kinds ---------------------------------------------------------------------
void socket_prepare(struct socket *socket, const struct socket_kind *kind);
void socket_end(struct socket *socket); // it is about to be freed
// Sleeps until somebody says that something has changed. 0; -EBADF: the socket was closed
// meanwhile; -EAGAIN: it does not wait; -ETIMEDOUT; -EINTR.
int socket_wait(struct socket *socket, struct wait_queue *queue,
                const struct wait_reason *reason, uint64_t deadline_ns);
// It may be ready now for these OS_POLL_... bits, which are of interest to threads that wait;
// who looks at it will ask. Never sleeps.
void socket_changed(struct socket *socket, unsigned ready);
static inline bool socket_has_waiters(const struct socket *socket)
{
    return wait_queue_first(&socket->readers) || wait_queue_first(&socket->writers);
}
// For struct file_operations, with socket_closed():
int socket_read(struct file *file, void *buffer, size_t size);
int socket_write(struct file *file, const void *bytes, size_t size);
