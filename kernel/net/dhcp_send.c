// SPDX-License-Identifier: MIT
//
// What a DHCP client says: which of the four facts (its address, the one it wants, the server
// it means, its name) stand in a message is RFC 2131, 4.3.2 and 4.4.1, tables 4 and 5.
//
//   dhcp_send(client, DHCP_REQUEST)
//
// Chapter 22.
#include "dhcp_client.h"
#include "error.h"
#include "print.h"

// A server is asked itself for more time, and told itself that the lease ends; all else is
// for any server.
static be32 receiver_of(const struct dhcp_client *client)
{
    bool one = client->state == DHCP_RENEWING || client->state == DHCP_RELEASING;
    return one ? client->lease.server : IPV4(255, 255, 255, 255);
}

static struct dhcp_request compose(const struct dhcp_client *client, enum dhcp_type type)
{
    bool has_address = client->state == DHCP_RENEWING || client->state == DHCP_REBINDING ||
                       client->state == DHCP_RELEASING;
    bool wants = type == DHCP_DECLINE || (type == DHCP_REQUEST && !has_address);
    bool means_one = client->state == DHCP_REQUESTING || type == DHCP_DECLINE ||
                     type == DHCP_RELEASE;
    return (struct dhcp_request){
        .type = (uint8_t)type,
        .xid = client->xid,
        .seconds = client->seconds,
        .mac = client->device->mac,
        .client = has_address ? client->lease.address : 0,
        .wanted = wants ? client->lease.address : 0,
        .server = means_one ? client->lease.server : 0,
        .hostname = client->hostname,
        .message = type == DHCP_DECLINE   ? "address in use"
                   : type == DHCP_RELEASE ? "no longer needed"
                                          : NULL,
    };
}

// What cannot be sent counts as lost, and what is lost is said again.
void dhcp_send(struct dhcp_client *client, enum dhcp_type type)
{
    if (client->state != DHCP_REQUESTING) // as in what was offered for (RFC 2131, 3.1, 3)
        client->seconds = (uint16_t)((client->sent_ns - client->started_ns) / DHCP_SECOND);
    struct dhcp_request request = compose(client, type);
    struct os_address to = address_ipv4(receiver_of(client), DHCP_SERVER_PORT);
    struct packet *packet = packet_alloc(PACKET_HEADROOM, DHCP_REQUEST_MAX);
    if (!packet)
        return;
    uint8_t *bytes = packet_extend(packet, DHCP_REQUEST_MAX);
    packet_trim(packet, dhcp_message_write(bytes, &request));
    int error = udp_send(&client->port, packet, &to);
    if (error)
        log_debug("%s: DHCP: not sent: %s", client->device->name, error_text(error));
}
