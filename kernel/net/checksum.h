// SPDX-License-Identifier: MIT
//
// The Internet checksum (RFC 1071): sixteen-bit words added with the carry brought around, and
// the sum's complement.
//
//   checksum_finish(checksum_add(0, bytes, size))       a header's: 0 when it is right
//
// Sums are of words as they lie in memory, so neither the data nor the sum is ever converted
// (RFC 1071, 2). Chapter 20.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "endian.h"
#include "packet.h"

// The sum so far and these bytes, at any address. When an odd number of bytes has gone before,
// checksum_swap() the sum before and after.
uint64_t checksum_add(uint64_t sum, const void *bytes, size_t size);
// Of `size` bytes of a packet from `offset` on, whatever pieces they lie in: of most, in one.
uint64_t checksum_pieces(uint64_t sum, const struct packet *packet, size_t offset, size_t size);
static inline uint64_t checksum_packet(uint64_t sum, const struct packet *packet,
                                       size_t offset, size_t size)
{
    if (offset + size <= packet->size)
        return checksum_add(sum, packet->data + offset, size);
    return checksum_pieces(sum, packet, offset, size);
}
// Copies as many whole parts as there are, and as there is room for, into an empty packet with
// memory of its own; it keeps the sum of each in front of them all. How many bytes it took.
// `bytes` and `part` are multiples of four; `bytes` is as far from one of eight as the packet's
// data.
enum { CHECKSUM_PARTS = 48, CHECKSUM_HEADROOM = CHECKSUM_PARTS * sizeof(uint16_t) };
size_t checksum_fill(struct packet *packet, const void *bytes, size_t size, size_t part);
// Of all bytes of a piece: kept, if it is a share of just such a part.
uint64_t checksum_piece(const struct packet *piece);
// The sum in sixteen bits; 65535 stays where zero would do as well. Two halves that are added
// to each other the right way and the other way round: what the lower ones carry is what has
// to be brought around for the upper ones, which are the result.
static inline uint16_t checksum_fold(uint64_t sum)
{
    sum += sum << 32 | sum >> 32;
    uint32_t half = (uint32_t)(sum >> 32);
    half += half << 16 | half >> 16;
    return (uint16_t)(half >> 16);
}
// For a header's field: never converted. 0 over what has a right checksum in it.
static inline be16 checksum_finish(uint64_t sum)
{
    return (be16)~checksum_fold(sum);
}
uint64_t checksum_swap(uint64_t sum);
// A field's new value after a word that it covers has changed (RFC 1624, 3).
be16 checksum_update(be16 checksum, be16 before, be16 after);
