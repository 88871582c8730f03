// SPDX-License-Identifier: MIT
//
// os.h: neighbours, for `arp`.
// Chapter 20.
#include "error.h"
#include "net/address.h"
#include "net/arp.h"
#include "string.h"
#include "user/os.h"

static const char *const states[] = {
    [ARP_INCOMPLETE] = "incomplete",
    [ARP_REACHABLE] = "reachable",
    [ARP_STALE] = "stale",
    [ARP_PERMANENT] = "permanent",
};

bool os_neighbour_next(unsigned i, struct os_neighbour_info *info)
{
    struct arp_entry_info entry;
    if (!arp_next(i, &entry))
        return false;
    *info = (struct os_neighbour_info){.address = address_ipv4(entry.ip, 0),
                                       .state = states[entry.state],
                                       .age_ns = entry.age_ns,
                                       .waiting = entry.waiting};
    memcpy(info->mac, entry.mac, sizeof(info->mac));
    strlcpy(info->interface, entry.device->name, sizeof(info->interface));
    return true;
}

int os_neighbour_set(const char *interface, const struct os_address *address,
                     const uint8_t mac[6])
{
    struct net_device *device = netdev_find(interface);
    if (!device || !device->has_ethernet)
        return -ENODEV;
    if (address->family != OS_IPV4 || address->words[0] == 0)
        return -EINVAL;
    return arp_set(device, address_be32(address), mac);
}

int os_neighbour_forget(const struct os_address *address)
{
    if (address->family != OS_IPV4)
        return -EINVAL;
    return arp_forget(address_be32(address));
}
