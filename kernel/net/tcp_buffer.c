// SPDX-License-Identifier: MIT
//
// The send buffer: bytes that the user has written and nobody has acknowledged yet.
//
//   tcp_buffer_put(connection, bytes, n)       copied in: the only copy on their way
//   tcp_buffer_attach(connection, packet)      the same without any
//   tcp_buffer_segment(connection, number, n)  a packet with those bytes
//   tcp_buffer_acknowledged(connection)        what is below send.una goes
//
// It is a list of packets, as large as the writes that filled them. A segment shares their
// memory, whatever part of whichever of them it holds; so bytes sent twice are never copied
// either, and their memory goes with the last who needs it. Only small segments are copied,
// which costs less than sharing.
//
// For a device that makes no checksums, what will probably be a segment is summed up as it is
// copied: it costs less than another look at each byte. Where segments turn out otherwise,
// nobody uses the sums. Chapter 23.
#include "checksum.h"
#include "smaller.h"
#include "tcp_parts.h"

enum {
    COPY_MAX = 512,    // bytes of a segment that are copied
    SUM_SEGMENTS = 4,  // that a write fills at least: then they are summed up
};

void tcp_buffer_init(struct tcp_connection *connection, tcp_sequence first)
{
    struct tcp_send *send = &connection->send;
    list_init(&send->pieces);
    send->first = send->end = first;
    send->piece = NULL;
}

uint32_t tcp_buffer_used(const struct tcp_connection *connection)
{
    const struct tcp_send *send = &connection->send;
    tcp_sequence una = sequence_later(send->una, send->first); // not our SYN's number
    return sequence_before(una, send->end) ? (uint32_t)sequence_distance(una, send->end) : 0;
}

// Where memory is short, everybody has a page.
uint32_t tcp_buffer_limit(const struct tcp_connection *connection)
{
    uint32_t limit = connection->send.limit;
    return limit > PACKET_ROOM && tcp_memory_is_short() ? PACKET_ROOM : limit;
}

uint32_t tcp_buffer_room(const struct tcp_connection *connection)
{
    return (uint32_t)excess(tcp_buffer_limit(connection), tcp_buffer_used(connection));
}

// ---- In -----------------------------------------------------------------------------

static void append(struct tcp_connection *connection, struct packet *packet)
{
    list_append(&connection->send.pieces, &packet->link);
    tcp_memory_add(connection, tcp_packet_memory(packet));
}

// The last packet, if there is room behind its bytes that belongs to it alone.
static struct packet *open_packet(struct tcp_connection *connection)
{
    struct list *pieces = &connection->send.pieces;
    if (list_is_empty(pieces))
        return NULL;
    struct packet *packet = container_of(pieces->previous, struct packet, link);
    if (packet->more || packet->lender || packet->release)
        return NULL;
    return packet;
}

// What one packet does not hold, the next does. Small writes get a page, large ones as much as
// there may be in one piece. Its bytes lie as far from a multiple of eight as those that are
// written, so that whole words are copied.
static struct packet *add_packet(struct tcp_connection *connection, size_t headroom,
                                 const void *bytes, size_t size)
{
    size_t lead = headroom + (uintptr_t)bytes % 8;
    struct packet *packet = packet_alloc(lead, size < PACKET_ROOM_MAX ? size : PACKET_ROOM_MAX);
    if (!packet && size > PACKET_ROOM)
        packet = packet_alloc(lead, PACKET_ROOM); // memory is in pieces, or nearly out
    if (packet)
        append(connection, packet);
    return packet;
}

static size_t put(struct tcp_connection *connection, const uint8_t *bytes, size_t size)
{
    struct packet *packet = open_packet(connection);
    size_t count = 0;
    while (count < size) {
        if (packet)
            count += packet_append_bytes(packet, bytes + count, size - count);
        if (count < size && !(packet = add_packet(connection, 0, bytes + count, size - count)))
            break;
    }
    connection->send.end += (uint32_t)count;
    return count;
}

// Whole segments, with their sums, in packets that begin with nothing else: words, or none.
// There is room behind them for one more, which this write begins and the next one completes.
static size_t put_segments(struct tcp_connection *connection, const uint8_t *bytes, size_t size)
{
    struct tcp_send *send = &connection->send;
    size_t count = 0, part = send->mss, filled = (uintptr_t)bytes % 4 == 0 ? part : 0;
    while (filled > 0 && size - count >= part) {
        struct packet *packet =
            add_packet(connection, CHECKSUM_HEADROOM, bytes + count,
                       smaller(size - count, CHECKSUM_PARTS * part) + part);
        filled = packet ? checksum_fill(packet, bytes + count, size - count, part) : 0;
        count += filled;
    }
    send->end += (uint32_t)count;
    return count;
}

// How many bytes the last segment still takes, when all that waits goes in full ones.
static uint32_t missing(const struct tcp_send *send)
{
    if (!sequence_before(send->nxt, send->end))
        return 0;
    uint32_t rest = (uint32_t)sequence_distance(send->nxt, send->end) % send->mss;
    return rest > 0 ? send->mss - rest : 0;
}

static bool wants_sums(const struct tcp_connection *connection, size_t size)
{
    uint32_t mss = connection->send.mss; // 0: not known yet
    if (mss == 0 || mss % 4 != 0 || size < SUM_SEGMENTS * mss)
        return false;
    const struct net_device *device = ip_flow_device(&connection->flow);
    return device && !device->can_checksum;
}

size_t tcp_buffer_put(struct tcp_connection *connection, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    size = smaller(size, tcp_buffer_room(connection));
    size_t count = 0;
    if (wants_sums(connection, size)) {
        size_t first = missing(&connection->send);
        count = put(connection, at, first);
        if (count == first)
            count += put_segments(connection, at + count, size - count);
    }
    return count + put(connection, at + count, size - count);
}

void tcp_buffer_attach(struct tcp_connection *connection, struct packet *packet)
{
    append(connection, packet);
    connection->send.end += packet->total;
}

// ---- Out ----------------------------------------------------------------------------

// The packet in which `sequence` lies; *start: its first byte's number. It begins to look where
// it was found last time: that is nearly always it, or the one before the one.
static struct packet *find(struct tcp_connection *connection, tcp_sequence sequence,
                           tcp_sequence *start)
{
    struct tcp_send *send = &connection->send;
    if (!send->piece || sequence_before(sequence, send->piece_start)) {
        send->piece = container_of(send->pieces.next, struct packet, link);
        send->piece_start = send->first;
    }
    while ((uint32_t)sequence_distance(send->piece_start, sequence) >= send->piece->total) {
        send->piece_start += send->piece->total;
        send->piece = container_of(send->piece->link.next, struct packet, link);
    }
    *start = send->piece_start;
    return send->piece;
}

static struct packet *next_packet(const struct packet *packet)
{
    return container_of(packet->link.next, struct packet, link);
}

// `size` bytes of the packets from `offset` of the first on, without a copy, behind `segment`.
static bool share(struct packet *segment, struct packet *packet, size_t offset, size_t size)
{
    struct packet *piece = packet;
    struct packet **last = &segment->more;
    while (size > 0) {
        while (offset >= piece->size) {
            offset -= piece->size;
            piece = piece->more;
            if (!piece)
                piece = packet = next_packet(packet);
        }
        size_t part = piece->size - offset < size ? piece->size - offset : size;
        struct packet *shared = packet_share(piece, offset, part);
        if (!shared)
            return false;
        *last = shared;
        last = &shared->more;
        segment->total += (uint32_t)part;
        offset += part;
        size -= part;
    }
    return true;
}

static void copy(struct packet *segment, const struct packet *packet, size_t offset,
                 size_t size)
{
    while (size > 0) {
        size_t part = packet->total - offset < size ? packet->total - offset : size;
        packet_read(packet, offset, packet_extend(segment, part), part);
        size -= part;
        offset = 0;
        packet = next_packet(packet);
    }
}

struct packet *tcp_buffer_segment(struct tcp_connection *connection, tcp_sequence sequence,
                                  uint32_t length)
{
    struct packet *segment = packet_alloc(PACKET_HEADROOM, length <= COPY_MAX ? length : 0);
    if (!segment || length == 0)
        return segment;
    tcp_sequence start;
    struct packet *packet = find(connection, sequence, &start);
    size_t offset = (size_t)sequence_distance(start, sequence);
    if (length <= COPY_MAX) {
        copy(segment, packet, offset, length);
    } else if (!share(segment, packet, offset, length)) {
        packet_put(segment);
        return NULL;
    }
    return segment;
}

// ---- Gone ---------------------------------------------------------------------------

static void drop_first(struct tcp_connection *connection)
{
    struct tcp_send *send = &connection->send;
    struct packet *packet = container_of(list_take_first(&send->pieces), struct packet, link);
    if (packet == send->piece)
        send->piece = NULL;
    send->first += packet->total;
    tcp_memory_subtract(connection, tcp_packet_memory(packet));
    packet_put(packet);
}

// A packet goes when all of it is acknowledged.
void tcp_buffer_acknowledged(struct tcp_connection *connection)
{
    struct tcp_send *send = &connection->send;
    while (!list_is_empty(&send->pieces)) {
        struct packet *packet = container_of(send->pieces.next, struct packet, link);
        if (sequence_before(send->una, send->first + packet->total))
            return;
        drop_first(connection);
    }
}

void tcp_buffer_clear(struct tcp_connection *connection)
{
    while (!list_is_empty(&connection->send.pieces))
        drop_first(connection);
}
