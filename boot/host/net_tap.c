// SPDX-License-Identifier: MIT
//
// -nic tap: what we send, the system receives through an interface of its own, and the
// other way round (Linux, Documentation/networking/tuntap.rst).
//
// The system puts the same header in front of frames as virtio does, so unfinished checksums
// and large segments go through as they are. Chapter 20.
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "boot/host/net_link.h"

static const char *explain(int error)
{
    switch (error) {
    case EPERM:
        return "that needs an administrator, once:  ip tuntap add NAME mode tap user YOU";
    case EBUSY:
        return "another process has it";
    case EINVAL:
        return "there is such an interface already, and it is no TAP device";
    default:
        return strerror(error);
    }
}

static void accept_offloads(struct net_link *link, bool checksums, bool segments)
{
    unsigned offloads = (checksums ? TUN_F_CSUM : 0) | (segments ? TUN_F_TSO4 : 0);
    ioctl(link->input, TUNSETOFFLOAD, offloads);
}

struct net_link *net_tap_open(const struct nic *nic)
{
    if (nic->interface[0] == '\0')
        nic_refuse(nic, "tap", "expected ifname=NAME");
    int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tap < 0)
        nic_refuse(nic, "/dev/net/tun", strerror(errno));

    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    memcpy(request.ifr_name, nic->interface, sizeof nic->interface);
    const int header_size = sizeof(struct net_header);
    if (ioctl(tap, TUNSETIFF, &request) != 0 || ioctl(tap, TUNSETVNETHDRSZ, &header_size) != 0)
        nic_refuse(nic, nic->interface, explain(errno));

    struct net_link *link = net_link_create(tap, tap);
    link->has_headers = true;
    link->accept = accept_offloads;
    return link;
}
