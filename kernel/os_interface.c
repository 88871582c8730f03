// SPDX-License-Identifier: MIT
//
// os.h: network interfaces, for those who look, and static addresses.
// Chapter 21.
#include "error.h"
#include "machine.h"
#include "net/ip.h"
#include "string.h"
#include "user/os_interfaces.h"

static void describe_device(const struct net_device *device, struct os_interface_info *info)
{
    const struct net_counters *sent = &device->sent, *received = &device->received;
    *info = (struct os_interface_info){
        .mtu = device->mtu,
        .link_up = device->link_up,
        .is_loopback = device == ip_loopback(),
        .checksums = device->can_checksum,
        .segments = device->can_segment,
        .source = "",
        .sent_packets = sent->packets,
        .sent_bytes = sent->bytes,
        .sent_errors = sent->errors,
        .sent_dropped = sent->dropped,
        .received_packets = received->packets,
        .received_bytes = received->bytes,
        .received_errors = received->errors,
        .received_dropped = received->dropped,
    };
    strlcpy(info->name, device->name, sizeof(info->name));
    memcpy(info->mac, device->mac, sizeof(info->mac));
}

static void describe_address(const struct ip_configuration *configuration,
                             struct os_interface_info *info)
{
    uint64_t end_ns = configuration->lease_end_ns, now_ns = machine_clock_ns();
    info->address = configuration->address;
    info->prefix = configuration->prefix;
    info->gateway = configuration->gateway;
    memcpy(info->servers, configuration->servers, sizeof(info->servers));
    memcpy(info->time_servers, configuration->time_servers, sizeof(info->time_servers));
    info->source = configuration->source ? configuration->source : "";
    if (end_ns == UINT64_MAX)
        info->lease_left_ns = UINT64_MAX;
    else if (end_ns > now_ns)
        info->lease_left_ns = end_ns - now_ns;
}

bool os_interface_next(unsigned i, struct os_interface_info *info)
{
    struct net_device *device = netdev_next(NULL);
    while (device && i-- > 0)
        device = netdev_next(device);
    if (!device)
        return false;

    const struct ip_configuration *configuration = ip_configuration(device);
    describe_device(device, info);
    if (configuration)
        describe_address(configuration, info);
    return true;
}

int os_interface_set(const char *name, const struct os_address *address, unsigned prefix,
                     const struct os_address *gateway, const struct os_address *server)
{
    struct net_device *device = netdev_find(name);
    struct ip_configuration configuration = {
        .address = *address, .prefix = prefix, .source = "static"};
    if (!device)
        return -ENODEV;
    if (gateway)
        configuration.gateway = *gateway;
    if (server)
        configuration.servers[0] = *server;
    return ip_configure(device, &configuration);
}
