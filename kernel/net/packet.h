// SPDX-License-Identifier: MIT
//
// Packets: bytes on their way through the layers, which add and remove headers at the front
// without moving them.
//
//   packet_alloc(headroom, room)        empty: data begins `headroom` bytes into its memory
//   packet_push(packet, n)              n bytes more at the front: room for a header
//   packet_pull(packet, n)              n bytes less: the header has been read
//   packet_get(packet), packet_put()    references; the last one frees all pieces
//   packet_share(piece, offset, n)      the same bytes once more, without a copy
//
// A packet is a chain of pieces: what is large, or was gathered from several places, lies in
// several memories. The first piece holds all headers and what the layers know of the packet.
// Whoever is given a packet owns it, unless the function says otherwise. Nothing here sleeps.
// Chapter 20.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"
#include "panic.h"

struct net_device;

// Enough for all headers that any layer puts in front of data (virtio-net 12, Ethernet 14,
// IPv4 60, TCP 60), and for an IPv4 header that begins at a multiple of four.
enum { PACKET_HEADROOM = 160 };
// What a piece holds that is made of one page, besides the headroom: an Ethernet frame for
// sure. Such pieces are kept and cost next to nothing; longer ones are for data in bulk.
enum { PACKET_ROOM = 3584, PACKET_ROOM_MAX = 60 << 10 };

// What is known of the checksum of the transport layer.
enum packet_checksum {
    PACKET_CHECKSUM_NONE,    // received: check it. To be sent: it is there
    PACKET_CHECKSUM_VALID,   // received: the device has checked it, or it never left us
    PACKET_CHECKSUM_PARTIAL, // only the pseudo header's sum is there: the device, or
                             // netdev.c, completes it from checksum_start to the end
};

struct packet {
    struct list link;        // on whatever queue it is: that queue's owner's
    struct packet *more;     // the next piece, or NULL
    uint8_t *data;           // this piece's bytes
    uint32_t size;           // how many
    uint32_t references;     // the packet that it is part of holds one, those who share it
                             // one each; a packet's are those of its first piece
    // The memory that the bytes lie in:
    uint8_t *memory;
    uint32_t room;           // bytes
    uint32_t pages;          // that this struct and its memory are; 0: the struct is alone
    struct packet *lender;   // whose memory it is: we hold a reference. NULL: ours
    void (*release)(void *context); // when it comes from outside, see packet_wrap()
    void *context;
    // Of the whole packet, in its first piece:
    uint32_t total;          // bytes of all pieces
    uint16_t checksum_start, checksum_offset; // PARTIAL: bytes from `network`; and from there
                             // to the field
    struct net_device *device; // through which it came, or is to go
    uint8_t *network, *transport; // where these headers are, once that is known
    uint16_t segment_size;   // to be cut into TCP segments with so many bytes of data, by the
                             // device or by netdev.c; received: that it was put together so.
                             // 0: it is one segment
    uint16_t segments;       // received: that netdev_merge.c put together; 0: it came so
    uint8_t checksum;        // enum packet_checksum
    bool is_broadcast, is_multicast; // received: as the link layer saw it
    uint8_t sums;            // see checksum_fill(): of so many parts of segment_size bytes
};

// One piece, total 0; there may be more room than asked for. NULL: no memory.
// headroom <= PACKET_HEADROOM, room <= PACKET_ROOM_MAX.
struct packet *packet_alloc(size_t headroom, size_t room);
// A piece around memory of somebody else, which release(context) gives back at the end.
// NULL: no memory, and release has not been called.
struct packet *packet_wrap(void *bytes, size_t size, void (*release)(void *context),
                           void *context);
// A packet of one piece with `size` bytes of the piece `of` from `offset` on: no copy; both
// keep the memory. Nobody may change these bytes any more; what is in front of them and behind
// them stays the lender's, so the new one has no headroom. NULL: no memory.
struct packet *packet_share(struct packet *of, size_t offset, size_t size);
// A copy of all of it in memory of its own, with headroom; for whoever wants to change what
// others may see. NULL: no memory. What is known of the packet is copied, too.
struct packet *packet_copy(const struct packet *packet);

static inline struct packet *packet_get(struct packet *packet)
{
    packet->references++;
    return packet;
}
void packet_free(struct packet *packet); // only for the next one
static inline void packet_put(struct packet *packet) // NULL may be given
{
    if (packet && --packet->references == 0)
        packet_free(packet);
}

// Puts `tail` and all its pieces behind: it is part of `packet` from here on. It costs a step
// for each piece of `packet`.
void packet_append(struct packet *packet, struct packet *tail);
// As many bytes as fit into the last piece's memory, if that is its own: how many that were.
size_t packet_append_bytes(struct packet *packet, const void *bytes, size_t size);
// Cuts the end off: `total` bytes stay.
void packet_trim(struct packet *packet, size_t total);
// Makes the first `size` bytes lie in the first piece, so that a header can be read there.
// False: the packet is shorter, or there is no memory.
bool packet_pull_up(struct packet *packet, size_t size);
// Copies bytes of any pieces out, from `offset` on. How many there were.
size_t packet_read(const struct packet *packet, size_t offset, void *buffer, size_t size);
// So many bytes less at the front, whatever pieces they lie in; empty ones go.
void packet_skip(struct packet *packet, size_t size);

static inline size_t packet_headroom(const struct packet *packet)
{
    return (size_t)(packet->data - packet->memory);
}

static inline void *packet_push(struct packet *packet, size_t size)
{
    ASSERT(size <= packet_headroom(packet));
    packet->data -= size;
    packet->size += (uint32_t)size;
    packet->total += (uint32_t)size;
    return packet->data;
}

static inline void *packet_pull(struct packet *packet, size_t size)
{
    ASSERT(size <= packet->size);
    packet->data += size;
    packet->size -= (uint32_t)size;
    packet->total -= (uint32_t)size;
    return packet->data;
}

// `size` bytes more behind those of the only piece: memory that is there for them.
static inline void *packet_extend(struct packet *packet, size_t size)
{
    uint8_t *end = packet->data + packet->size;
    ASSERT(!packet->more && size <= (size_t)(packet->memory + packet->room - end));
    packet->size += (uint32_t)size;
    packet->total += (uint32_t)size;
    return end;
}

// For packet_bytes.c: a piece leaves memory that it shares or wraps.
void packet_return_memory(struct packet *piece);

struct packet_statistics {
    size_t pieces;     // live
    size_t bytes;      // of memory that they hold, of their own
    size_t spare;      // kept for the next ones, bytes
    uint64_t failures; // no memory
};
void packet_statistics(struct packet_statistics *statistics);
