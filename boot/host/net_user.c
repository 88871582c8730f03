// SPDX-License-Identifier: MIT
//
// -nic user: a network of its own, 10.0.2.0/24 as QEMU has it, behind which libslirp makes
// connections with the rights of whoever started us: 10.0.2.2 is this host, 10.0.2.3 answers
// names, 10.0.2.15 is what DHCP gives. net=10.0.3.0/24: the same numbers in that one.
//
// libslirp wants a large stack and a poll() of its own, and there may be hundreds of
// connections: it has a thread, and frames go to and from it through a pair of sockets. It
// waits for room there, so that nothing is lost between the two. Chapter 20.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <slirp/libslirp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "boot/host/net_link.h"

enum { FRAMES_AT_ONCE = 64, TIMERS_MAX = 4 };

struct timer {
    SlirpTimerId id;
    void *context;
    int64_t when_ms; // 0: not set
};

struct user {
    Slirp *slirp;
    int socket; // its end
    struct timer timers[TIMERS_MAX];
    unsigned timer_count;
    struct pollfd *polled; // the first is the socket
    unsigned count, size;
    uint8_t frame[NET_FRAME_MAX];
};

// ---- What libslirp asks for -------------------------------------------------------------

static ssize_t send_packet(const void *frame, size_t size, void *context)
{
    struct user *user = context;
    ssize_t sent = send(user->socket, frame, size, MSG_NOSIGNAL); // waits for room
    return sent < 0 ? -1 : sent;
}

static void guest_error(const char *message, void *context)
{
    dprintf(STDERR_FILENO, "tsumiki: -nic user: %s\n", message);
}

static int64_t clock_ns(void *context)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void *timer_new(SlirpTimerId id, void *timer_context, void *context)
{
    struct user *user = context;
    if (user->timer_count == TIMERS_MAX)
        abort();
    struct timer *timer = &user->timers[user->timer_count++];
    *timer = (struct timer){.id = id, .context = timer_context};
    return timer;
}

static void timer_free(void *timer, void *context)
{
    ((struct timer *)timer)->when_ms = 0;
}

static void timer_set(void *timer, int64_t when_ms, void *context)
{
    ((struct timer *)timer)->when_ms = when_ms;
}

// We ask for all descriptors each time, and are in the same thread.
static void descriptor_ignored(int descriptor, void *context)
{
}

static void nothing_to_notify(void *context)
{
}

// ---- Its thread -------------------------------------------------------------------------

static const struct {
    int slirp;
    short poll;
} events[] = {{SLIRP_POLL_IN, POLLIN},
              {SLIRP_POLL_OUT, POLLOUT},
              {SLIRP_POLL_PRI, POLLPRI},
              {SLIRP_POLL_ERR, POLLERR},
              {SLIRP_POLL_HUP, POLLHUP}};

static int add_polled(int descriptor, int wanted, void *context)
{
    struct user *user = context;
    if (user->count == user->size) {
        user->size = user->size ? 2 * user->size : 64;
        user->polled = realloc(user->polled, user->size * sizeof(*user->polled));
        if (!user->polled)
            abort();
    }
    struct pollfd *polled = &user->polled[user->count];
    *polled = (struct pollfd){.fd = descriptor};
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        if (wanted & events[i].slirp)
            polled->events |= events[i].poll;
    return (int)user->count++;
}

static int events_of(int index, void *context)
{
    const struct user *user = context;
    int found = 0;
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        if (user->polled[index].revents & events[i].poll)
            found |= events[i].slirp;
    return found;
}

static void run_timers(struct user *user, uint32_t *timeout_ms)
{
    int64_t now_ms = clock_ns(NULL) / 1000000;
    for (unsigned i = 0; i < user->timer_count; i++) {
        struct timer *timer = &user->timers[i];
        if (timer->when_ms && timer->when_ms <= now_ms) {
            timer->when_ms = 0;
            slirp_handle_timer(user->slirp, timer->id, timer->context);
        }
        if (timer->when_ms && timer->when_ms - now_ms < *timeout_ms)
            *timeout_ms = (uint32_t)(timer->when_ms - now_ms);
    }
}

// Frames of ours. False at the end: the process is about to go.
static bool take_frames(struct user *user)
{
    for (unsigned i = 0; i < FRAMES_AT_ONCE; i++) {
        ssize_t size = recv(user->socket, user->frame, sizeof user->frame, MSG_DONTWAIT);
        if (size <= 0)
            return size < 0 && (errno == EAGAIN || errno == EINTR);
        slirp_input(user->slirp, user->frame, (int)size);
    }
    return true;
}

static void *serve(void *context)
{
    struct user *user = context;
    bool goes_on = true;
    while (goes_on) {
        uint32_t timeout_ms = UINT32_MAX;
        run_timers(user, &timeout_ms);
        user->count = 0;
        add_polled(user->socket, SLIRP_POLL_IN, user);
        slirp_pollfds_fill(user->slirp, &timeout_ms, add_polled, user);
        int timeout = timeout_ms > INT32_MAX ? -1 : (int)timeout_ms;
        int result = poll(user->polled, user->count, timeout);
        slirp_pollfds_poll(user->slirp, result < 0, events_of, user);
        if (user->polled[0].revents)
            goes_on = take_frames(user);
    }
    return NULL;
}

// ---- Opening ----------------------------------------------------------------------------

enum { HOST = 2, NAME_SERVER = 3, GUEST = 15 }; // numbers in the network

static struct in_addr address(const struct nic *nic, uint32_t number)
{
    const in_addr_t usual = inet_addr("10.0.2.0");
    in_addr_t network = nic->network.s_addr ? nic->network.s_addr : usual;
    return (struct in_addr){.s_addr = network | htonl(number)};
}

static void start_slirp(const struct nic *nic, struct user *user)
{
    const struct in_addr usual_mask = {.s_addr = inet_addr("255.255.255.0")};
    static const SlirpCb callbacks = {.send_packet = send_packet,
                                      .guest_error = guest_error,
                                      .clock_get_ns = clock_ns,
                                      .timer_new_opaque = timer_new,
                                      .timer_free = timer_free,
                                      .timer_mod = timer_set,
                                      .register_poll_fd = descriptor_ignored,
                                      .unregister_poll_fd = descriptor_ignored,
                                      .notify = nothing_to_notify};
    const SlirpConfig config = {.version = SLIRP_CONFIG_VERSION_MAX,
                                .in_enabled = true,
                                .vnetwork = address(nic, 0),
                                .vnetmask = nic->mask.s_addr ? nic->mask : usual_mask,
                                .vhost = address(nic, HOST),
                                .vdhcp_start = address(nic, GUEST),
                                .vnameserver = address(nic, NAME_SERVER)};
    user->slirp = slirp_new(&config, &callbacks, user);
    if (!user->slirp)
        abort();
}

// libslirp lets one client wait for its connection to be taken; of more at the same moment this
// host drops some, who try again seconds later. Its sockets are ours: they get a longer queue.
static void lengthen_queues(void)
{
    enum { DESCRIPTORS = 256 }; // the ports are among the first that were opened
    for (int descriptor = 0; descriptor < DESCRIPTORS; descriptor++) {
        int listens = 0;
        socklen_t size = sizeof listens;
        if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens)
            listen(descriptor, SOMAXCONN);
    }
}

static void forward(const struct nic *nic, struct user *user)
{
    const struct in_addr guest = address(nic, GUEST);
    for (unsigned i = 0; i < nic->forward_count; i++) {
        const struct net_forward *way = &nic->forwards[i];
        char port[32];
        snprintf(port, sizeof port, "%s port %u of this host", way->is_udp ? "udp" : "tcp",
                 way->port);
        if (slirp_add_hostfwd(user->slirp, way->is_udp, way->address, way->port, guest,
                              way->guest_port) != 0)
            nic_refuse(nic, port, strerror(errno));
    }
    lengthen_queues();
}

// The process's signals are for its first thread.
static void start_thread(const struct nic *nic, struct user *user)
{
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&thread, NULL, serve, user);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error)
        nic_refuse(nic, "a thread", strerror(error));
}

struct net_link *net_user_open(const struct nic *nic)
{
    struct user *user = calloc(1, sizeof(*user));
    int ends[2];
    if (!user || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        abort();
    net_link_make_room(ends[0]);
    net_link_make_room(ends[1]);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    user->socket = ends[1];
    start_slirp(nic, user);
    forward(nic, user);
    start_thread(nic, user);
    return net_link_create(ends[0], ends[0]);
}
