// SPDX-License-Identifier: MIT
//
// Routes and addresses: the longest prefix wins, flows hear of changes, nonsense is refused.
#include "net/ip.h"

#include "error.h"
#include "ip_wire.h"
#include "test.h"

static struct net_device other; // a second one: 172.16.1.5/16 when it has an address

static int swallow(struct net_device *device, struct packet *packet)
{
    packet_put(packet);
    return 0;
}

void unit_setup(const struct boot_info *boot)
{
    static const struct ip_protocol *const protocols[] = {NULL};
    static const struct net_operations operations = {.transmit = swallow};
    wire_setup(boot, protocols);
    other = (struct net_device){.operations = &operations,
                                .mtu = 1400,
                                .has_ethernet = true,
                                .mac = {2, 0, 0, 0, 0, 5}};
    netdev_add(&other);
    ethernet_attach(&other);
    netdev_link(&other, true);
}

static int configure_other(void)
{
    const struct ip_configuration configuration = {
        .address = address_ipv4(IPV4(172, 16, 1, 5), 0),
        .prefix = 16,
        .gateway = address_ipv4(IPV4(172, 16, 0, 1), 0)};
    return ip_configure(&other, &configuration);
}

static struct ip_flow flow;

// Finds the way anew: 0 or an error.
static int look(be32 destination)
{
    flow = (struct ip_flow){.destination = address_ipv4(destination, 0)};
    return ip_flow_route(&flow);
}

static int add(be32 network, unsigned prefix, be32 gateway, struct net_device *device)
{
    struct os_address to = address_ipv4(network, 0), by = address_ipv4(gateway, 0);
    return ip_route_add(&to, prefix, gateway ? &by : NULL, device);
}

static int take_away(be32 network, unsigned prefix)
{
    struct os_address to = address_ipv4(network, 0);
    return ip_route_remove(&to, prefix);
}

static unsigned count_routes(void)
{
    unsigned count = 0;
    for (const struct ip_route *route = ip_route_next(NULL); route;
         route = ip_route_next(route))
        count++;
    return count;
}

static void an_address_brings_its_routes(void)
{
    CHECK_EQUAL(count_routes(), 3); // its network, the way out, and 127/8
    CHECK_EQUAL(look(WIRE_PEER), 0);
    CHECK(flow.through == &wire.device);
    CHECK_EQUAL(flow.next_hop, WIRE_PEER);
    CHECK_EQUAL(address_be32(&flow.source), WIRE_US);
    CHECK_EQUAL(flow.mtu, 1500);
    CHECK_EQUAL(look(WIRE_FAR), 0);
    CHECK_EQUAL(flow.next_hop, WIRE_GATEWAY);
    CHECK_EQUAL(wire_configure(0, 0, 0), 0);
    CHECK_EQUAL(count_routes(), 1);
    CHECK_EQUAL(look(WIRE_PEER), -ENETUNREACH);
    CHECK_EQUAL(arp_address(&wire.device), 0);
    CHECK_EQUAL(wire_configure(WIRE_US, 24, WIRE_GATEWAY), 0);
    CHECK_EQUAL(arp_address(&wire.device), WIRE_US);
}

static void the_longest_prefix_wins(void)
{
    CHECK_EQUAL(add(IPV4(192, 0, 2, 0), 24, IPV4(10, 0, 2, 3), NULL), 0);
    CHECK_EQUAL(add(IPV4(192, 0, 0, 0), 16, IPV4(10, 0, 2, 4), NULL), 0);
    CHECK_EQUAL(add(WIRE_FAR, 32, IPV4(10, 0, 2, 5), NULL), 0);
    CHECK_EQUAL(look(WIRE_FAR), 0);
    CHECK_EQUAL(flow.next_hop, IPV4(10, 0, 2, 5));
    CHECK_EQUAL(look(IPV4(192, 0, 2, 78)), 0);
    CHECK_EQUAL(flow.next_hop, IPV4(10, 0, 2, 3));
    CHECK_EQUAL(look(IPV4(192, 0, 3, 78)), 0);
    CHECK_EQUAL(flow.next_hop, IPV4(10, 0, 2, 4));
    CHECK_EQUAL(look(IPV4(192, 1, 3, 78)), 0);
    CHECK_EQUAL(flow.next_hop, WIRE_GATEWAY);
    CHECK_EQUAL(take_away(WIRE_FAR, 32), 0);
    CHECK_EQUAL(look(WIRE_FAR), 0);
    CHECK_EQUAL(flow.next_hop, IPV4(10, 0, 2, 3));
    CHECK_EQUAL(take_away(IPV4(192, 0, 2, 0), 24), 0);
    CHECK_EQUAL(take_away(IPV4(192, 0, 99, 9), 16),
                0); // what lies behind the prefix is nothing
    CHECK_EQUAL(take_away(IPV4(192, 0, 0, 0), 16), -ENOENT);
}

static void routes_that_make_no_sense(void)
{
    CHECK_EQUAL(add(IPV4(192, 0, 2, 0), 24, WIRE_FAR, NULL), -ENETUNREACH); // far away
    CHECK_EQUAL(add(IPV4(192, 0, 2, 0), 24, WIRE_US, NULL), -ENETUNREACH);  // ourselves
    CHECK_EQUAL(add(IPV4(192, 0, 2, 0), 24, WIRE_PEER, &other), -ENETUNREACH);
    CHECK_EQUAL(add(IPV4(192, 0, 2, 0), 24, 0, NULL), -EINVAL);
    CHECK_EQUAL(add(IPV4(192, 0, 2, 0), 33, WIRE_PEER, NULL), -EINVAL);
    CHECK_EQUAL(add(IPV4(10, 0, 2, 0), 24, 0, &wire.device), -EEXIST);
    CHECK_EQUAL(look(IPV4(0, 0, 0, 0)), -ENETUNREACH);
    CHECK_EQUAL(look(IPV4(250, 0, 0, 1)), -ENETUNREACH);
}

static void addresses_that_make_no_sense(void)
{
    const struct {
        be32 address;
        unsigned prefix;
        be32 gateway;
    } wrong[] = {
        {IPV4(10, 0, 2, 0), 24, 0},   // the network itself
        {IPV4(10, 0, 2, 255), 24, 0}, // all of it
        {IPV4(127, 0, 0, 1), 8, 0},
        {IPV4(0, 0, 0, 5), 8, 0},
        {IPV4(224, 0, 0, 5), 8, 0},
        {IPV4(255, 255, 255, 255), 32, 0},
        {IPV4(10, 0, 2, 15), 0, 0},
        {IPV4(10, 0, 2, 15), 33, 0},
        {IPV4(10, 0, 2, 15), 24, IPV4(10, 0, 3, 1)},   // a gateway elsewhere
        {IPV4(10, 0, 2, 15), 24, IPV4(10, 0, 2, 15)},  // ourselves
        {IPV4(10, 0, 2, 15), 24, IPV4(10, 0, 2, 255)}, // everybody
    };
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CHECK_EQUAL(wire_configure(wrong[i].address, wrong[i].prefix, wrong[i].gateway),
                    -EINVAL);
    CHECK_EQUAL(look(WIRE_PEER), 0); // what there was before stays
    // RFC 3021: two hosts and nothing else. And a host alone, as clouds have them.
    CHECK_EQUAL(wire_configure(IPV4(10, 0, 2, 14), 31, IPV4(10, 0, 2, 15)), 0);
    CHECK_EQUAL(wire_configure(IPV4(10, 9, 9, 9), 32, IPV4(10, 0, 2, 2)), 0);
    CHECK_EQUAL(look(WIRE_FAR), 0);
    CHECK_EQUAL(flow.next_hop, IPV4(10, 0, 2, 2));
    CHECK_EQUAL(wire_configure(WIRE_US, 24, WIRE_GATEWAY), 0);
}

static void several_interfaces(void)
{
    CHECK_EQUAL(configure_other(), 0);
    CHECK_EQUAL(look(IPV4(172, 16, 200, 9)), 0);
    CHECK(flow.through == &other);
    CHECK_EQUAL(address_be32(&flow.source), IPV4(172, 16, 1, 5));
    CHECK_EQUAL(flow.mtu, 1400);
    CHECK_EQUAL(look(WIRE_FAR), 0); // two ways out: the first
    CHECK(flow.through == &wire.device);
    netdev_link(&wire.device, false); // or the one that has a link
    CHECK(flow.generation != ip_generation());
    CHECK_EQUAL(look(WIRE_FAR), 0);
    CHECK(flow.through == &other);
    netdev_link(&wire.device, true);
    CHECK_EQUAL(look(WIRE_FAR), 0);
    CHECK(flow.through == &wire.device);
    flow = (struct ip_flow){.destination = address_ipv4(WIRE_FAR, 0), .device = &other};
    CHECK_EQUAL(ip_flow_route(&flow), 0); // as it was told
    CHECK(flow.through == &other);
    CHECK_EQUAL(flow.next_hop, IPV4(172, 16, 0, 1));
    CHECK_EQUAL(wire_configure(0, 0, 0), 0); // whoever gets its address first:
    CHECK_EQUAL(wire_configure(WIRE_US, 24, WIRE_GATEWAY), 0);
    CHECK_EQUAL(look(WIRE_FAR), 0);
    CHECK(flow.through == &wire.device); // the first interface has precedence,
    CHECK_EQUAL(add(0, 0, IPV4(172, 16, 0, 2), &other), -EEXIST);
    CHECK_EQUAL(take_away(0, 0), 0);
    CHECK_EQUAL(look(WIRE_FAR), 0);
    CHECK(flow.through == &other);
    CHECK_EQUAL(add(IPV4(10, 0, 0, 0), 8, WIRE_GATEWAY, NULL), 0);
    CHECK_EQUAL(add(IPV4(10, 0, 0, 0), 8, IPV4(172, 16, 0, 2), NULL), 0);
    CHECK_EQUAL(look(IPV4(10, 9, 9, 9)), 0);
    CHECK(flow.through == &wire.device); // and of equal ones that came later, the older
    CHECK_EQUAL(take_away(IPV4(10, 0, 0, 0), 8), 0);
    CHECK_EQUAL(take_away(IPV4(10, 0, 0, 0), 8), 0);
    CHECK_EQUAL(wire_configure(0, 0, 0), 0);
    CHECK_EQUAL(wire_configure(WIRE_US, 24, WIRE_GATEWAY), 0);
    struct os_address ours = address_ipv4(IPV4(172, 16, 1, 5), 0);
    CHECK(ip_is_ours(&ours));
    ip_configure(&other, &(struct ip_configuration){0});
    CHECK(!ip_is_ours(&ours));
}

static void a_link_that_is_down(void)
{
    netdev_link(&wire.device, false);
    CHECK_EQUAL(look(WIRE_PEER), -ENETDOWN);
    CHECK_EQUAL(look(WIRE_FAR), -ENETDOWN);
    CHECK_EQUAL(ip_flow_mtu(&flow), 1500); // that does not change
    CHECK(ip_flow_device(&flow) == &wire.device);
    CHECK_EQUAL(look(WIRE_US), 0); // ours: that is nowhere else
    netdev_link(&wire.device, true);
    CHECK_EQUAL(look(WIRE_PEER), 0);
}

static void our_own_addresses_are_behind_lo(void)
{
    const be32 ours[] = {IPV4(127, 0, 0, 1), IPV4(127, 1, 2, 3), WIRE_US};
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQUAL(look(ours[i]), 0);
        CHECK(flow.through == ip_loopback());
    }
    CHECK_EQUAL(address_be32(&flow.source), WIRE_US);
    CHECK_EQUAL(look(IPV4(127, 1, 2, 3)), 0);
    CHECK_EQUAL(address_be32(&flow.source), IPV4(127, 0, 0, 1));
}

// What was sent from an address must not go on with it when somebody else may have it.
static void a_source_that_is_gone_sends_nothing(void)
{
    CHECK_EQUAL(look(WIRE_FAR), 0);
    CHECK_EQUAL(wire_configure(IPV4(10, 0, 2, 16), 24, WIRE_GATEWAY), 0);
    CHECK_EQUAL(ip_send(wire_packet("x", 1), &flow), -EADDRNOTAVAIL);
    CHECK_EQUAL(wire_configure(WIRE_US, 24, WIRE_GATEWAY), 0);
    CHECK_EQUAL(ip_send(wire_packet("x", 1), &flow), 0);
    wire_forget();
}

static unsigned told;

static void changed(struct ip_listener *listener)
{
    told++;
}

static void changes_are_told(void)
{
    static struct ip_listener listener = {.changed = changed};
    uint32_t before = ip_generation();
    ip_listen(&listener);
    CHECK_EQUAL(look(WIRE_FAR), 0);
    CHECK_EQUAL(ip_flow_mtu(&flow), 1500);
    CHECK_EQUAL(add(IPV4(192, 0, 2, 0), 24, WIRE_PEER, NULL), 0);
    CHECK_EQUAL(told, 1);
    CHECK(ip_generation() != before);
    CHECK_EQUAL(ip_send(wire_packet("x", 1), &flow), 0); // the flow finds out by itself
    CHECK_EQUAL(flow.next_hop, WIRE_PEER);
    CHECK_EQUAL(take_away(IPV4(192, 0, 2, 0), 24), 0);
    CHECK_EQUAL(wire_configure(WIRE_US, 24, WIRE_GATEWAY), 0);
    CHECK_EQUAL(told, 3);
    wire_forget();
}

const struct test unit_tests[] = {
    {"an address brings its routes", an_address_brings_its_routes},
    {"the longest prefix wins", the_longest_prefix_wins},
    {"routes that make no sense", routes_that_make_no_sense},
    {"addresses that make no sense", addresses_that_make_no_sense},
    {"several interfaces", several_interfaces},
    {"a link that is down", a_link_that_is_down},
    {"our own addresses are behind lo", our_own_addresses_are_behind_lo},
    {"a source that is gone sends nothing", a_source_that_is_gone_sends_nothing},
    {"changes are told", changes_are_told},
    {0},
};
