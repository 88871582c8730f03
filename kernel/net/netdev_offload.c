// SPDX-License-Identifier: MIT
//
// What a network device would do and this one cannot: checksums completed, large TCP packets
// cut into segments.
//
// A segment is a copy of the headers, with what differs from one to the next filled in, and a
// share of the data: nothing of that is copied. What all segments have is summed up once.
// Layouts: RFC 791, 3.1; RFC 9293, 3.1. Chapter 20.
#include "netdev_offload.h"

#include "checksum.h"
#include "string.h"

enum { TCP_FIN = 0x01, TCP_PSH = 0x08 };

static void drop(struct net_device *device, struct packet *packet)
{
    device->sent.errors++;
    packet_put(packet);
}

// ---- Checksums --------------------------------------------------------------------------

// The field holds the sum of the pseudo header; the rest is added, and its complement is the
// checksum. UDP sends 65535 where 0 would say that there is none (RFC 768), and for TCP it is
// the same number.
static bool complete_checksum(struct packet *packet)
{
    size_t network = (size_t)(packet->network - packet->data);
    size_t start = network + packet->checksum_start;
    size_t field = start + packet->checksum_offset;
    if (packet->network < packet->data || field + sizeof(be16) > packet->size)
        return false;
    be16 checksum = checksum_finish(checksum_packet(0, packet, start, packet->total - start));
    *(be16 *)(void *)(packet->data + field) = checksum == 0 ? (be16)0xffff : checksum;
    packet->checksum = PACKET_CHECKSUM_NONE;
    return true;
}

// ---- Segments ---------------------------------------------------------------------------

// All headers of a packet, in a struct of fixed size since that is copied fastest: TCP's and
// IP's as large as they may be, the link's directly in front of them.
enum { LINK_ROOM = 16, SEGMENT_HEADROOM = 64 }; // a multiple of eight, and for the driver
struct all_headers {
    uint64_t words[(LINK_ROOM + NETDEV_IP_SIZE + NETDEV_TCP_MAX) / sizeof(uint64_t)];
};

static inline struct netdev_headers *behind_link(struct all_headers *headers)
{
    return (void *)((uint8_t *)headers + LINK_ROOM);
}

// A large packet on its way to become small ones. The headers that all of them have, with zeros
// where they differ; of the TCP checksum, the pseudo header's part without a length.
struct cutting {
    struct packet *packet;
    struct all_headers common;
    size_t headers, tcp_header; // bytes: of all headers, of the last one
    uint8_t flags;              // of TCP, as they were
    uint16_t id;                // of the next segment's IP header
    uint32_t sequence;          // of the next byte of data
    struct packet *piece;       // where that lies
    size_t piece_offset;
    uint16_t network_sum, transport_sum; // of the common headers
};

// Takes out of the headers what will not be the same.
static void make_common(struct cutting *cutting)
{
    struct netdev_headers *headers = behind_link(&cutting->common);
    const struct packet *packet = cutting->packet;
    size_t link = (size_t)(packet->network - packet->data);
    size_t all = packet->total - cutting->headers + cutting->tcp_header;
    memcpy((uint8_t *)headers - link, packet->data, cutting->headers);
    cutting->flags = headers->flags;
    cutting->id = from_be16(headers->id);
    cutting->sequence = from_be32(headers->sequence);
    headers->id = headers->checksum = 0;
    headers->sequence = 0;
    headers->tcp_checksum = checksum_fold((uint64_t)headers->tcp_checksum +
                                          (be16)~to_be16((uint16_t)all));
}

// For the segments with `size` bytes of data each that follow.
static void prepare(struct cutting *cutting, size_t size, uint8_t flags)
{
    struct netdev_headers *headers = behind_link(&cutting->common);
    size_t all = cutting->tcp_header + size;
    headers->length = to_be16((uint16_t)(NETDEV_IP_SIZE + all));
    headers->flags = flags;
    cutting->network_sum = checksum_fold(checksum_add(0, headers, NETDEV_IP_SIZE));
    cutting->transport_sum = checksum_fold(
        checksum_add(to_be16((uint16_t)all), &headers->ports, cutting->tcp_header));
}

// False: it is no TCP packet as we make them, with all headers in its first piece.
static bool measure(struct cutting *cutting, struct packet *packet)
{
    const struct netdev_headers *headers = (const void *)packet->network;
    const uint8_t *end = packet->data + packet->size;
    if (packet->checksum != PACKET_CHECKSUM_PARTIAL || packet->network < packet->data ||
        packet->network + NETDEV_IP_SIZE + NETDEV_TCP_SIZE > end ||
        headers->version != NETDEV_IP_VERSION)
        return false;
    size_t link = (size_t)(packet->network - packet->data);
    size_t tcp_header = (headers->offset >> 4) * 4u;
    cutting->packet = cutting->piece = packet;
    cutting->headers = cutting->piece_offset = link + NETDEV_IP_SIZE + tcp_header;
    cutting->tcp_header = tcp_header;
    if (tcp_header < NETDEV_TCP_SIZE || cutting->headers > packet->size || link > LINK_ROOM)
        return false;
    make_common(cutting);
    return true;
}

// Shares of the next `size` bytes of data. False: no memory.
static bool add_data(struct cutting *cutting, struct packet *segment, size_t size)
{
    struct packet **last = &segment->more;
    segment->total += (uint32_t)size;
    while (size > 0) {
        size_t left = cutting->piece->size - cutting->piece_offset;
        if (left == 0) {
            cutting->piece = cutting->piece->more;
            cutting->piece_offset = 0;
            continue;
        }
        size_t part = size < left ? size : left;
        *last = packet_share(cutting->piece, cutting->piece_offset, part);
        if (!*last)
            return false;
        last = &(*last)->more;
        cutting->piece_offset += part;
        size -= part;
    }
    return true;
}

// What the headers say of this segment alone. Where the device sums up the data, the TCP
// checksum is the pseudo header's.
static void fill_headers(const struct cutting *cutting, struct packet *segment, size_t size)
{
    struct netdev_headers *headers = (void *)segment->network;
    headers->id = to_be16(cutting->id);
    headers->checksum = checksum_finish((uint64_t)cutting->network_sum + headers->id);
    headers->sequence = to_be32(cutting->sequence);
    if (segment->device->can_checksum) {
        be16 length = to_be16((uint16_t)(cutting->tcp_header + size));
        headers->tcp_checksum = checksum_fold((uint64_t)headers->tcp_checksum + length);
        segment->checksum = PACKET_CHECKSUM_PARTIAL;
        segment->checksum_start = cutting->packet->checksum_start;
        segment->checksum_offset = cutting->packet->checksum_offset;
        return;
    }
    const struct packet *data = segment->more;
    uint64_t sum = data->more ? checksum_pieces(0, data, 0, size) : checksum_piece(data);
    headers->tcp_checksum = checksum_finish(sum + cutting->transport_sum + headers->sequence);
}

// A packet with nothing else yet.
static struct packet *copy_headers(const struct cutting *cutting)
{
    const struct packet *packet = cutting->packet;
    size_t link = (size_t)(packet->network - packet->data);
    struct packet *segment = packet_alloc(SEGMENT_HEADROOM, sizeof(struct all_headers));
    if (!segment)
        return NULL;
    struct all_headers *all = (void *)segment->data;
    *all = cutting->common;
    segment->network = (uint8_t *)behind_link(all);
    segment->data = segment->network - link;
    segment->size = segment->total = (uint32_t)cutting->headers;
    segment->device = packet->device;
    return segment;
}

// The segment with the next `size` bytes of data, or NULL.
static struct packet *cut(struct cutting *cutting, size_t size)
{
    struct packet *segment = copy_headers(cutting);
    if (!segment)
        return NULL;
    if (!add_data(cutting, segment, size)) {
        packet_put(segment);
        return NULL;
    }
    fill_headers(cutting, segment, size);
    cutting->sequence += (uint32_t)size;
    cutting->id++;
    return segment;
}

// FIN and PSH belong to the last segment. One that cannot be made is lost like one on the wire,
// and so are those behind it.
static void send_segments(struct net_device *device, struct packet *packet)
{
    struct cutting cutting;
    if (!measure(&cutting, packet)) {
        drop(device, packet);
        return;
    }
    size_t left = packet->total - cutting.headers, step = packet->segment_size;
    prepare(&cutting, step, cutting.flags & (uint8_t)~(TCP_FIN | TCP_PSH));
    while (left > 0) {
        if (left <= step) {
            step = left;
            prepare(&cutting, step, cutting.flags);
        }
        struct packet *segment = cut(&cutting, step);
        if (!segment) {
            device->sent.dropped++;
            break;
        }
        netdev_transmit_ready(device, segment);
        left -= step;
    }
    packet_put(packet);
}

void netdev_offload(struct net_device *device, struct packet *packet)
{
    if (packet->segment_size > 0)
        send_segments(device, packet);
    else if (complete_checksum(packet))
        netdev_transmit_ready(device, packet);
    else
        drop(device, packet);
}
