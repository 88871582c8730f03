// SPDX-License-Identifier: MIT
//
// What a DHCP server gives: whether it makes sense, until when it holds, and how it gets onto
// the interface and off again.
//
//   dhcp_lease_is_usable(&answer), dhcp_lease_take(), dhcp_lease_drop()
//
// Chapter 22.
#include "dhcp_client.h"
#include "machine.h"

// The ones of a mask that begins with them. A mask may be left out; what is usual for the
// address is then meant (RFC 950, 2).
static unsigned prefix_of(const struct dhcp_answer *lease)
{
    unsigned prefix = 0;
    for (uint32_t mask = from_be32(lease->mask); mask & 0x80000000; mask <<= 1)
        prefix++;
    if (prefix > 0)
        return prefix;
    uint32_t address = from_be32(lease->address);
    return address >> 31 == 0 ? 8 : address >> 30 == 2 ? 16 : 24; // 0..., 10..., 110...
}

// The bits of an address that are the host's own.
static uint32_t host_bits(const struct dhcp_answer *lease)
{
    unsigned prefix = prefix_of(lease);
    return prefix == 32 ? 0 : UINT32_MAX >> prefix;
}

bool dhcp_lease_is_usable(const struct dhcp_answer *answer)
{
    uint32_t address = from_be32(answer->address), bits = host_bits(answer);
    bool is_network = bits > 1 && ((address & bits) == 0 || (address & bits) == bits);
    return answer->server && answer->lease_s > 0 && address >> 24 != 0 &&
           address >> 24 != 127 && address >> 24 < 224 && !is_network;
}

// A router that is not there to be reached would make ip_configure() refuse all of it.
static bool has_gateway(const struct dhcp_answer *lease)
{
    uint32_t differs = from_be32(lease->address ^ lease->gateway), bits = host_bits(lease);
    bool is_on_link = (differs & ~bits) == 0 || bits == 0; // alone in its network: it must be
    return lease->gateway && differs != 0 && is_on_link;
}

static int configure(struct dhcp_client *client, const struct ip_configuration *configuration)
{
    client->is_configuring = true;
    int error = ip_configure(client->device, configuration);
    client->is_configuring = false;
    return error;
}

static uint64_t after(uint64_t start_ns, uint32_t seconds)
{
    return seconds == DHCP_FOR_EVER ? MACHINE_NEVER : start_ns + seconds * DHCP_SECOND;
}

// From when we asked, not from when we heard: the server counts from some moment in between
// (RFC 2131, 4.4.1). T1 and T2 are half and seven eighths where the server says nothing, or
// nothing that makes sense (4.4.5).
static void set_times(struct dhcp_client *client)
{
    uint32_t lease_s = client->lease.lease_s;
    uint32_t rebind_s = client->lease.rebind_s, renew_s = client->lease.renew_s;
    if (rebind_s == 0 || rebind_s >= lease_s)
        rebind_s = lease_s - lease_s / 8;
    if (renew_s == 0 || renew_s >= rebind_s)
        renew_s = lease_s / 2;
    bool for_ever = lease_s == DHCP_FOR_EVER;
    client->end_ns = after(client->sent_ns, lease_s);
    client->rebind_ns = after(client->sent_ns, for_ever ? DHCP_FOR_EVER : rebind_s);
    client->renew_ns = after(client->sent_ns, for_ever ? DHCP_FOR_EVER : renew_s);
}

int dhcp_lease_take(struct dhcp_client *client, const struct dhcp_answer *answer)
{
    client->lease = *answer;
    set_times(client);
    struct ip_configuration configuration = {.address = address_ipv4(answer->address, 0),
                                             .prefix = prefix_of(answer),
                                             .source = DHCP_SOURCE,
                                             .lease_end_ns = client->end_ns};
    if (has_gateway(answer))
        configuration.gateway = address_ipv4(answer->gateway, 0);
    for (unsigned i = 0; i < DHCP_SERVERS_MAX && answer->servers[i]; i++)
        configuration.servers[i] = address_ipv4(answer->servers[i], 0);
    for (unsigned i = 0; i < DHCP_SERVERS_MAX && answer->time_servers[i]; i++)
        configuration.time_servers[i] = address_ipv4(answer->time_servers[i], 0);
    int error = configure(client, &configuration);
    client->is_configured = !error;
    return error;
}

void dhcp_lease_drop(struct dhcp_client *client)
{
    if (client->is_configured)
        configure(client, &(struct ip_configuration){.source = ""});
    client->is_configured = false;
    client->lease.address = 0;
}
