// SPDX-License-Identifier: MIT
//
// Sockets: what all kinds have in common. See socket.h.
// Chapter 25.
#include "socket.h"

#include "error.h"

static struct {
    const struct socket_kind *const *kinds;
} sockets;

void socket_init(const struct socket_kind *const *kinds)
{
    sockets.kinds = kinds;
}

int socket_create(enum os_socket_kind number, enum os_family family, struct socket **socket)
{
    if (!sockets.kinds)
        return -ENOSYS;
    for (unsigned i = 0; sockets.kinds[i]; i++) {
        if (sockets.kinds[i]->number == number)
            return sockets.kinds[i]->create(family, socket);
    }
    return -EPROTONOSUPPORT;
}

void socket_prepare(struct socket *socket, const struct socket_kind *kind)
{
    file_init(&socket->file, &kind->file);
    wait_queue_init(&socket->readers);
    wait_queue_init(&socket->writers);
    poll_source_init(&socket->source);
}

void socket_end(struct socket *socket)
{
    poll_source_end(&socket->source);
}

// ---- Waiting ----------------------------------------------------------------------------
int socket_wait(struct socket *socket, struct wait_queue *queue,
                const struct wait_reason *reason, uint64_t deadline_ns)
{
    if (socket->file.is_closed)
        return -EBADF;
    if (socket->file.no_wait)
        return -EAGAIN;
    return deadline_ns == 0 ? -ETIMEDOUT : wait_queue_wait(queue, reason, deadline_ns);
}

// An error is told to both sides: neither would come any further by waiting.
void socket_changed(struct socket *socket, unsigned ready)
{
    if (ready & (OS_POLL_READ | OS_POLL_ERROR | OS_POLL_END))
        wait_queue_wake_all(&socket->readers, 0);
    if (ready & (OS_POLL_WRITE | OS_POLL_ERROR))
        wait_queue_wake_all(&socket->writers, 0);
    poll_changed(&socket->source);
}

// ---- As a file --------------------------------------------------------------------------
int socket_read(struct file *file, void *buffer, size_t size)
{
    struct socket *socket = container_of(file, struct socket, file);
    return socket_kind(socket)->receive(socket, buffer, size, MACHINE_NEVER);
}

int socket_write(struct file *file, const void *bytes, size_t size)
{
    struct socket *socket = container_of(file, struct socket, file);
    return socket_kind(socket)->send(socket, bytes, size, MACHINE_NEVER);
}

void socket_closed(struct file *file)
{
    struct socket *socket = container_of(file, struct socket, file);
    wait_queue_wake_all(&socket->readers, 0);
    wait_queue_wake_all(&socket->writers, 0);
}
