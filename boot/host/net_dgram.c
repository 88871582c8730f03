// SPDX-License-Identifier: MIT
//
// -nic dgram: frames are datagrams between two UNIX sockets, each side's in a file of its
// own, as with QEMU's -netdev dgram. Neither has to be there first, and each may come back.
//
// The socket that sends is another one than that which listens: a connected one knows when
// the other side has room, but hears nobody else. Chapter 20.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "boot/host/net_link.h"
#include "host.h"

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strnlen(path, sizeof address.sun_path - 1));
    return address;
}

static int make_socket(void)
{
    return socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static bool connect_to(struct net_link *link)
{
    const struct sockaddr_un *remote = link->context;
    if (link->output != HOST_NO_DESCRIPTOR)
        close(link->output);
    link->output = make_socket();
    net_link_make_room(link->output);
    if (connect(link->output, (const struct sockaddr *)remote, sizeof *remote) == 0)
        return true;
    close(link->output);
    link->output = HOST_NO_DESCRIPTOR;
    return false;
}

struct net_link *net_dgram_open(const struct nic *nic)
{
    if (nic->local[0] == '\0' || nic->remote[0] == '\0')
        nic_refuse(nic, "dgram", "expected local=PATH,remote=PATH");
    struct sockaddr_un local = address_of(nic->local), *remote = malloc(sizeof *remote);
    int input = make_socket();
    if (!remote || input < 0)
        abort();
    *remote = address_of(nic->remote);
    unlink(nic->local); // what an earlier process has left
    if (bind(input, (const struct sockaddr *)&local, sizeof local) != 0)
        nic_refuse(nic, nic->local, strerror(errno));

    struct net_link *link = net_link_create(input, HOST_NO_DESCRIPTOR);
    link->context = remote;
    link->reconnect = connect_to;
    return link;
}
