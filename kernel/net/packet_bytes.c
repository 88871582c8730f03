// SPDX-License-Identifier: MIT
//
// The bytes of a packet, whatever pieces they lie in: read, copied, put behind, cut off.
//
//   packet_read(packet, offset, buffer, n)      out of any pieces
//   packet_append(packet, tail)                 one packet out of two
//   packet_trim(packet, total)                  the end goes
//   packet_skip(packet, n)                      the beginning goes
//   packet_pull_up(packet, n)                   a header in one piece
//
// Chapter 20.
#include "packet.h"

#include "smaller.h"
#include "string.h"

static struct packet *last_piece(struct packet *packet)
{
    while (packet->more)
        packet = packet->more;
    return packet;
}

// ---- At the end -------------------------------------------------------------------------

void packet_append(struct packet *packet, struct packet *tail)
{
    last_piece(packet)->more = tail;
    packet->total += tail->total;
}

size_t packet_append_bytes(struct packet *packet, const void *bytes, size_t size)
{
    struct packet *last = last_piece(packet);
    if (last->lender || last->release)
        return 0;
    uint8_t *end = last->data + last->size;
    size_t count = smaller(size, (size_t)(last->memory + last->room - end));
    memcpy(end, bytes, count);
    last->size += (uint32_t)count;
    packet->total += (uint32_t)count;
    return count;
}

void packet_trim(struct packet *packet, size_t total)
{
    ASSERT(total <= packet->total);

    struct packet *piece = packet;
    size_t left = total;
    for (; left > piece->size; piece = piece->more)
        left -= piece->size;
    piece->size = (uint32_t)left;
    packet_put(piece->more);
    piece->more = NULL;
    packet->total = (uint32_t)total;
}

// ---- At the front -----------------------------------------------------------------------

// Takes up to `size` bytes away from the pieces behind the first; empty ones go.
static void skip_behind(struct packet *packet, size_t size)
{
    struct packet *piece;
    while ((piece = packet->more) && piece->size <= size) {
        size -= piece->size;
        packet->more = piece->more;
        piece->more = NULL; // or it would take them all along
        packet_put(piece);
    }
    if (piece) {
        piece->data += size;
        piece->size -= (uint32_t)size;
    }
}

void packet_skip(struct packet *packet, size_t size)
{
    ASSERT(size <= packet->total);

    size_t first = smaller(size, packet->size);
    packet->data += first;
    packet->size -= (uint32_t)first;
    packet->total -= (uint32_t)size;
    if (size > first)
        skip_behind(packet, size - first);
}

size_t packet_read(const struct packet *packet, size_t offset, void *buffer, size_t size)
{
    size_t count = 0;
    for (; packet && count < size; packet = packet->more) {
        if (offset >= packet->size) {
            offset -= packet->size;
            continue;
        }
        size_t part = smaller(size - count, packet->size - offset);
        memcpy((uint8_t *)buffer + count, packet->data + offset, part);
        count += part;
        offset = 0;
    }
    return count;
}

// ---- Copies -----------------------------------------------------------------------------

// How many bytes in front of the data belong to headers that have been read.
static size_t header_bytes(const struct packet *packet)
{
    const uint8_t *network = packet->network;
    bool is_in_front = network && network >= packet->memory && network < packet->data;
    size_t front = is_in_front ? (size_t)(packet->data - network) : 0;
    return front <= PACKET_HEADROOM ? front : 0;
}

// Where a header of `packet` is in its copy, which begins with the same bytes at `data`.
static uint8_t *moved(const struct packet *packet, const uint8_t *header, uint8_t *data)
{
    bool is_here = header && header >= packet->data - header_bytes(packet) &&
                   header <= packet->data + packet->size;
    return is_here ? data + (header - packet->data) : NULL;
}

// A piece of its own with the first `size` bytes, and the headers in front of them.
static struct packet *copy_front(const struct packet *packet, size_t size)
{
    struct packet *copy = packet_alloc(PACKET_HEADROOM, size);
    if (!copy)
        return NULL;
    size_t front = header_bytes(packet);
    memcpy(copy->data - front, packet->data - front, front);
    packet_read(packet, 0, copy->data, size);
    copy->size = copy->total = (uint32_t)size;
    copy->network = moved(packet, packet->network, copy->data);
    copy->transport = moved(packet, packet->transport, copy->data);
    return copy;
}

struct packet *packet_copy(const struct packet *packet)
{
    struct packet *copy = copy_front(packet, smaller(packet->total, PACKET_ROOM_MAX));
    if (!copy)
        return NULL;
    while (copy->total < packet->total) {
        size_t size = smaller(packet->total - copy->total, PACKET_ROOM_MAX);
        struct packet *piece = packet_alloc(0, size);
        if (!piece) {
            packet_put(copy);
            return NULL;
        }
        packet_read(packet, copy->total, packet_extend(piece, size), size);
        packet_append(copy, piece);
    }
    copy->device = packet->device;
    copy->checksum = packet->checksum;
    copy->checksum_start = packet->checksum_start;
    copy->checksum_offset = packet->checksum_offset;
    copy->segment_size = packet->segment_size;
    copy->segments = packet->segments;
    copy->is_broadcast = packet->is_broadcast;
    copy->is_multicast = packet->is_multicast;
    return copy;
}

// The struct stays, since others point to it; its bytes move to the memory of a new piece, of
// which it has the only reference.
bool packet_pull_up(struct packet *packet, size_t size)
{
    if (size <= packet->size)
        return true;
    if (size > packet->total || size > PACKET_ROOM_MAX)
        return false;
    struct packet *front = copy_front(packet, size);
    if (!front)
        return false;
    skip_behind(packet, size - packet->size);
    packet->network = front->network;
    packet->transport = front->transport;
    packet_return_memory(packet);
    packet->lender = front;
    packet->memory = front->memory;
    packet->room = front->room;
    packet->data = front->data;
    packet->size = (uint32_t)size;
    return true;
}
