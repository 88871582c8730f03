// SPDX-License-Identifier: MIT
//
// IPv4, which way a packet goes: the route with the longest prefix that fits, and what follows
// from it for all packets of a flow (RFC 1122, 3.3.1).
//
//   ip_route_add(), ip_route_remove(), ip_route_next()
//   ip_flow_route(flow)          remembers what it finds in the flow
//
// The list is sorted by prefix, longest first, and by metric, smallest first, so the first that
// fits and has a link is the one. It is walked once for many packets: a flow keeps the answer
// until ip_generation() is another.
// Chapter 21.
#include "error.h"
#include "heap.h"
#include "ip_parts.h"

enum { MTU_UNKNOWN = 576 }; // RFC 1122, 3.3.3: what any host can take

static struct {
    struct list all; // struct ip_route, by prefix and metric
} routes;

// ---- The table ----------------------------------------------------------------------------

static bool fits(const struct ip_route *route, be32 address)
{
    return ((address ^ route->network) & ip_mask(route->prefix)) == 0;
}

// Through one device, or (NULL) any. Of two that fit as well, one with a link.
static const struct ip_route *find(be32 destination, const struct net_device *device)
{
    const struct ip_route *found = NULL;
    list_for_each(struct ip_route, route, &routes.all, all) {
        if (found && route->prefix < found->prefix)
            break;
        if (!fits(route, destination) || (device && route->device != device))
            continue;
        if (route->device->link_up)
            return route;
        if (!found)
            found = route;
    }
    return found;
}

static struct ip_route *find_same(be32 network, unsigned prefix,
                                  const struct net_device *device)
{
    list_for_each(struct ip_route, route, &routes.all, all) {
        if (route->network == network && route->prefix == prefix &&
            (!device || route->device == device))
            return route;
    }
    return NULL;
}

static bool comes_before(const struct ip_route *route, const struct ip_route *other)
{
    if (route->prefix != other->prefix)
        return route->prefix > other->prefix;
    return route->metric < other->metric;
}

static int insert(const struct ip_route *wanted)
{
    if (find_same(wanted->network, wanted->prefix, wanted->device))
        return -EEXIST;
    struct ip_route *route = heap_alloc(sizeof(*route));
    if (!route)
        return -ENOMEM;
    *route = *wanted;
    struct list *place = routes.all.next;
    while (place != &routes.all &&
           !comes_before(route, container_of(place, struct ip_route, all)))
        place = place->next;
    list_insert_before(place, &route->all);
    return 0;
}

static void remove(struct ip_route *route)
{
    list_remove(&route->all);
    heap_free(route);
}

const struct ip_route *ip_route_next(const struct ip_route *route)
{
    struct list *next = route ? route->all.next : routes.all.next;
    return next == &routes.all ? NULL : container_of(next, struct ip_route, all);
}

// The device on whose link a gateway is, or NULL: it would need a gateway itself.
static struct net_device *device_of_gateway(be32 gateway)
{
    const struct ip_route *route = find(gateway, NULL);
    return route && route->gateway == 0 && !ip_have_address(gateway) ? route->device : NULL;
}

int ip_route_add(const struct os_address *network, unsigned prefix,
                 const struct os_address *gateway, struct net_device *device)
{
    if (network->family != OS_IPV4 || prefix > 32)
        return -EINVAL;
    struct ip_route route = {
        .network = address_be32(network) & ip_mask(prefix), .prefix = prefix, .device = device};
    if (gateway && !address_is_any(gateway)) {
        route.gateway = address_be32(gateway);
        struct net_device *reached = device_of_gateway(route.gateway);
        if (!reached || (device && device != reached))
            return -ENETUNREACH;
        route.device = reached;
    }
    if (!route.device)
        return -EINVAL;
    int error = insert(&route);
    if (!error)
        ip_changed();
    return error;
}

int ip_route_remove(const struct os_address *network, unsigned prefix)
{
    if (network->family != OS_IPV4 || prefix > 32)
        return -EINVAL;
    struct ip_route *route = find_same(address_be32(network) & ip_mask(prefix), prefix, NULL);
    if (!route)
        return -ENOENT;
    remove(route);
    ip_changed();
    return 0;
}

// Those through a device: the ones that follow from its address, and, when it has none any
// more, those that somebody has added.
static void remove_through(const struct net_device *device, bool also_others)
{
    struct ip_route *route = (struct ip_route *)ip_route_next(NULL);
    while (route) {
        struct ip_route *next = (struct ip_route *)ip_route_next(route);
        if (route->device == device && (route->is_ours || also_others))
            remove(route);
        route = next;
    }
}

// Of two interfaces with a gateway each, the first one's is used: its number is the metric.
int ip_route_replace(struct net_device *device, const struct ip_interface *interface)
{
    remove_through(device, !interface);
    if (!interface)
        return 0;
    const struct ip_route ours = {.metric = device->index, .device = device, .is_ours = true};
    struct ip_route network = ours, neighbour = ours, others = ours;
    network.network = interface->address & interface->mask;
    network.prefix = interface->configuration.prefix;
    int error = insert(&network);
    be32 gateway = address_be32(&interface->configuration.gateway);
    if (!error && gateway != 0 && !fits(&network, gateway)) {
        neighbour.network = gateway;
        neighbour.prefix = 32;
        error = insert(&neighbour);
    }
    others.gateway = gateway;
    if (!error && gateway != 0)
        error = insert(&others);
    if (error && error != -EEXIST) {
        remove_through(device, false);
        return error;
    }
    return 0;
}

void ip_route_init(void)
{
    list_init(&routes.all);
}

// ---- Flows --------------------------------------------------------------------------------

// To all or to many on the link: no next hop. Through the given device, by a route, or the
// first device that has an address. NULL: no way.
static struct net_device *way_to_many(const struct ip_flow *flow, be32 destination)
{
    if (flow->device)
        return flow->device;
    const struct ip_route *route = destination == IP_BROADCAST ? NULL : find(destination, NULL);
    if (route)
        return route->device;
    const struct ip_interface *interface = ip_interface_default();
    return interface ? interface->device : NULL;
}

// To one host: through which device, and to whom on its link. NULL: no way.
static struct net_device *way_to_one(const struct ip_flow *flow, be32 destination,
                                     be32 *next_hop)
{
    *next_hop = destination;
    if (destination == 0 || ip_first_byte(destination) >= 240)
        return NULL;
    if (ip_have_address(destination))
        return ip_loopback();
    const struct ip_route *route = find(destination, flow->device);
    if (!route)
        return flow->device; // as if it were on its link: there is nothing better
    if (route->gateway != 0)
        *next_hop = route->gateway;
    return route->device;
}

// The address that a packet out there answers to (RFC 1122, 3.3.4.3). 0: the device has none,
// which is right only for those who ask for one there (RFC 1122, 3.2.1.3 (a)).
static be32 choose_source(const struct net_device *device, be32 destination)
{
    if (device == ip_loopback() && !ip_is_loopback(destination))
        return destination;
    const struct ip_interface *interface = ip_interface_of(device);
    return interface ? interface->address : 0;
}

// Fills in what follows from the routes, whether there is a link or not.
static int find_way(struct ip_flow *flow)
{
    be32 destination = address_be32(&flow->destination), next_hop = 0;
    if (flow->destination.family != OS_IPV4)
        return -ENETUNREACH;
    bool is_broadcast = ip_have_broadcast(destination);
    if (is_broadcast && !flow->may_broadcast)
        return -EACCES;
    bool to_many = is_broadcast || address_is_multicast(&flow->destination);
    struct net_device *device =
        to_many ? way_to_many(flow, destination) : way_to_one(flow, destination, &next_hop);
    if (!device)
        return -ENETUNREACH;
    be32 source = address_be32(&flow->source);
    if (source == 0)
        source = choose_source(device, destination);
    else if (!ip_have_address(source))
        return -EADDRNOTAVAIL; // it was ours once
    if (source == 0 && !flow->device)
        return -ENETUNREACH;
    // RFC 1122, 3.2.1.3 (g): such an address never leaves the host.
    if (ip_is_loopback(source) && device != ip_loopback())
        return -ENETUNREACH;
    flow->source = address_ipv4(source, flow->source.port);
    flow->through = device;
    flow->next_hop = next_hop;
    flow->mtu = to_many ? device->mtu : ip_mtu_of(destination, device->mtu);
    flow->generation = ip_generation();
    return 0;
}

int ip_flow_route(struct ip_flow *flow)
{
    int error = find_way(flow);
    if (error || flow->through->link_up)
        return error;
    flow->generation = 0; // find() has seen no better way: look again each time
    return -ENETDOWN;
}

// A flow that is as good as this one, and up to date. False: there is no way.
static bool is_found(const struct ip_flow *flow, struct ip_flow *found)
{
    *found = *flow;
    return flow->generation == ip_generation() || find_way(found) == 0;
}

uint32_t ip_flow_mtu(const struct ip_flow *flow)
{
    struct ip_flow found;
    if (flow->generation == ip_generation())
        return flow->mtu;
    return is_found(flow, &found) ? found.mtu : MTU_UNKNOWN;
}

struct net_device *ip_flow_device(const struct ip_flow *flow)
{
    struct ip_flow found;
    return is_found(flow, &found) ? found.through : NULL;
}
