// SPDX-License-Identifier: MIT
//
// ARP: which Ethernet address an IPv4 address has (RFC 826).
//
//   "who has 10.0.2.2? tell 10.0.2.15"       a request, to everybody
//   "10.0.2.2 is at 52:55:0a:00:02:02"       the reply, to who asked
//
// Here are the messages: checked, compared with our own addresses (arp_address.c), learned from
// (arp_cache.c), answered. Anybody on the link can send anything, and ARP believes: so only
// those are believed whom we have asked, or who ask for us.
// Chapter 20.
#include "arp.h"

#include "net/arp_parts.h"
#include "string.h"

enum { HARDWARE_ETHERNET = 1 };

void arp_transmit(struct net_device *device, enum arp_operation operation, be32 sender,
                  const uint8_t target_mac[MAC_SIZE], be32 target, const uint8_t *to)
{
    struct packet *packet = packet_alloc(PACKET_HEADROOM, sizeof(struct arp_message));
    if (!packet)
        return; // as if it was lost on the way
    struct arp_message *message = packet_extend(packet, sizeof(*message));
    message->hardware = to_be16(HARDWARE_ETHERNET);
    message->protocol = to_be16(ETHERNET_IPV4);
    message->hardware_size = MAC_SIZE;
    message->protocol_size = sizeof(sender);
    message->operation = to_be16((uint16_t)operation);
    memcpy(message->sender_mac, device->mac, MAC_SIZE);
    memcpy(message->sender_ip, &sender, sizeof(sender));
    memcpy(message->target_mac, target_mac, MAC_SIZE);
    memcpy(message->target_ip, &target, sizeof(target));
    ethernet_send(device, packet, to, ETHERNET_ARP);
}

// Nobody's: 0.x.x.x but for 0 itself, which is for probes; loopback, groups, everybody.
static bool is_possible_sender(be32 ip)
{
    unsigned first = ip & 0xff;
    return ip == 0 || (first != 0 && first != 127 && first < 224);
}

// RFC 826, "Packet Reception". False: it is no message for us to understand.
static bool parse(const struct packet *packet, struct arp_heard *heard)
{
    const struct arp_message *message = (const void *)packet->data;
    if (packet->size < sizeof(*message) ||
        message->hardware != to_be16(HARDWARE_ETHERNET) ||
        message->protocol != to_be16(ETHERNET_IPV4) || message->hardware_size != MAC_SIZE ||
        message->protocol_size != sizeof(be32))
        return false;
    uint16_t operation = from_be16(message->operation);
    heard->is_request = operation == ARP_REQUEST;
    heard->mac = message->sender_mac;
    memcpy(&heard->sender, message->sender_ip, sizeof(heard->sender));
    memcpy(&heard->target, message->target_ip, sizeof(heard->target));
    bool is_group = message->sender_mac[0] & 1;
    return (operation == ARP_REQUEST || operation == ARP_REPLY) && !is_group &&
           is_possible_sender(heard->sender);
}

static void receive(struct net_device *device, struct packet *packet)
{
    struct arp_heard heard;
    if (!parse(packet, &heard)) {
        device->received.errors++;
    } else if (memcmp(heard.mac, device->mac, MAC_SIZE) != 0 && // our own, come back
               arp_address_heard(device, &heard)) {
        be32 ours = arp_address(device);
        bool asks_for_us = heard.is_request && ours && heard.target == ours;
        if (heard.sender)
            arp_cache_learn(device, &heard, asks_for_us);
        if (asks_for_us)
            arp_transmit(device, ARP_REPLY, ours, heard.mac, heard.sender, heard.mac);
    }
    packet_put(packet);
}

static void link_changed(struct net_listener *listener, struct net_device *device)
{
    (void)listener;
    if (!device->has_ethernet)
        return;
    arp_cache_link(device);
    arp_address_link(device);
}

void arp_init(void)
{
    static struct net_listener listener = {.changed = link_changed};
    arp_cache_init();
    netdev_listen(&listener);
}

const struct ethernet_protocol arp_protocol = {
    .name = "arp", .type = ETHERNET_ARP, .receive = receive};
