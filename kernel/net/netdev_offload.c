// SPDX-License-Identifier: MIT
//
// What a network device would do and this one cannot: checksums completed, large TCP packets
// cut into segments.
//
// A segment is a copy of the headers, with what differs from one to the next changed in place,
// and a share of the data: nothing of that is copied. Layouts: RFC 791, 3.1; RFC 9293, 3.1.
// Chapter 20.
#include "netdev_offload.h"

#include "checksum.h"
#include "endian.h"
#include "string.h"

// Fields of the headers, by their offsets. Everything is read and written at any address.
enum { IP_LENGTH = 2, IP_ID = 4, IP_CHECKSUM = 10 };
enum { TCP_SEQUENCE = 4, TCP_DATA_OFFSET = 12, TCP_FLAGS = 13, TCP_CHECKSUM = 16 };
enum { TCP_FIN = 0x01, TCP_PSH = 0x08, TCP_CWR = 0x80 };
enum { IP_HEADER_MIN = 20, TCP_HEADER_MIN = 20 };

static void drop(struct net_device *device, struct packet *packet)
{
    device->sent.errors++;
    packet_put(packet);
}

// Fields at any address, as they lie there.
struct field {
    be16 value;
} __attribute__((packed));

static inline be16 field_get(const uint8_t *at)
{
    return ((const struct field *)at)->value;
}

static inline void field_set(uint8_t *at, be16 value)
{
    ((struct field *)at)->value = value;
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
    field_set(packet->data + field, checksum == 0 ? (be16)0xffff : checksum);
    packet->checksum = PACKET_CHECKSUM_NONE;
    return true;
}

// ---- Segments ---------------------------------------------------------------------------

// A large packet on its way to become small ones.
struct cutting {
    const struct packet *packet;
    size_t network, transport; // offsets of these headers
    size_t headers;            // bytes of all of them
    uint32_t sequence;         // of the first byte of data
    uint16_t id;               // of the first segment's IP header
    be16 pseudo_length;        // of the TCP part of all: in the pseudo header's sum
    const struct packet *piece; // where the next data lies
    size_t piece_offset;
};

// False: it is no TCP packet with all headers in its first piece.
static bool measure(struct cutting *cutting, const struct packet *packet)
{
    const uint8_t *network = packet->network, *transport = packet->transport;
    const uint8_t *end = packet->data + packet->size;
    if (packet->checksum != PACKET_CHECKSUM_PARTIAL || network < packet->data ||
        transport < network + IP_HEADER_MIN || transport + TCP_HEADER_MIN > end)
        return false;
    size_t tcp_header = (size_t)(transport[TCP_DATA_OFFSET] >> 4) * 4;
    *cutting = (struct cutting){
        .packet = packet,
        .network = (size_t)(network - packet->data),
        .transport = (size_t)(transport - packet->data),
        .headers = (size_t)(transport - packet->data) + tcp_header,
        .sequence = be32_read(transport + TCP_SEQUENCE),
        .id = be16_read(network + IP_ID),
        .piece = packet,
    };
    cutting->piece_offset = cutting->headers;
    cutting->pseudo_length = to_be16((uint16_t)(packet->total - cutting->transport));
    return tcp_header >= TCP_HEADER_MIN && cutting->headers <= packet->size &&
           cutting->headers <= PACKET_HEADROOM;
}

// Shares of the next `size` bytes of data. False: no memory.
static bool add_data(struct cutting *cutting, struct packet *segment, size_t size)
{
    while (size > 0) {
        size_t left = cutting->piece->size - cutting->piece_offset;
        if (left == 0) {
            cutting->piece = cutting->piece->more;
            cutting->piece_offset = 0;
            continue;
        }
        size_t part = size < left ? size : left;
        // The count of references is all that changes.
        struct packet *data =
            packet_share((struct packet *)cutting->piece, cutting->piece_offset, part);
        if (!data)
            return false;
        packet_append(segment, data);
        cutting->piece_offset += part;
        size -= part;
    }
    return true;
}

// What the headers say of this segment. The sum of the pseudo header has the length of all of
// the data in it: that goes out, this one's comes in.
static void fill_headers(const struct cutting *cutting, struct packet *segment, size_t done,
                         bool is_last)
{
    uint8_t *network = segment->data + cutting->network;
    uint8_t *transport = segment->data + cutting->transport;
    unsigned number = (unsigned)(done / cutting->packet->segment_size);

    be16_write(network + IP_LENGTH, (uint16_t)(segment->total - cutting->network));
    be16_write(network + IP_ID, (uint16_t)(cutting->id + number));
    field_set(network + IP_CHECKSUM, 0);
    field_set(network + IP_CHECKSUM,
              checksum_finish(checksum_add(0, network, (size_t)(transport - network))));
    be32_write(transport + TCP_SEQUENCE, cutting->sequence + (uint32_t)done);
    if (!is_last)
        transport[TCP_FLAGS] &= (uint8_t)~(TCP_FIN | TCP_PSH);
    if (done > 0)
        transport[TCP_FLAGS] &= (uint8_t)~TCP_CWR; // RFC 3168, 6.1.2: once for a window

    be16 length = to_be16((uint16_t)(segment->total - cutting->transport));
    uint8_t *field = transport + TCP_CHECKSUM;
    uint64_t sum = (uint64_t)field_get(field) + (uint16_t)~cutting->pseudo_length + length;
    field_set(field, (be16)~checksum_finish(sum));
}

// The segment with the data from `done` on, or NULL.
static struct packet *cut(struct cutting *cutting, size_t done, size_t size, bool is_last)
{
    const struct packet *packet = cutting->packet;
    struct packet *segment = packet_alloc(PACKET_HEADROOM, cutting->headers);
    if (!segment)
        return NULL;
    memcpy(packet_extend(segment, cutting->headers), packet->data, cutting->headers);
    if (!add_data(cutting, segment, size)) {
        packet_put(segment);
        return NULL;
    }
    segment->device = packet->device;
    segment->network = segment->data + cutting->network;
    segment->transport = segment->data + cutting->transport;
    segment->checksum = PACKET_CHECKSUM_PARTIAL;
    segment->checksum_start = packet->checksum_start;
    segment->checksum_offset = packet->checksum_offset;
    fill_headers(cutting, segment, done, is_last);
    return segment;
}

// A segment that cannot be made is lost like one on the wire, and so are those behind it.
static void send_segments(struct net_device *device, struct packet *packet)
{
    struct cutting cutting;
    if (!measure(&cutting, packet)) {
        drop(device, packet);
        return;
    }
    size_t total = packet->total - cutting.headers, step = packet->segment_size;
    for (size_t done = 0; done < total; done += step) {
        size_t size = total - done < step ? total - done : step;
        struct packet *segment = cut(&cutting, done, size, done + size == total);
        if (!segment) {
            device->sent.dropped++;
            break;
        }
        if (!device->can_checksum)
            complete_checksum(segment);
        netdev_transmit_ready(device, segment);
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
