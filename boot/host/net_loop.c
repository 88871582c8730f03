// SPDX-License-Identifier: MIT
//
// -nic loop: a cable within the process. What a card sends comes back to it; with a second
// such card, the two are joined. Unfinished checksums and large segments go over it as they
// are. Chapter 20.
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "boot/host/net_link.h"

struct net_link *net_loop_open(const struct nic *nic)
{
    static struct net_link *single; // has both ends
    if (single) {
        struct net_link *second = net_link_create(single->output, single->output);
        second->has_headers = true;
        single->output = single->input;
        single = NULL;
        return second;
    }
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
        nic_refuse(nic, "sockets", strerror(errno));
    net_link_make_room(ends[0]);
    net_link_make_room(ends[1]);
    single = net_link_create(ends[0], ends[1]);
    single->has_headers = true;
    return single;
}
