// SPDX-License-Identifier: MIT
//
// What an interface has got, for the log: whoever has configured it calls this.
//
//   network_log(device)
//
// Chapter 22.
#include "network.h"
#include "print.h"
#include "string.h"

static const char *show(const struct os_address *address, char text[ADDRESS_TEXT_SIZE])
{
    return address_is_any(address) ? "none" : address_print(address, text);
}

void network_log(const struct net_device *device)
{
    const struct ip_configuration *now = ip_configuration(device);
    char address[ADDRESS_TEXT_SIZE], gateway[ADDRESS_TEXT_SIZE], server[ADDRESS_TEXT_SIZE];
    if (now)
        log_info("%s: %s/%u%s, gateway %s, DNS %s", device->name,
                 show(&now->address, address), now->prefix,
                 strcmp(now->source, "dhcp") == 0 ? " by DHCP" : "",
                 show(&now->gateway, gateway), show(&now->servers[0], server));
}
