// SPDX-License-Identifier: MIT
//
// route: shows where packets go; route add 192.168.7.0/24 10.0.2.9, route del 192.168.7.0/24
#include "prefix.h"

static int list(void)
{
    struct os_route_info info;
    char network[PREFIX_TEXT], gateway[OS_ADDRESS_TEXT];
    os_printf("%-18s %-15s %6s %s\n", "NETWORK", "GATEWAY", "METRIC", "INTERFACE");
    for (unsigned i = 0; os_route_next(i, &info); i++) {
        if (os_printf("%-18s %-15s %6u %s%s\n",
                      prefix_print(&info.network, info.prefix, network),
                      os_address_print(&info.gateway, gateway), info.metric, info.interface,
                      info.link_up ? "" : " (its link is down)") < 0)
            return 1;
    }
    return 0;
}

static const char *explain(int error)
{
    switch (error) {
    case -ENODEV:
        return "no such interface (`ifconfig` shows those that are there)";
    case -ENETUNREACH:
        return "the gateway is on no link of ours";
    case -EEXIST:
        return "there is such a route (`route del` removes it)";
    case -ENOENT:
        return "there is no such route";
    default:
        return error_text(error);
    }
}

static int finish(const char *network, int error)
{
    if (!error)
        return 0;
    os_fprintf(OS_ERROR, "route: %s: %s\n", network, explain(error));
    return 1;
}

// What follows the network is a gateway's address, or else an interface's name.
static int add(const struct os_address *network, unsigned bits, char **argv)
{
    struct os_address gateway = {0};
    bool is_gateway = os_address_parse(argv[3], &gateway) == 0;
    const char *interface = is_gateway ? argv[4] : argv[3];
    return finish(argv[2], os_route_add(network, bits, &gateway, interface));
}

int route_main(int argc, char **argv)
{
    struct os_address network;
    unsigned bits;
    if (argc == 1)
        return list();
    if (argc >= 3 && prefix_parse(argv[2], &network, &bits)) {
        if (bits == PREFIX_NONE)
            bits = 32; // one host
        if (argc >= 4 && argc <= 5 && strcmp(argv[1], "add") == 0)
            return add(&network, bits, argv);
        if (argc == 3 && strcmp(argv[1], "del") == 0)
            return finish(argv[2], os_route_remove(&network, bits));
    }
    return os_usage("route [add NETWORK/BITS GATEWAY | add NETWORK/BITS INTERFACE | "
                    "del NETWORK/BITS]");
}
