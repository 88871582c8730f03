// SPDX-License-Identifier: MIT
//
// virtio_net, receiving: buffers wait at the device, come back with frames, and go up.
//
// A buffer is a packet's piece: what the device writes is not copied again. A long frame fills
// several with MRG_RXBUF, which then are the packet's pieces. New buffers are given many at a
// time; where memory is out, later; and more of them from then on when most were used at once.
// The header says how many buffers there are, which checksums hold, and whether this was
// several segments: nothing of that is taken on trust.
// Chapter 20.
#include "cmdline.h"
#include "drivers/virtio/virtio_net_parts.h"
#include "machine.h"
#include "page.h"

enum {
    BUFFER_OFFSET = 2,       // so that an IPv4 header lies at a multiple of four:
                             // 2 + 12 (ours) + 14 (Ethernet) = 28
    BUFFERS_MIN = 8,
    BUFFERS_AT_FIRST = 64,
    PAGES_PER_BUFFER = 32,   // free ones: more than a buffer for so many is too much
    FRAMES_AT_ONCE = 256,    // then threads have a turn
};

#define REFILL_AGAIN_NS 10000000ull

// ---- Buffers for the device -------------------------------------------------------------

// False: no memory.
static bool give_buffer(struct net_card *card)
{
    struct packet *packet = packet_alloc(BUFFER_OFFSET, PACKET_ROOM);
    if (!packet)
        return false;
    // A multiple of eight: where a frame goes on in the next buffer, its bytes lie as before
    // for whoever copies them word by word.
    const struct segment segment = {packet->data, (packet->room - BUFFER_OFFSET) & ~7u};
    if (virtqueue_submit(card->receive, &segment, 0, 1, packet) == 0)
        return true;
    packet_put(packet);
    return false;
}

static void refill_again(struct timer *timer);

// The device is told once. Without memory, a timer tries again.
static void refill(struct net_card *card)
{
    struct virtqueue *queue = card->receive;
    bool is_given = true;
    while (is_given && virtqueue_in_flight(queue) < card->buffers_wanted)
        is_given = give_buffer(card);
    virtqueue_notify(queue);
    if (!is_given && !card->device->broken && !timer_is_running(&card->refill))
        timer_start(&card->refill, timer_deadline_after(REFILL_AGAIN_NS), refill_again);
}

static void refill_again(struct timer *timer)
{
    refill(container_of(timer, struct net_card, refill));
}

// ---- Frames from the device -------------------------------------------------------------

// Puts the other buffers of a frame behind the first. False: the device has lied.
static __attribute__((noinline)) bool add_buffers(struct net_card *card, struct packet *packet,
                                                  unsigned buffers)
{
    if (buffers == 0 || buffers > card->receive->size) {
        virtio_break(card->device, "a frame in %u buffers of %u", buffers, card->receive->size);
        return false;
    }
    struct packet *last = packet;
    for (unsigned count = buffers - 1; count > 0; count--) {
        uint32_t length;
        struct packet *piece = virtqueue_collect(card->receive, &length);
        if (!piece) {
            virtio_break(card->device, "a frame lacks %u of its buffers", count);
            return false;
        }
        piece->size = length;
        packet->total += length;
        last = last->more = piece;
    }
    return true;
}

// The frame that begins in this buffer, in one packet, virtio's header first. NULL: the
// device has lied and is given up.
static struct packet *collect_frame(struct net_card *card, struct packet *packet,
                                    uint32_t length)
{
    const struct virtio_net_header *header = (const void *)packet->data;
    packet->size = packet->total = length;
    bool is_whole = length >= sizeof(*header);
    if (!is_whole)
        virtio_break(card->device, "a frame of %u bytes, its own header has %zu",
                     (unsigned)length, sizeof(*header));
    if (is_whole && virtio_has(card->device, NET_F_MRG_RXBUF) && header->buffers != 1)
        is_whole = add_buffers(card, packet, header->buffers);
    if (is_whole)
        return packet;
    packet_put(packet);
    return NULL;
}

// What the device says of the checksum. False: that makes no sense.
static bool take_checksum(const struct net_card *card, struct packet *packet,
                          const struct virtio_net_header *header)
{
    unsigned claims = header->flags & (NET_HEADER_NEEDS_CSUM | NET_HEADER_DATA_VALID);
    if (claims == 0)
        return true;
    if (!virtio_has(card->device, NET_F_GUEST_CSUM))
        return false;
    // Half a checksum is in a frame that has never been on a wire: nothing can be wrong.
    if ((claims & NET_HEADER_NEEDS_CSUM) &&
        header->checksum_start + header->checksum_offset + sizeof(be16) > packet->total)
        return false;
    packet->checksum = PACKET_CHECKSUM_VALID;
    return true;
}

// Whether this was several segments.
static bool take_segmentation(const struct net_card *card, struct packet *packet,
                              const struct virtio_net_header *header)
{
    unsigned type = header->gso_type & ~NET_GSO_ECN;
    if (type == NET_GSO_NONE)
        return true;
    packet->segment_size = header->gso_size;
    return type == NET_GSO_TCPV4 && header->gso_size > 0 &&
           virtio_has(card->device, NET_F_GUEST_TSO4);
}

static void receive_frame(struct net_card *card, struct packet *packet)
{
    const struct virtio_net_header *header = (const void *)packet->data;
    packet_pull(packet, sizeof(*header));
    if (packet->total > NET_FRAME_MAX || !take_checksum(card, packet, header) ||
        !take_segmentation(card, packet, header)) {
        card->net.received.errors++;
        packet_put(packet);
        return;
    }
    netdev_receive(&card->net, packet);
}

// Most buffers were used at once: from now on there are twice as many, if there may be.
static void want_more(struct net_card *card)
{
    if (card->buffers_wanted <= card->buffers_max / 2)
        card->buffers_wanted *= 2;
}

static void resume(struct timer *timer)
{
    virtio_net_received(container_of(timer, struct net_card, resume)->receive);
}

// Between threads. What the frames led to is sent together at the end.
void virtio_net_received(struct virtqueue *queue)
{
    struct net_card *card = queue->device->data;
    struct packet *packet;
    uint32_t length;
    unsigned left = FRAMES_AT_ONCE;
    unsigned few = card->buffers_wanted / 4u * 3;
    uint64_t before = queue->counters.completions;

    netdev_begin_batch();
    while (left > 0 && (packet = virtqueue_collect(queue, &length))) {
        packet = collect_frame(card, packet, length);
        if (!virtqueue_has_used(queue))
            netdev_last_of_batch();
        if (packet)
            receive_frame(card, packet);
        if (virtqueue_in_flight(queue) <= few && !timer_is_running(&card->refill))
            refill(card);
        left--;
    }
    if (queue->counters.completions - before >= few)
        want_more(card);
    if (left == 0 && !timer_is_running(&card->resume))
        timer_start(&card->resume, machine_clock_ns(), resume);
    virtio_net_reap(card);
    netdev_end_batch();
}

// As many buffers as the machine can well do without.
void virtio_net_receive_start(struct net_card *card)
{
    struct page_statistics pages;
    page_statistics(&pages);
    uint64_t wanted = cmdline_number("virtio_net.buffers", pages.free / PAGES_PER_BUFFER);
    if (wanted < BUFFERS_MIN)
        wanted = BUFFERS_MIN;
    if (wanted > card->receive->size)
        wanted = card->receive->size;
    card->buffers_max = (uint16_t)wanted;
    while (wanted > BUFFERS_AT_FIRST)
        wanted /= 2;
    card->buffers_wanted = (uint16_t)wanted;
    refill(card);
}

void virtio_net_receive_stop(struct net_card *card)
{
    struct packet *packet;
    timer_stop(&card->refill);
    timer_stop(&card->resume);
    while ((packet = virtqueue_abandon(card->receive)))
        packet_put(packet);
}
