// SPDX-License-Identifier: MIT
//
// The network's configuration: the command line's words, and who acts on them.
//
//   network_init(), network_parse()
//
// Chapter 22.
#include "network.h"

#include "cmdline.h"
#include "dhcp.h"
#include "dns.h"
#include "error.h"
#include "format.h"
#include "print.h"
#include "string.h"

enum { HOSTNAME_SIZE = 64, VALUE_SIZE = 128, SERVERS_MAX = 3 };

static struct {
    char hostname[HOSTNAME_SIZE];
} network;

// The next piece of a list with commas, copied. False: there are no more, or it is too long.
static bool next_piece(const char **list, char *piece, size_t size)
{
    const char *comma = strchr(*list, ',');
    size_t length = comma ? (size_t)(comma - *list) : strlen(*list);
    if (length == 0 || length >= size)
        return false;
    memcpy(piece, *list, length);
    piece[length] = '\0';
    *list += length + (comma != NULL);
    return true;
}

static bool parse_host(const char *text, struct os_address *address)
{
    return address_parse(text, address) == 0 && !address_is_any(address);
}

int network_parse(const char *text, struct ip_configuration *configuration)
{
    char piece[ADDRESS_TEXT_SIZE];
    *configuration = (struct ip_configuration){.source = "static", .lease_end_ns = UINT64_MAX};
    if (!next_piece(&text, piece, sizeof(piece)) || !strchr(piece, '/') ||
        address_parse_prefix(piece, &configuration->address, &configuration->prefix) != 0 ||
        address_is_any(&configuration->address))
        return -EINVAL;
    if (next_piece(&text, piece, sizeof(piece)) &&
        (!parse_host(piece, &configuration->gateway) || configuration->gateway.port != 0))
        return -EINVAL;
    for (unsigned i = 0; i < SERVERS_MAX && next_piece(&text, piece, sizeof(piece)); i++) {
        if (!parse_host(piece, &configuration->servers[i]))
            return -EINVAL;
    }
    return *text ? -EINVAL : 0;
}

static int configure_static(struct net_device *device, const char *value)
{
    struct ip_configuration configuration;
    int error = network_parse(value, &configuration);
    if (!error)
        error = ip_configure(device, &configuration);
    if (error)
        log_warning("%s: ip=%s: %s. Expected dhcp, none, or ADDRESS/PREFIX,GATEWAY,DNS as "
                    "10.0.2.15/24,10.0.2.2,10.0.2.3; asking DHCP instead",
                    device->name, value, error_text(error));
    else
        network_log(device);
    return error;
}

// What is said of this interface by its name, or of the first one without.
static void find_value(const struct net_device *device, bool is_first, char *value, size_t size)
{
    char word[NETDEV_NAME_SIZE + 3];
    snprintf(word, sizeof(word), "%s.ip", device->name);
    if (cmdline_value(word, value, size) == -ENOENT &&
        (!is_first || cmdline_value("ip", value, size) == -ENOENT))
        strlcpy(value, "dhcp", size);
}

static void configure(struct net_device *device, const char *value)
{
    if (strcmp(value, "none") == 0)
        return;
    if (strcmp(value, "dhcp") != 0 && configure_static(device, value) == 0)
        return;
    int error = dhcp_start(device);
    if (error)
        log_warning("%s: no DHCP: %s", device->name, error_text(error));
}

void network_init(void)
{
    char value[VALUE_SIZE];
    bool is_first = true;
    if (cmdline_value("hostname", network.hostname, sizeof(network.hostname)) == -ENOENT)
        strlcpy(network.hostname, "tsumiki", sizeof(network.hostname));
    dns_init();
    dhcp_init(network.hostname);
    for (struct net_device *device = netdev_next(NULL); device; device = netdev_next(device)) {
        if (!device->has_ethernet)
            continue;
        ethernet_attach(device);
        find_value(device, is_first, value, sizeof(value));
        configure(device, value);
        is_first = false;
    }
}
