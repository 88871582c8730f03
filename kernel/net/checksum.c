// SPDX-License-Identifier: MIT
//
// The Internet checksum (RFC 1071): sixteen-bit words added with the carry brought around, and
// the sum's complement.
//
//   checksum_finish(checksum_add(0, bytes, size))       a header's: 0 when it is right
//
// A sum of 16-bit words with the carries brought around is the sum modulo 65535, and so is
// that of 32-bit words. Added up in 64 bits they need no care for carries at all: two
// instructions for four bytes, where catching the carries of 64-bit words costs as much.
// Chapter 20.
#include "checksum.h"

#include "smaller.h"
#include "string.h"

enum { BLOCK = 32 }; // words of 32 bits that one turn of the loop adds

static inline uint64_t add_eight(uint64_t sum, const uint32_t *words)
{
    return sum + words[0] + words[1] + words[2] + words[3] + words[4] + words[5] + words[6] +
           words[7];
}

// At a multiple of four.
static inline uint64_t add_words(uint64_t sum, const uint32_t *words, size_t count)
{
    const uint32_t *end = words + count / BLOCK * BLOCK;
    for (; words != end; words += BLOCK) {
        sum = add_eight(sum, words);
        sum = add_eight(sum, words + 8);
        sum = add_eight(sum, words + 16);
        sum = add_eight(sum, words + 24);
    }
    for (end = words + count % BLOCK / 8 * 8; words != end; words += 8)
        sum = add_eight(sum, words);
    for (end = words + count % 8; words != end; words++)
        sum += *words;
    return sum;
}

uint64_t checksum_swap(uint64_t sum)
{
    return to_be16(checksum_fold(sum));
}

// From an odd address on every word is read with its bytes exchanged: so is their sum (RFC
// 1071, 2, (B)).
static __attribute__((noinline)) uint64_t add_odd(uint64_t sum, const uint8_t *bytes,
                                                  size_t size)
{
    return sum + *bytes + checksum_swap(checksum_add(0, bytes + 1, size - 1));
}

uint64_t checksum_add(uint64_t sum, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    if ((uintptr_t)at % 2 != 0 && size > 0)
        return add_odd(sum, at, size);
    if ((uintptr_t)at % 4 != 0 && size >= 2) {
        sum += *(const uint16_t *)(const void *)at;
        at += 2;
        size -= 2;
    }
    sum = add_words(sum, (const uint32_t *)(const void *)at, size / 4);
    at += size & ~(size_t)3;
    if (size & 2) {
        sum += *(const uint16_t *)(const void *)at;
        at += 2;
    }
    return size & 1 ? sum + *at : sum; // as if a zero byte followed
}

// ---- While copying ----------------------------------------------------------------------

// A word is read once for both, so adding all of it, and its carry, is the fewest instructions.
static inline uint64_t add_word(uint64_t sum, uint64_t word)
{
    sum += word;
    return sum + (sum < word);
}

static inline uint64_t copy_four(uint64_t sum, uint64_t *to, const uint64_t *from)
{
    sum = add_word(sum, to[0] = from[0]);
    sum = add_word(sum, to[1] = from[1]);
    sum = add_word(sum, to[2] = from[2]);
    return add_word(sum, to[3] = from[3]);
}

static inline uint64_t copy_sixteen(uint64_t sum, uint64_t *to, const uint64_t *from)
{
    sum = copy_four(sum, to, from);
    sum = copy_four(sum, to + 4, from + 4);
    sum = copy_four(sum, to + 8, from + 8);
    return copy_four(sum, to + 12, from + 12);
}

static inline uint64_t copy_half(uint64_t sum, void *to, const void *from)
{
    return add_word(sum, *(uint32_t *)to = *(const uint32_t *)from);
}

// Both at the same distance from a multiple of eight, which is zero or four, as `size` is.
static uint64_t copy_words(uint8_t *bytes, const uint8_t *source, size_t size)
{
    uint64_t sum = 0;
    size_t lead = (uintptr_t)bytes % 8;
    if (lead > 0)
        sum = copy_half(sum, bytes, source);
    size -= lead;
    uint64_t *to = (void *)(bytes + lead);
    const uint64_t *from = (const void *)(source + lead);
    const uint64_t *end = from + size / 256 * 32;
    for (; from != end; to += 32, from += 32) {
        sum = copy_sixteen(sum, to, from);
        sum = copy_sixteen(sum, to + 16, from + 16);
    }
    for (end = from + size % 256 / 32 * 4; from != end; to += 4, from += 4)
        sum = copy_four(sum, to, from);
    for (end = from + size % 32 / 8; from != end; to++, from++)
        sum = add_word(sum, *to = *from);
    return size % 8 > 0 ? copy_half(sum, to, from) : sum;
}

size_t checksum_fill(struct packet *packet, const void *bytes, size_t size, size_t part)
{
    ASSERT(packet->size == 0 && packet_headroom(packet) >= CHECKSUM_HEADROOM);
    ASSERT(part % 4 == 0 && (uintptr_t)bytes % 4 == 0 &&
           (uintptr_t)bytes % 8 == (uintptr_t)packet->data % 8);

    size_t room = packet->room - packet_headroom(packet);
    size_t parts = smaller(smaller(size, room) / part, CHECKSUM_PARTS);
    uint16_t *sums = (void *)packet->memory;
    uint8_t *to = packet_extend(packet, parts * part);
    const uint8_t *from = bytes;
    for (size_t i = 0; i < parts; i++, to += part, from += part)
        sums[i] = checksum_fold(copy_words(to, from, part));
    packet->sums = (uint8_t)parts;
    packet->segment_size = (uint16_t)part;
    return parts * part;
}

uint64_t checksum_piece(const struct packet *piece)
{
    const struct packet *lender = piece->lender;
    if (lender && lender->sums > 0 && piece->size == lender->segment_size) {
        size_t offset = (size_t)(piece->data - lender->data), part = offset / piece->size;
        if (part < lender->sums && part * piece->size == offset)
            return ((const uint16_t *)(const void *)lender->memory)[part];
    }
    return checksum_add(0, piece->data, piece->size);
}

// ---- Of packets -------------------------------------------------------------------------

uint64_t checksum_pieces(uint64_t sum, const struct packet *packet, size_t offset, size_t size)
{
    bool is_odd = false; // an odd number of bytes has gone before
    for (; packet && size > 0; packet = packet->more) {
        if (offset >= packet->size) {
            offset -= packet->size;
            continue;
        }
        size_t part = packet->size - offset < size ? packet->size - offset : size;
        uint64_t part_sum = checksum_add(0, packet->data + offset, part);
        sum += is_odd ? checksum_swap(part_sum) : part_sum;
        is_odd ^= part & 1;
        size -= part;
        offset = 0;
    }
    return sum;
}

// HC' = ~(~HC + ~m + m'): RFC 1624, 3, equation 3.
be16 checksum_update(be16 checksum, be16 before, be16 after)
{
    return checksum_finish((uint64_t)(uint16_t)~checksum + (uint16_t)~before + after);
}
