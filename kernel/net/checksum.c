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
