// SPDX-License-Identifier: MIT
//
// virtio_net: a network card behind two queues (virtio 1.2, 5.1).
//
//   choose()    which features: what the command line leaves, and what these need
//   start()     reads what the card is, makes its queues
//   ready()     gives it buffers, makes it a network device
//
// Frames go through virtio_net_receive.c and virtio_net_send.c.
// Chapter 20.
#include "drivers/virtio/virtio_net.h"

#include "cmdline.h"
#include "drivers/virtio/virtio_net_parts.h"
#include "error.h"
#include "heap.h"
#include "print.h"
#include "random.h"

enum { RECEIVE_QUEUE = 0, SEND_QUEUE = 1 };

// Offsets of the configuration's fields (virtio 1.2, 5.1.4).
enum { AT_MAC = 0, AT_STATUS = 6, AT_MTU = 10 };
enum { STATUS_LINK_UP = 1 };

enum {
    MTU_DEFAULT = 1500, // IEEE 802.3, 3.2.7
    MTU_MIN = 68,       // virtio 1.2, 5.1.4.1
};

static const struct {
    const char *word;
    uint64_t feature;
    uint64_t needs; // without these it is of no use
} switches[] = {
    {"virtio_net.mrg", NET_F_MRG_RXBUF, 0},
    {"virtio_net.csum", NET_F_CSUM, 0},
    {"virtio_net.guest_csum", NET_F_GUEST_CSUM, 0},
    {"virtio_net.tso", NET_F_HOST_TSO4, NET_F_CSUM},
    // A packet of 64 KiB in each single buffer would be a waste.
    {"virtio_net.guest_tso", NET_F_GUEST_TSO4, NET_F_GUEST_CSUM | NET_F_MRG_RXBUF},
    {"virtio_net.status", NET_F_STATUS, 0},
    {"virtio_net.mtu", NET_F_MTU, 0},
};

static uint64_t choose(uint64_t offered)
{
    uint64_t chosen = offered;
    for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
        uint64_t needs = switches[i].needs;
        if ((chosen & needs) != needs || !cmdline_number(switches[i].word, 1))
            chosen &= ~switches[i].feature;
    }
    return chosen;
}

// ---- What the card is -------------------------------------------------------------------

// A card without an address gets one that no maker has given: "locally administered".
static int read_mac(struct virtio_device *device, uint8_t mac[MAC_SIZE])
{
    if (!virtio_has(device, NET_F_MAC)) {
        random_bytes(mac, MAC_SIZE);
        mac[0] = (uint8_t)((mac[0] & ~1u) | 2);
        return 0;
    }
    for (unsigned i = 0; i < MAC_SIZE; i++)
        mac[i] = device->transport->config_read8(device, AT_MAC + i);
    if (!(mac[0] & 1))
        return 0;
    char text[MAC_TEXT_SIZE];
    log_error("%s: a card with the address %s, which is a group's. See mac= among the "
              "device's options", device->name, ethernet_print(mac, text));
    return -EINVAL;
}

// What does not fit into a buffer cannot be received, unless a frame may fill several.
static int read_mtu(struct virtio_device *device, uint16_t *mtu)
{
    const uint16_t fits = PACKET_HEADROOM + PACKET_ROOM - sizeof(struct virtio_net_header) -
                          sizeof(struct ethernet_header) - 2;
    *mtu = MTU_DEFAULT;
    if (virtio_has(device, NET_F_MTU))
        *mtu = device->transport->config_read16(device, AT_MTU);
    if (*mtu < MTU_MIN) {
        log_error("%s: an mtu of %u bytes, expected %u or more. See host_mtu= among the "
                  "device's options", device->name, *mtu, MTU_MIN);
        return -EINVAL;
    }
    if (!virtio_has(device, NET_F_MRG_RXBUF) && *mtu > fits)
        *mtu = fits;
    return 0;
}

static int describe(struct virtio_device *device, struct net_card *card)
{
    struct net_device *net = &card->net;
    card->device = device;
    net->operations = &virtio_net_operations;
    net->has_ethernet = true;
    net->can_checksum = virtio_has(device, NET_F_CSUM);
    net->can_segment = virtio_has(device, NET_F_HOST_TSO4);
    net->segment_max = NET_FRAME_MAX;
    net->driver = card;
    unsigned room = virtqueue_segments_max(card->send);
    card->segments_max = room < NET_SEGMENTS_MAX ? room : NET_SEGMENTS_MAX;
    int error = read_mac(device, net->mac);
    return error ? error : read_mtu(device, &net->mtu);
}

static int start(struct virtio_device *device)
{
    struct net_card *card = heap_alloc(sizeof(*card));
    if (!card)
        return -ENOMEM;
    device->data = card; // freed with the device if it does not go live
    int error = virtqueue_create(device, RECEIVE_QUEUE, NET_QUEUE_SIZE, "receive",
                                 virtio_net_received, &card->receive);
    if (!error)
        error = virtqueue_create(device, SEND_QUEUE, NET_QUEUE_SIZE, "transmit",
                                 virtio_net_sent, &card->send);
    if (!error)
        error = describe(device, card);
    if (!error)
        virtqueue_forbid_interrupts(card->send);
    return error;
}

static bool is_link_up(struct virtio_device *device)
{
    return !virtio_has(device, NET_F_STATUS) ||
           (device->transport->config_read16(device, AT_STATUS) & STATUS_LINK_UP);
}

static void ready(struct virtio_device *device)
{
    struct net_card *card = device->data;
    struct net_device *net = &card->net;
    if (netdev_add(net)) {
        virtio_break(device, "it cannot be a network device");
        return;
    }
    char mac[MAC_TEXT_SIZE];
    log_info("%s: %s on %s, mtu %u%s%s", net->name, ethernet_print(net->mac, mac),
             device->name, net->mtu, net->can_checksum ? ", checksums" : "",
             net->can_segment ? ", segments" : "");
    virtio_net_receive_start(card);
    net->link_up = is_link_up(device);
    if (!net->link_up)
        log_warning("%s: the cable is out", net->name);
}

static void config_changed(struct virtio_device *device)
{
    struct net_card *card = device->data;
    netdev_link(&card->net, is_link_up(device));
}

static void broken(struct virtio_device *device)
{
    struct net_card *card = device->data;
    virtio_net_receive_stop(card);
    virtio_net_send_stop(card);
    if (card->net.name[0])
        netdev_gone(&card->net);
}

const struct virtio_driver virtio_net_driver = {
    .name = "virtio_net",
    .id = VIRTIO_NET,
    .wanted = NET_F_CSUM | NET_F_GUEST_CSUM | NET_F_MTU | NET_F_MAC | NET_F_GUEST_TSO4 |
              NET_F_HOST_TSO4 | NET_F_MRG_RXBUF | NET_F_STATUS,
    .choose = choose,
    .start = start,
    .ready = ready,
    .config_changed = config_changed,
    .broken = broken,
};
