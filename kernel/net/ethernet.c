// SPDX-License-Identifier: MIT
//
// Ethernet II frames: who they are for, and which protocol is inside (IEEE 802.3, 3; RFC 894).
//
//   ethernet_init(protocols)              once: the table of those above, ends with NULL
//   ethernet_attach(device)               from here on its frames come to us
//   ethernet_send(device, packet, to, type)
//
// A frame is destination, source, type, and up to `mtu` bytes. Devices keep the checksum at
// its end to themselves.
// Chapter 20.
#include "ethernet.h"

#include "format.h"

enum { FIRST_TYPE = 0x600 }; // below it is a length, of frames that we do not speak

const uint8_t ethernet_broadcast[MAC_SIZE] __attribute__((aligned(2))) = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static struct {
    const struct ethernet_protocol *const *protocols;
} ethernet;

void ethernet_init(const struct ethernet_protocol *const *protocols)
{
    ethernet.protocols = protocols;
}

// Six bytes, copied and compared in place: for every frame, calls would cost more.
struct mac {
    uint8_t bytes[MAC_SIZE];
};

static inline void copy_mac(uint8_t *to, const uint8_t *from)
{
    *(struct mac *)to = *(const struct mac *)from;
}

// Both at even addresses.
static inline bool is_same_mac(const uint8_t *a, const uint8_t *b)
{
    const uint16_t *left = (const void *)a, *right = (const void *)b;
    return left[2] == right[2] && left[1] == right[1] && left[0] == right[0];
}

static const struct ethernet_protocol *find_protocol(uint16_t type)
{
    const struct ethernet_protocol *const *at = ethernet.protocols;
    while (at && *at && (*at)->type != type)
        at++;
    return at ? *at : NULL;
}

// Drops what is not for us without a word: a switch floods whatever it has not learned.
static void receive(struct net_device *device, struct packet *packet)
{
    const struct ethernet_header *header = (const void *)packet->data;
    if (packet->size < sizeof(*header)) {
        device->received.errors++;
        packet_put(packet);
        return;
    }
    const struct ethernet_protocol *protocol = find_protocol(from_be16(header->type));
    bool is_group = header->destination[0] & 1;
    packet->is_broadcast = is_group && is_same_mac(header->destination, ethernet_broadcast);
    packet->is_multicast = is_group && !packet->is_broadcast;
    if (!protocol || (!is_group && !is_same_mac(header->destination, device->mac))) {
        device->received.dropped++;
        packet_put(packet);
        return;
    }
    packet_pull(packet, sizeof(*header));
    protocol->receive(device, packet);
}

void ethernet_attach(struct net_device *device)
{
    device->receive = receive;
}

void ethernet_send(struct net_device *device, struct packet *packet,
                   const uint8_t to[MAC_SIZE], uint16_t type)
{
    struct ethernet_header *header = packet_push(packet, sizeof(*header));
    copy_mac(header->destination, to);
    copy_mac(header->source, device->mac);
    header->type = to_be16(type);
    netdev_transmit(device, packet);
}

const char *ethernet_print(const uint8_t mac[MAC_SIZE], char text[MAC_TEXT_SIZE])
{
    snprintf(text, MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
             mac[3], mac[4], mac[5]);
    return text;
}
