// SPDX-License-Identifier: MIT
//
// Sockets of ICMP echo: questions that every host answers (ping), or whoever on the way there
// found that it had gone far enough (traceroute).
//
// A datagram is a struct os_echo and the data that is to come back. What comes instead of a
// reply waits in the same queue, with its error in front of it.
// Chapter 25.
#include "error.h"
#include "heap.h"
#include "icmp.h"
#include "socket.h"
#include "socket_queue.h"
#include "string.h"

struct echo {
    struct socket socket;
    struct icmp_echo icmp;
    struct os_address remote; // where it is connected; family 0: nowhere
    uint8_t ttl;              // 0: IP_TTL
    struct socket_queue queue;
};

// What lies in the queue begins with this.
struct answer {
    int error; // 0: a reply
    struct os_echo echo;
};

static const struct wait_reason reason = {.what = "echo", .external = true};

static struct echo *echo_of(struct socket *socket)
{
    return container_of(socket, struct echo, socket);
}

// ---- From below: between threads --------------------------------------------------------
// A failure has no packet: one without data stands for it.
static void answered(struct icmp_echo *icmp, struct packet *packet,
                     const struct os_address *from, uint16_t sequence, uint8_t ttl,
                     const struct ip_failure *failure)
{
    struct echo *echo = container_of(icmp, struct echo, icmp);
    struct answer answer = {.error = failure ? failure->error : 0,
                            .echo = {.sequence = sequence, .ttl = ttl}};
    if (failure)
        packet = packet_alloc(PACKET_HEADROOM, 0);
    if (!packet)
        return;
    packet = socket_queue_room(packet, sizeof(answer));
    if (!packet)
        return;
    memcpy(packet_push(packet, sizeof(answer)), &answer, sizeof(answer));
    if (socket_queue_put(&echo->queue, packet, failure ? &failure->reporter : from))
        socket_changed(&echo->socket, OS_POLL_READ);
}

// ---- Questions and answers --------------------------------------------------------------
static int create(enum os_family family, struct socket **socket)
{
    if (family != OS_IPV4)
        return -EAFNOSUPPORT;
    struct echo *echo = heap_alloc(sizeof(*echo));
    if (!echo)
        return -ENOMEM;
    socket_prepare(&echo->socket, &socket_echo);
    socket_queue_init(&echo->queue);
    echo->icmp.answered = answered;
    icmp_echo_open(&echo->icmp);
    *socket = &echo->socket;
    return 0;
}

// Says at once what would be wrong with every question: no route, no link, a broadcast.
static int connect(struct socket *socket, const struct os_address *remote, uint64_t deadline_ns)
{
    struct ip_flow flow = {.destination = *remote, .protocol = IP_ICMP};
    int error = remote->family ? ip_flow_route(&flow) : 0;
    if (!error)
        echo_of(socket)->remote = *remote;
    return error;
}

static void names(struct socket *socket, struct os_address *local, struct os_address *peer)
{
    if (local)
        *local = (struct os_address){.family = OS_IPV4};
    if (peer)
        *peer = echo_of(socket)->remote;
}

static int send_to(struct socket *socket, const void *bytes, size_t size,
                   const struct os_address *to)
{
    struct echo *echo = echo_of(socket);
    struct os_echo head;
    struct packet *packet;
    if (!to)
        to = &echo->remote;
    if (size < sizeof(head))
        return -EINVAL;
    if (!to->family)
        return -EDESTADDRREQ;
    memcpy(&head, bytes, sizeof(head));
    int error = socket_packet((const char *)bytes + sizeof(head), size - sizeof(head), &packet);
    if (error)
        return error;
    struct ip_flow flow = {.destination = *to, .protocol = IP_ICMP, .ttl = echo->ttl};
    error = icmp_echo_send(&echo->icmp, packet, &flow, head.sequence);
    return error ? error : (int)size;
}

// An answer that is no reply gives its error, and in the buffer what it was that failed.
static int take(struct echo *echo, void *buffer, size_t size, struct os_address *from)
{
    struct answer answer;
    struct packet *packet = socket_queue_take(&echo->queue, from);
    memcpy(&answer, packet->data, sizeof(answer));
    packet_pull(packet, offsetof(struct answer, echo));
    size_t count = packet_read(packet, 0, buffer, size);
    packet_put(packet);
    return answer.error ? answer.error : (int)count;
}

static int receive_from(struct socket *socket, void *buffer, size_t size,
                        struct os_address *from, uint64_t deadline_ns)
{
    struct echo *echo = echo_of(socket);
    while (socket_queue_is_empty(&echo->queue)) {
        int error = socket_wait(socket, &socket->readers, &reason, deadline_ns);
        if (error)
            return error;
    }
    return take(echo, buffer, size, from);
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
    struct echo *echo = container_of(file, struct echo, socket.file);
    *source = &echo->socket.source;
    return OS_POLL_WRITE | (socket_queue_is_empty(&echo->queue) ? 0 : OS_POLL_READ);
}

// ---- The rest ---------------------------------------------------------------------------
static int set_option(struct socket *socket, enum os_option option, int value)
{
    if (option != OS_OPTION_TTL)
        return -ENOPROTOOPT;
    if (value < 1 || value > (int)UINT8_MAX)
        return -EINVAL;
    echo_of(socket)->ttl = (uint8_t)value;
    return 0;
}

static int get_option(struct socket *socket, enum os_option option, int *value)
{
    const struct echo *echo = echo_of(socket);
    if (option != OS_OPTION_TTL)
        return -ENOPROTOOPT;
    *value = echo->ttl ? echo->ttl : IP_TTL;
    return 0;
}

static void release(struct file *file)
{
    struct echo *echo = container_of(file, struct echo, socket.file);
    icmp_echo_close(&echo->icmp);
    socket_queue_end(&echo->queue);
    socket_end(&echo->socket);
    heap_free(echo);
}

const struct socket_kind socket_echo = {
    .file = {.kind = "echo",
             .read = socket_read,
             .write = socket_write,
             .release = release,
             .closed = socket_closed,
             .poll = poll},
    .number = OS_ECHO,
    .create = create,
    .connect = connect,
    .send = send,
    .receive = receive,
    .send_to = send_to,
    .receive_from = receive_from,
    .names = names,
    .set_option = set_option,
    .get_option = get_option,
};
