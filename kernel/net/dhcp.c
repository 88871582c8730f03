// SPDX-License-Identifier: MIT
//
// The DHCP client: RFC 2131.
//
//   dhcp_init(), dhcp_start(), dhcp_wait(), dhcp_release()
//
// Here is who has a client, and what moves it from outside: those who call, the link, and
// other people's configuration. dhcp_states.c does the rest. Chapter 22.
#include "dhcp.h"

#include "arp.h"
#include "dhcp_client.h"
#include "error.h"
#include "heap.h"
#include "string.h"

static struct {
    const char *hostname;
    struct list clients; // one for each device that ever had one
    struct net_listener links;
    struct ip_listener addresses;
} dhcp;

static struct dhcp_client *find_client(const struct net_device *device)
{
    list_for_each(struct dhcp_client, client, &dhcp.clients, link) {
        if (client->device == device)
            return client;
    }
    return NULL;
}

// A lease outlives a cable that is out: its timer goes on.
static void link_changed(struct net_listener *listener, struct net_device *device)
{
    struct dhcp_client *client = find_client(device);
    if (!client || client->state == DHCP_OFF || client->state == DHCP_RELEASING)
        return;
    if (device->link_up || !client->is_configured)
        dhcp_states_start(client);
}

// Whether the interface has what this client has given it.
static bool is_as_we_left_it(const struct dhcp_client *client)
{
    const struct ip_configuration *now = ip_configuration(client->device);
    if (!now || !now->address.family)
        return !client->is_configured;
    return client->is_configured && strcmp(now->source, DHCP_SOURCE) == 0;
}

// Whoever gives an interface an address by hand, or takes ours off, wants no DHCP there.
static void address_changed(struct ip_listener *listener)
{
    list_for_each(struct dhcp_client, client, &dhcp.clients, link) {
        if (client->state == DHCP_OFF || client->is_configuring || is_as_we_left_it(client))
            continue;
        client->is_configured = false;
        dhcp_states_stop(client);
    }
}

// Somebody uses our address, and goes on after ARP has said that it is ours.
static void conflict(struct net_device *device, be32 ip, const uint8_t by[MAC_SIZE])
{
    struct dhcp_client *client = find_client(device);
    if (client && client->is_configured && client->lease.address == ip)
        dhcp_states_decline(client);
}

void dhcp_init(const char *hostname)
{
    dhcp.hostname = hostname;
    list_init(&dhcp.clients);
    dhcp.links.changed = link_changed;
    netdev_listen(&dhcp.links);
    dhcp.addresses.changed = address_changed;
    ip_listen(&dhcp.addresses);
    arp_set_conflict(conflict);
}

static int create_client(struct net_device *device, struct dhcp_client **created)
{
    const struct os_address any = address_ipv4(0, DHCP_CLIENT_PORT);
    struct dhcp_client *client = heap_alloc(sizeof(*client));
    if (!client)
        return -ENOMEM;
    client->device = device;
    client->hostname = dhcp.hostname;
    client->port = (struct udp_port){.received = dhcp_states_receive,
                                     .reuse_address = true, // one for each interface
                                     .broadcast = true,
                                     .device = device};
    wait_queue_init(&client->waiters);
    int error = udp_open(&client->port, &any);
    if (error) {
        heap_free(client);
        return error;
    }
    list_append(&dhcp.clients, &client->link);
    *created = client;
    return 0;
}

int dhcp_start(struct net_device *device)
{
    struct dhcp_client *client = find_client(device);
    int error = client ? 0 : create_client(device, &client);
    if (!error)
        dhcp_states_start(client);
    return error;
}

int dhcp_wait(struct net_device *device, uint64_t deadline_ns)
{
    const struct wait_reason reason = {
        .what = "DHCP", .name = device->name, .external = true};
    struct dhcp_client *client = find_client(device);
    if (!client || client->state == DHCP_OFF)
        return -ENETDOWN;
    if (client->state == DHCP_BOUND)
        return 0;
    return wait_queue_wait(&client->waiters, &reason, deadline_ns);
}

int dhcp_release(struct net_device *device)
{
    struct dhcp_client *client = find_client(device);
    if (!client || !client->is_configured)
        return -ENOENT;
    dhcp_states_release(client);
    int error = dhcp_wait(device, MACHINE_NEVER);
    return error == -EINTR ? error : 0;
}

enum dhcp_state dhcp_state(const struct net_device *device)
{
    const struct dhcp_client *client = find_client(device);
    return client ? client->state : DHCP_OFF;
}
