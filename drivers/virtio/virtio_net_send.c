// SPDX-License-Identifier: MIT
//
// virtio_net, sending: packets go into the queue as they are, and are freed when the device
// has sent them.
//
// The device does not interrupt for what it has sent: its queue is looked through when
// something else is done anyway, and by a timer at the latest, since what was sent may be
// pages of somebody's. Only a full queue asks for an interrupt, so that what waits can go on.
// Chapter 20.
#include "drivers/virtio/virtio_net_parts.h"
#include "error.h"
#include "string.h"

enum { REAP_AT = 32 }; // packets in the queue: then it is looked for those that have been sent

#define REAP_PERIOD_NS 20000000ull

// Called with an empty-handed collect, the queue would ask for an interrupt.
void virtio_net_reap(struct net_card *card)
{
    struct packet *packet;
    uint32_t length;
    while (virtqueue_has_used(card->send) &&
           (packet = virtqueue_collect(card->send, &length)))
        packet_put(packet);
    if (card->is_full && !virtqueue_is_full(card->send)) {
        card->is_full = false;
        netdev_has_room(&card->net);
    }
}

// Between threads: the queue was full, and asked to be told when it is not.
void virtio_net_sent(struct virtqueue *queue)
{
    netdev_begin_batch();
    virtio_net_reap(queue->device->data);
    netdev_end_batch();
}

static void reap_again(struct timer *timer)
{
    struct net_card *card = container_of(timer, struct net_card, reap);
    virtio_net_reap(card);
    if (virtqueue_in_flight(card->send) > 0)
        timer_start(timer, timer_deadline_after(REAP_PERIOD_NS), reap_again);
}

// Once more, asking for an interrupt if nothing has been sent meanwhile. Whether something
// was.
static bool make_room(struct net_card *card)
{
    struct packet *packet;
    uint32_t length;
    bool is_made = false;
    virtqueue_notify(card->send); // it may not know of what fills the queue
    while ((packet = virtqueue_collect(card->send, &length))) {
        packet_put(packet);
        is_made = true;
    }
    return is_made;
}

// What the device is to do with the frame (virtio 1.2, 5.1.6.2).
static void fill_header(struct virtio_net_header *header, const struct packet *packet,
                        const uint8_t *frame)
{
    *header = (struct virtio_net_header){0};
    if (packet->checksum != PACKET_CHECKSUM_PARTIAL)
        return;
    size_t start = (size_t)(packet->network - frame) + packet->checksum_start;
    header->flags = NET_HEADER_NEEDS_CSUM;
    header->checksum_start = (le16)start;
    header->checksum_offset = packet->checksum_offset;
    if (packet->segment_size == 0)
        return;
    header->gso_type = NET_GSO_TCPV4;
    header->gso_size = packet->segment_size;
    // Behind the TCP header, whose length is in the upper half of its byte 12.
    header->headers_size = (le16)(start + (size_t)(frame[start + 12] >> 4) * 4);
}

// How many pieces, or 0: more than the queue takes.
static unsigned list_segments(struct net_card *card, const struct packet *packet)
{
    struct segment *segment = card->segments, *end = segment + card->segments_max;
    for (; packet; packet = packet->more) {
        if (packet->size == 0)
            continue;
        if (segment == end)
            return 0;
        *segment++ = (struct segment){packet->data, packet->size};
    }
    return (unsigned)(segment - card->segments);
}

// A packet of very many pieces is copied together.
static __attribute__((noinline)) unsigned gather(struct net_card *card, struct packet *packet)
{
    size_t all = packet->total < PACKET_ROOM_MAX ? packet->total : PACKET_ROOM_MAX;
    return packet_pull_up(packet, all) ? list_segments(card, packet) : 0;
}

// What is not given to the device at once: one of too many pieces, one that finds no room.
static __attribute__((noinline)) int submit_again(struct net_card *card, struct packet *packet,
                                                  unsigned count, int error)
{
    if (count == 0) {
        count = gather(card, packet);
        error = count == 0 ? -ENOMEM
                           : virtqueue_submit(card->send, card->segments, count, 0, packet);
    }
    if (error == -EBUSY && make_room(card))
        error = virtqueue_submit(card->send, card->segments, count, 0, packet);
    if (error == -EBUSY) {
        packet_pull(packet, sizeof(struct virtio_net_header));
        card->is_full = true;
    } else if (error) {
        packet_put(packet);
    }
    return error;
}

static int transmit(struct net_device *device, struct packet *packet)
{
    struct net_card *card = net_card_of(device);
    if (virtqueue_in_flight(card->send) >= REAP_AT)
        virtio_net_reap(card);

    const uint8_t *frame = packet->data;
    fill_header(packet_push(packet, sizeof(struct virtio_net_header)), packet, frame);
    unsigned count = list_segments(card, packet);
    int error = count == 0 ? -ENOMEM
                           : virtqueue_submit(card->send, card->segments, count, 0, packet);
    return error == 0 ? 0 : submit_again(card, packet, count, error);
}

static void start(struct net_device *device)
{
    struct net_card *card = net_card_of(device);
    virtqueue_notify(card->send);
    if (virtqueue_in_flight(card->send) > 0 && !timer_is_running(&card->reap))
        timer_start(&card->reap, timer_deadline_after(REAP_PERIOD_NS), reap_again);
}

void virtio_net_send_stop(struct net_card *card)
{
    struct packet *packet;
    timer_stop(&card->reap);
    while ((packet = virtqueue_abandon(card->send)))
        packet_put(packet);
}

const struct net_operations virtio_net_operations = {.transmit = transmit, .start = start};
