// SPDX-License-Identifier: MIT
//
// What the parts of virtio_net share: the card, and what each part offers. Nobody else
// includes it. Chapter 20.
#pragma once

#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtqueue.h"
#include "endian.h"
#include "net/ethernet.h"
#include "net/netdev.h"
#include "timer.h"

// virtio 1.2, 5.1.3
#define NET_F_CSUM       (UINT64_C(1) << 0)
#define NET_F_GUEST_CSUM (UINT64_C(1) << 1)
#define NET_F_MTU        (UINT64_C(1) << 3)
#define NET_F_MAC        (UINT64_C(1) << 5)
#define NET_F_GUEST_TSO4 (UINT64_C(1) << 7)
#define NET_F_HOST_TSO4  (UINT64_C(1) << 11)
#define NET_F_MRG_RXBUF  (UINT64_C(1) << 15)
#define NET_F_STATUS     (UINT64_C(1) << 16)

// In front of every frame, both ways (virtio 1.2, 5.1.6).
struct virtio_net_header {
    uint8_t flags, gso_type;
    le16 headers_size; // a hint: of all headers of what is to be cut
    le16 gso_size;     // data of one segment
    le16 checksum_start, checksum_offset;
    le16 buffers;      // received, with MRG_RXBUF: how many the frame fills
};
_Static_assert(sizeof(struct virtio_net_header) == 12, "virtio 1.2, 5.1.6");
enum { NET_HEADER_NEEDS_CSUM = 1, NET_HEADER_DATA_VALID = 2 };
enum { NET_GSO_NONE = 0, NET_GSO_TCPV4 = 1, NET_GSO_ECN = 0x80 };

enum {
    NET_QUEUE_SIZE = 256,
    NET_FRAME_MAX = 65535 + sizeof(struct ethernet_header), // IPv4's longest
    NET_SEGMENTS_MAX = 64, // pieces of a packet that is sent as it is
};

struct net_card {
    struct net_device net;
    struct virtio_device *device;
    struct virtqueue *receive, *send;
    // Receiving:
    uint16_t buffers_wanted, buffers_max; // that are to be in flight; it grows up to so many
    struct timer refill, resume;
    // Sending:
    bool is_full;          // netdev.c waits for room
    unsigned segments_max; // that a packet may have
    struct timer reap;
    struct segment segments[NET_SEGMENTS_MAX]; // of the packet that is being submitted
};

static inline struct net_card *net_card_of(struct net_device *device)
{
    return container_of(device, struct net_card, net);
}

// ---- virtio_net_receive.c ---------------------------------------------------------------
void virtio_net_received(struct virtqueue *queue);      // the queue's completed()
void virtio_net_receive_start(struct net_card *card);   // gives the first buffers
void virtio_net_receive_stop(struct net_card *card);    // the device is broken

// ---- virtio_net_send.c ------------------------------------------------------------------
extern const struct net_operations virtio_net_operations;
void virtio_net_sent(struct virtqueue *queue);          // the queue's completed()
void virtio_net_reap(struct net_card *card);            // frees what has been sent
void virtio_net_send_stop(struct net_card *card);
