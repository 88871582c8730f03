// SPDX-License-Identifier: MIT
//
// Fields of disks and wires: types that say their byte order.
//
// All of tsumiki's machines are little-endian, so an le32 that lies where its size wants it
// is used as it stands; the name tells the reader, and the assertion below whoever brings
// another machine. Where fields are packed without gaps (FAT), they are read byte by byte.
// Chapter 14.
#pragma once

#include <stdint.h>

typedef uint16_t le16;
typedef uint32_t le32;
typedef uint64_t le64;

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "le16, le32, le64 need converting");

// At any address.
static inline uint16_t le16_read(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static inline uint32_t le32_read(const uint8_t *bytes)
{
    return le16_read(bytes) | (uint32_t)le16_read(bytes + 2) << 16;
}

static inline void le16_write(uint8_t *bytes, uint16_t value)
{
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
}

static inline void le32_write(uint8_t *bytes, uint32_t value)
{
    le16_write(bytes, (uint16_t)value);
    le16_write(bytes + 2, (uint16_t)(value >> 16));
}
