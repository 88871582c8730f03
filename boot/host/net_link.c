// SPDX-License-Identifier: MIT
//
// Cables that are descriptors: one frame is one read() or write().
// Chapter 20.
#include "boot/host/net_link.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "host.h"

// What the system calls take is what we have.
static_assert(sizeof(struct iovec) == sizeof(struct segment), "data and size, nothing else");

static bool is_for_later(int error)
{
    return error == EAGAIN || error == EINTR || error == ENOBUFS;
}

static bool send_frame(struct net_link *link, const struct segment *segments, unsigned count)
{
    if (link->output == HOST_NO_DESCRIPTOR && !(link->reconnect && link->reconnect(link)))
        return true;
    const struct iovec *vector = (const struct iovec *)segments;
    ssize_t sent = writev(link->output, vector, (int)count);
    bool is_new = sent < 0 && errno == ECONNREFUSED && link->reconnect && link->reconnect(link);
    if (is_new)
        sent = writev(link->output, vector, (int)count);
    return sent >= 0 || !is_for_later(errno);
}

static size_t receive_frame(struct net_link *link, void *frame, size_t size)
{
    ssize_t got = link->is_dead ? 0 : read(link->input, frame, size);
    if (got > 0)
        return (size_t)got;
    if (got < 0 && !is_for_later(errno))
        link->is_dead = true; // the interface was deleted, say
    return 0;
}

struct net_link *net_link_create(int input, int output)
{
    struct net_link *link = calloc(1, sizeof(*link));
    if (!link)
        abort();
    link->input = input;
    link->output = output;
    link->send = send_frame;
    link->receive = receive_frame;
    return link;
}

void net_link_make_room(int socket)
{
    const int room = 1 << 20; // bytes; the system may give less
    setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
}

// ---- All kinds --------------------------------------------------------------------------

struct net_link *net_link_open(const struct nic *nic)
{
    for (const struct net_kind *kind = net_kinds; kind->name; kind++)
        if (strcmp(nic->kind, kind->name) == 0)
            return kind->open(nic);
    if (strcmp(nic->kind, "user") == 0)
        nic_refuse(nic, "libslirp was not there when this was built",
                   "`make setup` installs it (libslirp-dev on Debian and Ubuntu), then build "
                   "again; `make NET=none ...` does without");
    nic_refuse(nic, "there is no such network", "expected user, tap, dgram, loop or sim");
}
