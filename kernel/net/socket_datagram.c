// SPDX-License-Identifier: MIT
//
// Sockets of datagrams: a UDP port, and a queue of what has come for it.
//
// Sending never waits: a datagram goes, or is lost, and nobody is told. But when the socket
// is connected, word that came back for one (nobody listens at that port) is the result of
// the next call (RFC 1122, 4.1.3.3).
// Chapter 25.
#include "error.h"
#include "heap.h"
#include "socket.h"
#include "socket_queue.h"
#include "udp.h"

struct datagram {
    struct socket socket;
    struct udp_port port;
    bool is_open;      // the port has a number
    unsigned shutdown; // OS_SHUTDOWN_... bits
    int error;         // that came back and has not been told; negative
    struct socket_queue queue;
};

static const struct wait_reason reason = {.what = "datagram", .external = true};
static const struct os_address any_address = {.family = OS_IPV4};

static struct datagram *datagram_of(struct socket *socket)
{
    return container_of(socket, struct datagram, socket);
}

// ---- From below: between threads --------------------------------------------------------
static void received(struct udp_port *port, struct packet *packet,
                     const struct os_address *from, const struct os_address *to)
{
    struct datagram *datagram = container_of(port, struct datagram, port);
    if (datagram->shutdown & OS_SHUTDOWN_READ)
        packet_put(packet);
    else if (socket_queue_put(&datagram->queue, packet, from))
        socket_changed(&datagram->socket, OS_POLL_READ);
}

// One socket may send to many: what befalls one of those is no matter of the others.
static void failed(struct udp_port *port, const struct os_address *to,
                   const struct ip_failure *failure)
{
    struct datagram *datagram = container_of(port, struct datagram, port);
    if (!port->remote.family)
        return;
    datagram->error = failure->error;
    socket_changed(&datagram->socket, OS_POLL_ERROR);
}

static void queued(const struct udp_port *port, size_t *bytes, size_t *memory)
{
    const struct datagram *datagram = container_of(port, struct datagram, port);
    *bytes = datagram->queue.bytes;
    *memory = datagram->queue.memory;
}

static int take_error(struct datagram *datagram)
{
    int error = datagram->error;
    datagram->error = 0;
    return error;
}

// ---- Names ------------------------------------------------------------------------------
static int create(enum os_family family, struct socket **socket)
{
    if (family != OS_IPV4)
        return -EAFNOSUPPORT;
    struct datagram *datagram = heap_alloc(sizeof(*datagram));
    if (!datagram)
        return -ENOMEM;
    socket_prepare(&datagram->socket, &socket_datagram);
    socket_queue_init(&datagram->queue);
    datagram->port.received = received;
    datagram->port.failed = failed;
    datagram->port.queued = queued;
    *socket = &datagram->socket;
    return 0;
}

static int bind(struct socket *socket, const struct os_address *local)
{
    struct datagram *datagram = datagram_of(socket);
    if (datagram->is_open)
        return -EINVAL;
    int error = udp_open(&datagram->port, local);
    datagram->is_open = !error;
    return error;
}

// Who has not chosen a port gets one with the first datagram.
static int open_any(struct datagram *datagram)
{
    return datagram->is_open ? 0 : bind(&datagram->socket, &any_address);
}

// From here on only datagrams from there are received; those that are here already stay.
static int connect(struct socket *socket, const struct os_address *remote, uint64_t deadline_ns)
{
    struct datagram *datagram = datagram_of(socket);
    int error = open_any(datagram);
    datagram->error = 0;
    return error ? error : udp_connect(&datagram->port, remote);
}

static void names(struct socket *socket, struct os_address *local, struct os_address *peer)
{
    const struct datagram *datagram = datagram_of(socket);
    if (local)
        *local = datagram->is_open ? datagram->port.local : any_address;
    if (peer)
        *peer = datagram->port.remote;
}

// ---- Datagrams --------------------------------------------------------------------------
static int send_to(struct socket *socket, const void *bytes, size_t size,
                   const struct os_address *to)
{
    struct datagram *datagram = datagram_of(socket);
    struct packet *packet;
    if (datagram->error)
        return take_error(datagram);
    if (datagram->shutdown & OS_SHUTDOWN_WRITE)
        return -EPIPE;
    int error = open_any(datagram);
    if (!error)
        error = socket_packet(bytes, size, &packet);
    if (!error)
        error = udp_send(&datagram->port, packet, to);
    return error ? error : (int)size;
}

static int receive_from(struct socket *socket, void *buffer, size_t size,
                        struct os_address *from, uint64_t deadline_ns)
{
    struct datagram *datagram = datagram_of(socket);
    struct packet *packet;
    while (!(packet = socket_queue_take(&datagram->queue, from))) {
        if (datagram->error)
            return take_error(datagram);
        if (datagram->shutdown & OS_SHUTDOWN_READ)
            return 0;
        int error = socket_wait(socket, &socket->readers, &reason, deadline_ns);
        if (error)
            return error;
    }
    size_t count = packet_read(packet, 0, buffer, size);
    packet_put(packet);
    return (int)count;
}

static int send(struct socket *socket, const void *bytes, size_t size, uint64_t deadline_ns)
{
    return send_to(socket, bytes, size, NULL);
}

static int receive(struct socket *socket, void *buffer, size_t size, uint64_t deadline_ns)
{
    return receive_from(socket, buffer, size, NULL, deadline_ns);
}

static unsigned poll(struct file *file, struct poll_source **source)
{
    struct datagram *datagram = container_of(file, struct datagram, socket.file);
    unsigned ready = OS_POLL_WRITE;
    *source = &datagram->socket.source;
    if (datagram->error)
        ready |= OS_POLL_READ | OS_POLL_ERROR;
    if (datagram->shutdown & OS_SHUTDOWN_READ)
        ready |= OS_POLL_READ | OS_POLL_END;
    return socket_queue_is_empty(&datagram->queue) ? ready : ready | OS_POLL_READ;
}

// ---- The rest ---------------------------------------------------------------------------
static int shut_down(struct socket *socket, unsigned directions)
{
    struct datagram *datagram = datagram_of(socket);
    if (!datagram->port.remote.family)
        return -ENOTCONN;
    datagram->shutdown |= directions;
    socket_changed(socket, OS_POLL_READ | OS_POLL_WRITE);
    return 0;
}

static int set_option(struct socket *socket, enum os_option option, int value)
{
    struct datagram *datagram = datagram_of(socket);
    switch (option) {
    case OS_OPTION_REUSE_ADDRESS:
        datagram->port.reuse_address = value;
        return 0;
    case OS_OPTION_BROADCAST:
        datagram->port.broadcast = value;
        return 0;
    case OS_OPTION_TTL:
        if (value < 1 || value > (int)UINT8_MAX)
            return -EINVAL;
        datagram->port.ttl = (uint8_t)value;
        return 0;
    case OS_OPTION_RECEIVE_BUFFER:
        return socket_queue_limit(&datagram->queue, value);
    default:
        return -ENOPROTOOPT;
    }
}

static int get_option(struct socket *socket, enum os_option option, int *value)
{
    struct datagram *datagram = datagram_of(socket);
    switch (option) {
    case OS_OPTION_REUSE_ADDRESS:
        *value = datagram->port.reuse_address;
        return 0;
    case OS_OPTION_BROADCAST:
        *value = datagram->port.broadcast;
        return 0;
    case OS_OPTION_TTL:
        *value = datagram->port.ttl ? datagram->port.ttl : IP_TTL;
        return 0;
    case OS_OPTION_RECEIVE_BUFFER:
        *value = (int)datagram->queue.limit;
        return 0;
    case OS_OPTION_ERROR:
        *value = take_error(datagram);
        return 0;
    default:
        return -ENOPROTOOPT;
    }
}

static void release(struct file *file)
{
    struct datagram *datagram = container_of(file, struct datagram, socket.file);
    if (datagram->is_open)
        udp_close(&datagram->port);
    socket_queue_end(&datagram->queue);
    socket_end(&datagram->socket);
    heap_free(datagram);
}

const struct socket_kind socket_datagram = {
    .file = {.kind = "udp",
             .read = socket_read,
             .write = socket_write,
             .release = release,
             .closed = socket_closed,
             .poll = poll},
    .number = OS_DATAGRAM,
    .create = create,
    .bind = bind,
    .connect = connect,
    .send = send,
    .receive = receive,
    .send_to = send_to,
    .receive_from = receive_from,
    .shutdown = shut_down,
    .names = names,
    .set_option = set_option,
    .get_option = get_option,
};
