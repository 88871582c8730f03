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
typedef uint16_t be16; // on wires: to_be16() and from_be16() at the edge
typedef uint32_t be32;

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

// Between a number and the bytes of a wire, in either direction. (Written out: a processor
// without an instruction for it would call a library that we do not have.)
static inline be16 to_be16(uint16_t value)
{
    return (be16)(value << 8 | value >> 8);
}

static inline be32 to_be32(uint32_t value)
{
    const uint32_t even = 0x00ff00ff; // bytes of each half: they change places, then the halves
    uint32_t halves = (value & even) << 8 | (value >> 8 & even);
    return halves << 16 | halves >> 16;
}

static inline uint16_t from_be16(be16 value)
{
    return to_be16(value);
}

static inline uint32_t from_be32(be32 value)
{
    return to_be32(value);
}

// At any address.
static inline uint16_t be16_read(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static inline uint32_t be32_read(const uint8_t *bytes)
{
    return (uint32_t)be16_read(bytes) << 16 | be16_read(bytes + 2);
}

static inline void be16_write(uint8_t *bytes, uint16_t value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

static inline void be32_write(uint8_t *bytes, uint32_t value)
{
    be16_write(bytes, (uint16_t)(value >> 16));
    be16_write(bytes + 2, (uint16_t)value);
}
