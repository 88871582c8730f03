// SPDX-License-Identifier: MIT
//
// os.h: routes.
// Chapter 21.
#include "error.h"
#include "net/ip.h"
#include "string.h"
#include "user/os_interfaces.h"

bool os_route_next(unsigned i, struct os_route_info *info)
{
    const struct ip_route *route = ip_route_next(NULL);
    while (route && i-- > 0)
        route = ip_route_next(route);
    if (!route)
        return false;

    *info = (struct os_route_info){.network = address_ipv4(route->network, 0),
                                   .prefix = route->prefix,
                                   .metric = route->metric,
                                   .link_up = route->device->link_up};
    if (route->gateway != 0)
        info->gateway = address_ipv4(route->gateway, 0);
    strlcpy(info->interface, route->device->name, sizeof(info->interface));
    return true;
}

// The interface may be NULL when there is a gateway: it is on the link of one.
int os_route_add(const struct os_address *network, unsigned prefix,
                 const struct os_address *gateway, const char *interface)
{
    struct net_device *device = interface ? netdev_find(interface) : NULL;
    if (interface && !device)
        return -ENODEV;
    return ip_route_add(network, prefix, gateway, device);
}

int os_route_remove(const struct os_address *network, unsigned prefix)
{
    return ip_route_remove(network, prefix);
}
