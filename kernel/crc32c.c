// SPDX-License-Identifier: MIT
//
// CRC32C: the remainder of a division of polynomials, one bit a coefficient.
//
// Dividing bit by bit would cost 8 steps a byte. Since the remainder of a sum is the sum of
// the remainders, what a byte does to it can be looked up; and with three tables more, what
// it does three, two and one places further left: four bytes at a time. The tables are made
// at the first use: 4 KiB that an image without file systems does not carry.
// Chapter 17.
#include "crc32c.h"

#include <stdbool.h>

enum { POLYNOMIAL = (int)0x82f63b78 }; // of degree 32; bits in reverse, as the bytes come

static struct {
    bool ready;
    uint32_t tables[4][256]; // [n][byte]: the remainder of the byte with n zero bytes behind
} crc;

static void make_tables(void)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        uint32_t remainder = byte;
        for (int bit = 0; bit < 8; bit++)
            remainder = remainder >> 1 ^ (-(remainder & 1) & (uint32_t)POLYNOMIAL);
        crc.tables[0][byte] = remainder;
    }
    for (unsigned n = 1; n < 4; n++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            uint32_t shorter = crc.tables[n - 1][byte];
            crc.tables[n][byte] = shorter >> 8 ^ crc.tables[0][shorter & 255];
        }
    }
    crc.ready = true;
}

static uint32_t add_byte(uint32_t state, uint8_t byte)
{
    return state >> 8 ^ crc.tables[0][(state ^ byte) & 255];
}

uint32_t crc32c(uint32_t before, const void *memory, size_t size)
{
    if (!crc.ready)
        make_tables();
    const uint8_t *bytes = memory, *end = bytes + size;
    uint32_t state = ~before;
    for (; bytes != end && (uintptr_t)bytes % 4; bytes++)
        state = add_byte(state, *bytes);
    for (; end - bytes >= 4; bytes += 4) {
        state ^= *(const uint32_t *)(const void *)bytes; // little-endian: the first is lowest
        state = crc.tables[3][state & 255] ^ crc.tables[2][state >> 8 & 255] ^
                crc.tables[1][state >> 16 & 255] ^ crc.tables[0][state >> 24];
    }
    for (; bytes != end; bytes++)
        state = add_byte(state, *bytes);
    return ~state;
}
