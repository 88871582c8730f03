// SPDX-License-Identifier: MIT
//
// Sockets of streams: a TCP connection, and the waits for it.
//
// TCP says what can be done now, -EAGAIN among it, and calls changed() when something else
// can. Everything here that waits is a loop around one of its calls.
// Chapter 25.
#include "error.h"
#include "heap.h"
#include "socket.h"
#include "socket_file.h"
#include "tcp.h"
#include "timer.h"
#include "user/os_interfaces.h"

struct stream {
    struct socket socket;
    struct tcp_user user;
    struct tcp_connection *connection;
    bool is_listener;
    bool is_awaited; // a thread waits in connect()
    int linger_s; // OS_OPTION_LINGER
};

enum { LINGER_LOOK_NS = 10000000 }; // how often close() looks whether all has got there

static struct stream *stream_of(struct socket *socket)
{
    return container_of(socket, struct stream, socket);
}

// ---- Opening ----------------------------------------------------------------------------
// From TCP, with every segment: between threads, or out of a call of ours.
static void changed(struct tcp_user *user)
{
    struct stream *stream = container_of(user, struct stream, user);
    bool has_waiters = socket_has_waiters(&stream->socket);
    socket_changed(&stream->socket, has_waiters ? tcp_poll(stream->connection) : 0);
}

static struct stream *alloc_stream(void)
{
    struct stream *stream = heap_alloc(sizeof(*stream));
    if (!stream)
        return NULL;
    socket_prepare(&stream->socket, &socket_stream);
    stream->user.changed = changed;
    stream->linger_s = -1;
    return stream;
}

static int create(enum os_family family, struct socket **socket)
{
    if (family != OS_IPV4)
        return -EAFNOSUPPORT;
    struct stream *stream = alloc_stream();
    if (!stream)
        return -ENOMEM;
    int error = tcp_open(&stream->connection, &stream->user);
    if (error)
        heap_free(stream);
    *socket = &stream->socket;
    return error;
}

static int bind(struct socket *socket, const struct os_address *local)
{
    return tcp_bind(stream_of(socket)->connection, local);
}

static int listen(struct socket *socket, unsigned backlog)
{
    struct stream *stream = stream_of(socket);
    int error = tcp_listen(stream->connection, backlog);
    if (!error)
        stream->is_listener = true;
    return error;
}

static int accept(struct socket *socket, struct socket **accepted, uint64_t deadline_ns)
{
    static const struct wait_reason reason = {.what = "connection", .external = true};
    struct stream *listener = stream_of(socket);
    if (!listener->is_listener)
        return -EINVAL;
    while (!(tcp_poll(listener->connection) & OS_POLL_READ)) {
        int error = socket_wait(socket, &socket->readers, &reason, deadline_ns);
        if (error)
            return error;
    }
    struct stream *stream = alloc_stream();
    if (!stream)
        return -ENOMEM;
    int error = tcp_accept(listener->connection, &stream->connection, &stream->user);
    if (error)
        heap_free(stream);
    *accepted = &stream->socket;
    return error;
}

// Until it is there, or has failed. When only we have given up waiting, it goes on.
static int wait_for_peer(struct stream *stream, uint64_t deadline_ns)
{
    static const struct wait_reason reason = {.what = "peer", .external = true};
    struct socket *socket = &stream->socket;
    unsigned ready;
    while (!(ready = tcp_poll(stream->connection))) {
        int error = socket_wait(socket, &socket->writers, &reason, deadline_ns);
        if (error)
            return error == -EAGAIN ? -EINPROGRESS : error;
    }
    if (ready & OS_POLL_ERROR)
        return tcp_take_error(stream->connection);
    // It has failed, and somebody else who waited has been told why.
    return tcp_is_connected(stream->connection) ? 0 : -ECONNABORTED;
}

// Asked again while it is under way, it goes on waiting, but for one thread only.
static int connect(struct socket *socket, const struct os_address *remote, uint64_t deadline_ns)
{
    struct stream *stream = stream_of(socket);
    int error = tcp_connect(stream->connection, remote);
    if (error && (error != -EALREADY || socket->file.no_wait || stream->is_awaited))
        return error;
    stream->is_awaited = true;
    error = wait_for_peer(stream, deadline_ns);
    stream->is_awaited = false;
    return error;
}

static void names(struct socket *socket, struct os_address *local, struct os_address *peer)
{
    struct os_address unused;
    tcp_names(stream_of(socket)->connection, local ? local : &unused, peer ? peer : &unused);
}

// ---- Bytes ------------------------------------------------------------------------------
static int receive(struct socket *socket, void *buffer, size_t size, uint64_t deadline_ns)
{
    static const struct wait_reason reason = {.what = "bytes from the peer", .external = true};
    struct tcp_connection *connection = stream_of(socket)->connection;
    int count;
    if (size == 0)
        return 0;
    while ((count = tcp_read(connection, buffer, size)) == -EAGAIN) {
        int error = socket_wait(socket, &socket->readers, &reason, deadline_ns);
        if (error)
            return error;
    }
    return count;
}

static int wait_for_room(struct socket *socket, uint64_t deadline_ns)
{
    static const struct wait_reason reason = {.what = "peer to take bytes", .external = true};
    return socket_wait(socket, &socket->writers, &reason, deadline_ns);
}

struct bytes {
    const char *at;
    size_t size;
};

typedef int write_bytes(struct tcp_connection *connection, const void *bytes, size_t size);

// All of it, like every write; what was taken before a failure is a count.
static int send_all(struct socket *socket, struct bytes bytes, write_bytes *write,
                    uint64_t deadline_ns)
{
    struct tcp_connection *connection = stream_of(socket)->connection;
    size_t done = 0;
    int error = 0;
    while (done < bytes.size && !error) {
        int count = write(connection, bytes.at + done, bytes.size - done);
        if (count > 0)
            done += (size_t)count;
        else
            error = count == -EAGAIN ? wait_for_room(socket, deadline_ns) : count;
    }
    return done > 0 ? (int)done : error;
}

static int send(struct socket *socket, const void *bytes, size_t size, uint64_t deadline_ns)
{
    return send_all(socket, (struct bytes){bytes, size}, tcp_write, deadline_ns);
}

static int send_last(struct socket *socket, const void *bytes, size_t size,
                     uint64_t deadline_ns)
{
    if (size == 0)
        return tcp_shutdown(stream_of(socket)->connection, OS_SHUTDOWN_WRITE);
    return send_all(socket, (struct bytes){bytes, size}, tcp_write_last, deadline_ns);
}

// The next packet of it, when there is room. A count; 0: the end of the file; an error.
static int send_piece(struct stream *stream, struct file *file, const struct os_file_part *part,
                      size_t done)
{
    struct packet *packet;
    int error = tcp_write(stream->connection, NULL, 0); // before any block is taken
    int count = error ? error : socket_file_packet(file, part, done, &packet);
    if (count <= 0)
        return count;
    error = tcp_write_packet(stream->connection, packet);
    if (error)
        packet_put(packet);
    return error ? error : count;
}

static int send_file(struct socket *socket, struct file *file, const struct os_file_part *part,
                     uint64_t deadline_ns)
{
    size_t done = 0, size = part->head_size + part->size;
    int error = 0, count = 1;
    while (done < size && !error && count != 0) {
        count = send_piece(stream_of(socket), file, part, done);
        if (count > 0)
            done += (size_t)count;
        else
            error = count == -EAGAIN ? wait_for_room(socket, deadline_ns) : count;
    }
    return done > 0 ? (int)done : error;
}

static unsigned poll(struct file *file, struct poll_source **source)
{
    struct stream *stream = container_of(file, struct stream, socket.file);
    *source = &stream->socket.source;
    return tcp_poll(stream->connection);
}

// ---- Closing, options -------------------------------------------------------------------
static int shut_down(struct socket *socket, unsigned directions)
{
    return tcp_shutdown(stream_of(socket)->connection, directions);
}

static int set_option(struct socket *socket, enum os_option option, int value)
{
    struct stream *stream = stream_of(socket);
    if (option != OS_OPTION_LINGER)
        return tcp_set_option(stream->connection, option, value);
    if (value < -1)
        return -EINVAL;
    stream->linger_s = value;
    return 0;
}

static int get_option(struct socket *socket, enum os_option option, int *value)
{
    struct stream *stream = stream_of(socket);
    if (option == OS_OPTION_LINGER)
        *value = stream->linger_s;
    else if (option == OS_OPTION_ERROR)
        *value = tcp_take_error(stream->connection);
    else
        return tcp_get_option(stream->connection, option, value);
    return 0;
}

// Until all has been acknowledged, the time is over, or the program is asked to end.
static void linger(struct stream *stream)
{
    static const struct wait_reason reason = {.what = "last bytes to arrive", .external = true};
    uint64_t until_ns = timer_deadline_after((uint64_t)stream->linger_s * 1000000000);
    struct os_connection_info info;
    int error = tcp_shutdown(stream->connection, OS_SHUTDOWN_WRITE);
    while (!error && machine_clock_ns() < until_ns) {
        tcp_describe(stream->connection, &info);
        if (info.send_queue == 0)
            return;
        uint64_t look_ns = timer_deadline_after(LINGER_LOOK_NS);
        error = wait_queue_wait(&stream->socket.writers, &reason, look_ns);
        error = error == -ETIMEDOUT ? 0 : error;
    }
}

// TCP sees to what is still to be sent.
static void release(struct file *file)
{
    struct stream *stream = container_of(file, struct stream, socket.file);
    socket_end(&stream->socket);
    if (stream->linger_s > 0)
        linger(stream);
    tcp_close(stream->connection, stream->linger_s == 0);
    heap_free(stream);
}

const struct socket_kind socket_stream = {
    .file = {.kind = "tcp",
             .read = socket_read,
             .write = socket_write,
             .release = release,
             .closed = socket_closed,
             .poll = poll},
    .number = OS_STREAM,
    .create = create,
    .bind = bind,
    .listen = listen,
    .accept = accept,
    .connect = connect,
    .send = send,
    .send_last = send_last,
    .receive = receive,
    .send_file = send_file,
    .shutdown = shut_down,
    .names = names,
    .set_option = set_option,
    .get_option = get_option,
};
