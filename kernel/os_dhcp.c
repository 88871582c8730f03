// SPDX-License-Identifier: MIT
//
// os.h: addresses by DHCP.
// Chapter 22.
#include "error.h"
#include "net/dhcp.h"
#include "process.h"
#include "user/os_interfaces.h"

static int ask(const char *name, uint64_t deadline_ns)
{
    struct net_device *device = netdev_find(name);
    if (!device || !device->has_ethernet)
        return -ENODEV;
    int error = dhcp_start(device);
    return error ? error : dhcp_wait(device, deadline_ns);
}

int os_interface_dhcp(const char *name, uint64_t deadline_ns)
{
    return process_leave(ask(name, deadline_ns));
}

int os_interface_release(const char *name)
{
    struct net_device *device = netdev_find(name);
    return process_leave(device ? dhcp_release(device) : -ENODEV);
}
