// SPDX-License-Identifier: MIT
//
// ifconfig: shows network interfaces; gives one an address: ifconfig eth0 10.0.2.15/24 10.0.2.2
#include "prefix.h"
#include "show.h"

#define DHCP_PATIENCE_NS 15000000000ull
enum { NS_PER_S = 1000000000 };

// ---- Showing ------------------------------------------------------------------------------

static const char *help_of_device(const struct os_interface_info *info)
{
    if (info->is_loopback)
        return "";
    if (info->segments)
        return ", makes checksums and segments";
    return info->checksums ? ", makes checksums" : "";
}

static int print_lease(const struct os_interface_info *info)
{
    uint64_t seconds = info->lease_left_ns / NS_PER_S;
    if (info->lease_left_ns == 0 || info->lease_left_ns == UINT64_MAX)
        return os_printf(" (%s)\n", info->source);
    return os_printf(
        " (%s, %llu:%02llu:%02llu left)\n", info->source, (unsigned long long)(seconds / 3600),
        (unsigned long long)(seconds / 60 % 60), (unsigned long long)(seconds % 60));
}

static void print_servers(const char *what, const struct os_address *servers)
{
    char text[OS_ADDRESS_TEXT];
    for (unsigned i = 0; i < 3 && servers[i].family != OS_ANY_FAMILY; i++)
        os_printf("%s %s", i == 0 ? what : "", os_address_print(&servers[i], text));
}

static int print_address(const struct os_interface_info *info)
{
    char text[PREFIX_TEXT];
    if (info->address.family == OS_ANY_FAMILY)
        return os_printf("      no address\n");
    os_printf("      %s", prefix_print(&info->address, info->prefix, text));
    if (info->gateway.family != OS_ANY_FAMILY)
        os_printf(" via %s", os_address_print(&info->gateway, text));
    print_servers(", dns", info->servers);
    print_servers(", ntp", info->time_servers);
    return print_lease(info);
}

static int print_counters(const char *what, uint64_t packets, uint64_t bytes, uint64_t errors,
                          uint64_t dropped)
{
    char size[SHOW_SIZE];
    show_size(size, bytes);
    return os_printf("      %s %llu packets, %s bytes, %llu errors, %llu dropped\n", what,
                     (unsigned long long)packets, size, (unsigned long long)errors,
                     (unsigned long long)dropped);
}

static int print(const struct os_interface_info *info)
{
    const uint8_t *mac = info->mac;
    os_printf("%-5s %s, mtu %u", info->name, info->link_up ? "up" : "down", info->mtu);
    if (!info->is_loopback)
        os_printf(", %02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
                  mac[5]);
    os_printf("%s\n", help_of_device(info));
    print_address(info);
    print_counters("received", info->received_packets, info->received_bytes,
                   info->received_errors, info->received_dropped);
    return print_counters("sent", info->sent_packets, info->sent_bytes, info->sent_errors,
                          info->sent_dropped) < 0;
}

static int fail(const char *name, const char *why)
{
    os_fprintf(OS_ERROR, "ifconfig: %s: %s\n", name, why);
    return 1;
}

static const char *explain(int error)
{
    switch (error) {
    case -ENODEV:
        return "no such interface (`ifconfig` shows those that are there)";
    case -EINVAL:
        return "no host can have that address, or the gateway is not in its network";
    case -ETIMEDOUT:
        return "no DHCP server answers";
    default:
        return error_text(error);
    }
}

// One of that name, or (NULL) all.
static int show(const char *name)
{
    struct os_interface_info info;
    bool found = false;
    for (unsigned i = 0; os_interface_next(i, &info); i++) {
        if (name && strcmp(info.name, name) != 0)
            continue;
        found = true;
        if (print(&info))
            return 1;
    }
    return found || !name ? 0 : fail(name, explain(-ENODEV));
}

// ---- Setting ------------------------------------------------------------------------------

static int finish(const char *name, int error)
{
    return error ? fail(name, explain(error)) : 0;
}

static int set(int argc, char **argv)
{
    struct os_address address, gateway = {0}, server = {0};
    unsigned bits;
    if (!prefix_parse(argv[2], &address, &bits) || bits == PREFIX_NONE)
        return fail(argv[2], "expected an address and the length of its network's prefix, "
                             "like 10.0.2.15/24");
    if (argc > 3 && os_address_parse(argv[3], &gateway) != 0)
        return fail(argv[3], "expected the gateway's address, like 10.0.2.2");
    if (argc > 4 && os_address_parse(argv[4], &server) != 0)
        return fail(argv[4], "expected a DNS server's address, like 10.0.2.3");
    return finish(argv[1], os_interface_set(argv[1], &address, bits, &gateway, &server));
}

int ifconfig_main(int argc, char **argv)
{
    static const struct os_address none;
    if (argc <= 2 && (argc == 1 || argv[1][0] != '-'))
        return show(argv[1]);
    if (argc == 3 && strcmp(argv[2], "none") == 0)
        return finish(argv[1], os_interface_set(argv[1], &none, 0, &none, &none));
    if (argc == 3 && strcmp(argv[2], "dhcp") == 0)
        return finish(argv[1], os_interface_dhcp(argv[1], os_clock_ns() + DHCP_PATIENCE_NS));
    if (argc == 3 && strcmp(argv[2], "release") == 0)
        return finish(argv[1], os_interface_release(argv[1]));
    if (argc >= 3 && argc <= 5)
        return set(argc, argv);
    return os_usage("ifconfig [INTERFACE [ADDRESS/BITS [GATEWAY [SERVER]] | dhcp | release | "
                    "none]]");
}
