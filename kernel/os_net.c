// SPDX-License-Identifier: MIT
//
// os.h: sockets.
//
// Each call finds the socket of the handle, holds it while the socket's kind does what is
// asked (another thread may close the handle meanwhile), and returns by way of the look at
// whether the program is to end.
// Chapter 25.
#include "error.h"
#include "net/socket.h"
#include "process.h"
#include "user/os.h"

enum { COUNT_MAX = INT32_MAX }; // a count is an int

static size_t limited(size_t size)
{
    return size < COUNT_MAX ? size : COUNT_MAX;
}

// The socket of a handle, with a reference; *kind is what it can do. 0, -EBADF, -ENOTSOCK.
static int take(int handle, struct socket **socket, const struct socket_kind **kind)
{
    struct file *file = file_table_find(&process_current()->files, handle);
    if (!file)
        return -EBADF;
    *socket = socket_of(file);
    if (!*socket)
        return -ENOTSOCK;
    *kind = socket_kind(*socket);
    file_get(file);
    return 0;
}

// What every call ends with, if take() has succeeded.
static int leave(struct socket *socket, int result)
{
    file_put(&socket->file);
    return process_leave(result);
}

static bool is_known(const struct os_address *address)
{
    return address->family == OS_IPV4 || address->family == OS_ANY_FAMILY;
}

// ---- Opening ----------------------------------------------------------------------------
int os_socket(enum os_socket_kind number, enum os_family family)
{
    struct socket *socket;
    int error = socket_create(number, family, &socket);
    return error ? error : file_table_add(&process_current()->files, &socket->file);
}

int os_bind(int handle, const struct os_address *address)
{
    struct socket *socket;
    const struct socket_kind *kind;
    int result = take(handle, &socket, &kind);
    if (result)
        return result;
    if (!is_known(address))
        result = -EAFNOSUPPORT;
    else
        result = kind->bind ? kind->bind(socket, address) : -EOPNOTSUPP;
    return leave(socket, result);
}

int os_listen(int handle, unsigned backlog)
{
    struct socket *socket;
    const struct socket_kind *kind;
    int result = take(handle, &socket, &kind);
    if (result)
        return result;
    return leave(socket, kind->listen ? kind->listen(socket, backlog) : -EOPNOTSUPP);
}

// There is a handle for the connection before one is taken: it would be lost without.
static int accept_one(struct socket *socket, struct os_address *peer, uint64_t deadline_ns)
{
    const struct socket_kind *kind = socket_kind(socket);
    struct file_table *table = &process_current()->files;
    struct socket *accepted;
    int error = kind->accept ? file_table_reserve(table) : -EOPNOTSUPP;
    if (!error)
        error = kind->accept(socket, &accepted, deadline_ns);
    if (error)
        return error;
    if (peer)
        kind->names(accepted, NULL, peer);
    return file_table_add(table, &accepted->file);
}

int os_accept(int handle, struct os_address *peer, uint64_t deadline_ns)
{
    struct socket *socket;
    const struct socket_kind *kind;
    int result = take(handle, &socket, &kind);
    return result ? result : leave(socket, accept_one(socket, peer, deadline_ns));
}

int os_connect(int handle, const struct os_address *address, uint64_t deadline_ns)
{
    struct socket *socket;
    const struct socket_kind *kind;
    int result = take(handle, &socket, &kind);
    if (result)
        return result;
    if (!is_known(address))
        result = -EAFNOSUPPORT;
    else
        result = kind->connect ? kind->connect(socket, address, deadline_ns) : -EOPNOTSUPP;
    return leave(socket, result);
}

// ---- Sending and receiving --------------------------------------------------------------
int os_send(int handle, const void *bytes, size_t size, uint64_t deadline_ns)
{
    struct socket *socket;
    const struct socket_kind *kind;
    int result = take(handle, &socket, &kind);
    if (result)
        return result;
    return leave(socket, kind->send(socket, bytes, limited(size), deadline_ns));
}

int os_send_last(int handle, const void *bytes, size_t size, uint64_t deadline_ns)
{
    struct socket *socket;
    const struct socket_kind *kind;
    int result = take(handle, &socket, &kind);
    if (result)
        return result;
    result = -EOPNOTSUPP;
    if (kind->send_last)
        result = kind->send_last(socket, bytes, limited(size), deadline_ns);
    return leave(socket, result);
}

int os_receive(int handle, void *buffer, size_t size, uint64_t deadline_ns)
{
    struct socket *socket;
    const struct socket_kind *kind;
    int result = take(handle, &socket, &kind);
    if (result)
        return result;
    return leave(socket, kind->receive(socket, buffer, limited(size), deadline_ns));
}

int os_send_to(int handle, const void *bytes, size_t size, const struct os_address *to)
{
    struct socket *socket;
    const struct socket_kind *kind;
    int result = take(handle, &socket, &kind);
    if (result)
        return result;
    if (to && !is_known(to))
        result = -EAFNOSUPPORT;
    else if (kind->send_to)
        result = kind->send_to(socket, bytes, limited(size), to);
    else
        result = to ? -EISCONN : kind->send(socket, bytes, limited(size), OS_NEVER);
    return leave(socket, result);
}

int os_receive_from(int handle, void *buffer, size_t size, struct os_address *from,
                    uint64_t deadline_ns)
{
    struct socket *socket;
    const struct socket_kind *kind;
    int result = take(handle, &socket, &kind);
    if (result)
        return result;
    if (from)
        *from = (struct os_address){0};
    if (kind->receive_from) {
        result = kind->receive_from(socket, buffer, limited(size), from, deadline_ns);
    } else {
        result = kind->receive(socket, buffer, limited(size), deadline_ns);
        if (from)
            kind->names(socket, NULL, from);
    }
    return leave(socket, result);
}

// Both are held: the file may be closed as well.
int os_send_file(int handle, const struct os_file_part *part, uint64_t deadline_ns)
{
    struct socket *socket;
    const struct socket_kind *kind;
    struct file *file = file_table_find(&process_current()->files, part->file);
    int result = file ? take(handle, &socket, &kind) : -EBADF;
    if (result)
        return result;
    struct os_file_part limited_part = *part; // what was sent is to be a count
    limited_part.head_size = limited(part->head_size);
    if (part->size > COUNT_MAX - limited_part.head_size)
        limited_part.size = COUNT_MAX - limited_part.head_size;
    file_get(file);
    result = -EOPNOTSUPP;
    if (kind->send_file)
        result = kind->send_file(socket, file, &limited_part, deadline_ns);
    file_put(file);
    return leave(socket, result);
}

// ---- Closing one direction, names, options ----------------------------------------------
int os_shutdown(int handle, unsigned directions)
{
    struct socket *socket;
    const struct socket_kind *kind;
    int result = take(handle, &socket, &kind);
    if (result)
        return result;
    if (directions == 0 || (directions & ~(OS_SHUTDOWN_READ | OS_SHUTDOWN_WRITE)))
        result = -EINVAL;
    else
        result = kind->shutdown ? kind->shutdown(socket, directions) : -EOPNOTSUPP;
    return leave(socket, result);
}

int os_local_name(int handle, struct os_address *address)
{
    struct socket *socket;
    const struct socket_kind *kind;
    int result = take(handle, &socket, &kind);
    if (result)
        return result;
    kind->names(socket, address, NULL);
    return leave(socket, 0);
}

int os_peer_name(int handle, struct os_address *address)
{
    struct socket *socket;
    const struct socket_kind *kind;
    int result = take(handle, &socket, &kind);
    if (result)
        return result;
    kind->names(socket, NULL, address);
    return leave(socket, address->family ? 0 : -ENOTCONN);
}

// Whether to wait is said of a file. Only of those whose waits a closed handle ends: they are
// what somebody could wait for.
static struct file *file_that_waits(int handle)
{
    struct file *file = file_table_find(&process_current()->files, handle);
    return file && file->operations->closed ? file : NULL;
}

int os_set_option(int handle, enum os_option option, int value)
{
    struct socket *socket;
    const struct socket_kind *kind;
    struct file *file = file_that_waits(handle);
    if (option == OS_OPTION_WAIT && file) {
        file->no_wait = value == 0;
        return 0;
    }
    int result = take(handle, &socket, &kind);
    if (result)
        return result;
    return leave(socket, kind->set_option(socket, option, value));
}

int os_get_option(int handle, enum os_option option, int *value)
{
    struct socket *socket;
    const struct socket_kind *kind;
    struct file *file = file_that_waits(handle);
    if (option == OS_OPTION_WAIT && file) {
        *value = !file->no_wait;
        return 0;
    }
    int result = take(handle, &socket, &kind);
    if (result)
        return result;
    return leave(socket, kind->get_option(socket, option, value));
}
