// SPDX-License-Identifier: MIT
//
// IPv4, the addresses that we have: one for each device that was given one.
//
//   ip_configure(device, &configuration)
//   ip_have_address(), ip_have_broadcast(), ip_have_any()
//   ip_generation()                        another number after every change
//
// Chapter 21.
#include "arp.h"
#include "error.h"
#include "heap.h"
#include "ip_parts.h"

static struct {
    struct list interfaces; // struct ip_interface
    struct list listeners;
    uint32_t generation;
    struct net_listener links;
} interfaces;

// ---- Questions ----------------------------------------------------------------------------

const struct ip_interface *ip_interface_of(const struct net_device *device)
{
    list_for_each(struct ip_interface, interface, &interfaces.interfaces, all) {
        if (interface->device == device)
            return interface;
    }
    return NULL;
}

const struct ip_interface *ip_interface_default(void)
{
    const struct ip_interface *found = NULL;
    list_for_each(struct ip_interface, interface, &interfaces.interfaces, all) {
        if (interface->device == ip_loopback())
            continue;
        if (interface->device->link_up)
            return interface;
        if (!found)
            found = interface;
    }
    return found;
}

bool ip_have_address(be32 address)
{
    list_for_each(struct ip_interface, interface, &interfaces.interfaces, all) {
        if (interface->address == address)
            return true;
    }
    return ip_is_loopback(address);
}

bool ip_have_broadcast(be32 address)
{
    list_for_each(struct ip_interface, interface, &interfaces.interfaces, all) {
        if (interface->broadcast == address)
            return true;
    }
    return address == IP_BROADCAST;
}

bool ip_have_any(be32 address)
{
    list_for_each(struct ip_interface, interface, &interfaces.interfaces, all) {
        if (interface->address == address || interface->broadcast == address)
            return true;
    }
    return address == IP_BROADCAST || ip_is_loopback(address);
}

bool ip_is_ours(const struct os_address *address)
{
    return address->family == OS_IPV4 && ip_have_address(address_be32(address));
}

bool ip_is_broadcast(const struct os_address *address)
{
    return address->family == OS_IPV4 && ip_have_broadcast(address_be32(address));
}

const struct ip_configuration *ip_configuration(const struct net_device *device)
{
    const struct ip_interface *interface = ip_interface_of(device);
    return interface ? &interface->configuration : NULL;
}

// ---- Changes ------------------------------------------------------------------------------

uint32_t ip_generation(void)
{
    return interfaces.generation;
}

void ip_forget_flows(void)
{
    if (++interfaces.generation == 0)
        interfaces.generation = 1; // 0 is that of flows that have never looked
}

void ip_changed(void)
{
    ip_forget_flows();
    list_for_each(struct ip_listener, listener, &interfaces.listeners, link)
        listener->changed(listener);
}

void ip_listen(struct ip_listener *listener)
{
    list_append(&interfaces.listeners, &listener->link);
}

// A way may be better or worse now, see ip_route.c.
static void link_changed(struct net_listener *listener, struct net_device *device)
{
    ip_forget_flows();
}

// ---- Giving an address --------------------------------------------------------------------

// An address that a single host can have (RFC 1122, 3.2.1.3).
static bool is_host_address(const struct ip_interface *interface)
{
    be32 address = interface->address, host = address & ~interface->mask;
    uint8_t first = ip_first_byte(address);
    if (first == 0 || first >= 224 ||
        ip_is_loopback(address) != !interface->device->has_ethernet)
        return false;
    // RFC 3021: with 31 bits both addresses are hosts.
    return interface->configuration.prefix >= 31 || (host != 0 && host != ~interface->mask);
}

// A host alone in its network has its gateway outside of it, on the same link all the same.
static bool gateway_is_possible(const struct ip_interface *interface)
{
    const struct ip_configuration *configuration = &interface->configuration;
    if (address_is_any(&configuration->gateway))
        return true;
    be32 gateway = address_be32(&configuration->gateway);
    return gateway != interface->address && gateway != interface->broadcast &&
           (configuration->prefix == 32 ||
            ((gateway ^ interface->address) & interface->mask) == 0);
}

static int fill_in(struct ip_interface *interface)
{
    const struct ip_configuration *configuration = &interface->configuration;
    if (configuration->address.family != OS_IPV4 || configuration->prefix < 1 ||
        configuration->prefix > 32)
        return -EINVAL;
    interface->address = address_be32(&configuration->address);
    interface->mask = ip_mask(configuration->prefix);
    interface->broadcast =
        configuration->prefix < 31 ? interface->address | ~interface->mask : IP_BROADCAST;
    return is_host_address(interface) && gateway_is_possible(interface) ? 0 : -EINVAL;
}

static void take_away(struct net_device *device)
{
    struct ip_interface *interface = (struct ip_interface *)ip_interface_of(device);
    if (!interface)
        return;
    list_remove(&interface->all);
    heap_free(interface);
    ip_route_replace(device, NULL);
    if (device->has_ethernet)
        arp_set_address(device, 0);
}

static int give(const struct ip_interface *wanted)
{
    struct ip_interface *interface = heap_alloc(sizeof(*interface));
    if (!interface)
        return -ENOMEM;
    *interface = *wanted;
    list_append(&interfaces.interfaces, &interface->all);
    int error = ip_route_replace(interface->device, interface);
    if (error) {
        list_remove(&interface->all);
        heap_free(interface);
        return error;
    }
    if (interface->device->has_ethernet)
        arp_set_address(interface->device, interface->address);
    return 0;
}

// The same network as before: a lease that was renewed.
static bool is_same(const struct ip_interface *interface, const struct ip_interface *wanted)
{
    return interface->address == wanted->address && interface->mask == wanted->mask &&
           address_be32(&interface->configuration.gateway) ==
               address_be32(&wanted->configuration.gateway);
}

// Routes that somebody has added go with the address, but not when it stays.
int ip_configure(struct net_device *device, const struct ip_configuration *configuration)
{
    struct ip_interface *now = (struct ip_interface *)ip_interface_of(device);
    struct ip_interface wanted = {.device = device, .configuration = *configuration};
    bool is_none = address_is_any(&configuration->address);
    int error = 0;
    if (!is_none && fill_in(&wanted) != 0)
        return -EINVAL;
    if (now && !is_none && is_same(now, &wanted)) {
        now->configuration = *configuration;
    } else {
        take_away(device);
        error = is_none ? 0 : give(&wanted);
    }
    ip_changed();
    return error;
}

void ip_interface_init(void)
{
    list_init(&interfaces.interfaces);
    list_init(&interfaces.listeners);
    interfaces.generation = 1;
    interfaces.links.changed = link_changed;
    netdev_listen(&interfaces.links);
}
