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
    struct packet *packet;
    size_t network, transport; // offsets of these headers
    size_t headers;            // bytes of all of them
    uint32_t sequence;         // of the next byte of data
    uint16_t id;               // of the next segment's IP header
    // Sums of the headers, without what differs from segment to segment:
    uint64_t network_sum, pseudo_sum, transport_sum;
    struct packet *piece;      // where the next data lies
    size_t piece_offset;
};

// What takes a word of 16 bits out of a sum.
static uint16_t without(be16 word)
{
    return (uint16_t)~word;
}

// The checksum's field of TCP has the sum of the pseudo header in it, with the length of all
// of the data.
static void sum_headers(struct cutting *cutting, const uint8_t *network,
                        const uint8_t *transport)
{
    uint64_t no_length =
        without(to_be16((uint16_t)(cutting->packet->total - cutting->transport)));
    cutting->network_sum = checksum_add(0, network, (size_t)(transport - network)) +
                           without(field_get(network + IP_LENGTH)) +
                           without(field_get(network + IP_ID)) +
                           without(field_get(network + IP_CHECKSUM));
    cutting->pseudo_sum = field_get(transport + TCP_CHECKSUM) + no_length;
    cutting->transport_sum =
        checksum_add(no_length, transport, cutting->headers - cutting->transport) +
        without(field_get(transport + TCP_SEQUENCE)) +
        without(field_get(transport + TCP_SEQUENCE + 2)) +
        without(field_get(transport + TCP_DATA_OFFSET));
}

// False: it is no TCP packet with all headers in its first piece.
static bool measure(struct cutting *cutting, struct packet *packet)
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
    if (tcp_header < TCP_HEADER_MIN || cutting->headers > packet->size ||
        cutting->headers > PACKET_HEADROOM)
        return false;
    sum_headers(cutting, network, transport);
    return true;
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
        struct packet *data = packet_share(cutting->piece, cutting->piece_offset, part);
        if (!data)
            return false;
        packet_append(segment, data);
        cutting->piece_offset += part;
        size -= part;
    }
    return true;
}

// What the headers say of this segment, and their checksums. Where the device sums up the data,
// the TCP one is left as it was: the pseudo header's.
static void fill_headers(const struct cutting *cutting, struct packet *segment, size_t size,
                         bool device_sums)
{
    uint8_t *network = segment->network, *transport = segment->transport;
    be16 length = to_be16((uint16_t)(segment->total - cutting->network));
    be16 id = to_be16(cutting->id);
    be16 high = to_be16((uint16_t)(cutting->sequence >> 16));
    be16 low = to_be16((uint16_t)cutting->sequence);
    field_set(network + IP_LENGTH, length);
    field_set(network + IP_ID, id);
    field_set(network + IP_CHECKSUM, checksum_finish(cutting->network_sum + length + id));
    field_set(transport + TCP_SEQUENCE, high);
    field_set(transport + TCP_SEQUENCE + 2, low);

    be16 transport_length = to_be16((uint16_t)(segment->total - cutting->transport));
    uint8_t *field = transport + TCP_CHECKSUM;
    if (device_sums) {
        field_set(field, (be16)~checksum_finish(cutting->pseudo_sum + transport_length));
        segment->checksum = PACKET_CHECKSUM_PARTIAL;
        return;
    }
    uint64_t sum = cutting->transport_sum + transport_length + high + low +
                   field_get(transport + TCP_DATA_OFFSET);
    field_set(field, checksum_finish(checksum_packet(sum, segment->more, 0, size)));
}

// The headers as they are, at the same distance from a multiple of eight, so that words are
// copied.
static struct packet *copy_headers(const struct cutting *cutting)
{
    const struct packet *packet = cutting->packet;
    size_t lead = packet_headroom(packet) % 8;
    struct packet *segment = packet_alloc(PACKET_HEADROOM - 8 + lead, cutting->headers);
    if (!segment)
        return NULL;
    uint8_t *headers = packet_extend(segment, cutting->headers);
    memcpy(headers - lead, packet->data - lead, lead + cutting->headers);
    segment->network = headers + cutting->network;
    segment->transport = headers + cutting->transport;
    segment->device = packet->device;
    segment->checksum_start = packet->checksum_start;
    segment->checksum_offset = packet->checksum_offset;
    return segment;
}

// The segment with the next `size` bytes of data, or NULL.
static struct packet *cut(struct cutting *cutting, size_t size, bool is_first, bool is_last)
{
    struct packet *segment = copy_headers(cutting);
    if (!segment)
        return NULL;
    if (!add_data(cutting, segment, size)) {
        packet_put(segment);
        return NULL;
    }
    if (!is_last)
        segment->transport[TCP_FLAGS] &= (uint8_t)~(TCP_FIN | TCP_PSH);
    if (!is_first)
        segment->transport[TCP_FLAGS] &= (uint8_t)~TCP_CWR; // RFC 3168, 6.1.2: once a window
    fill_headers(cutting, segment, size, segment->device->can_checksum);
    cutting->sequence += (uint32_t)size;
    cutting->id++;
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
        struct packet *segment = cut(&cutting, size, done == 0, done + size == total);
        if (!segment) {
            device->sent.dropped++;
            break;
        }
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
