// SPDX-License-Identifier: MIT
//
// Device trees built by hand, for tests: header, reservations, structure, strings, in order.
//
//   start_tree();  begin("");  CELLS("#size-cells", 1);  put(END_NODE);  end_tree();
//
// The result lies in blob[], 4 * words bytes. (Devicetree Specification 0.4, chapter 5.)
#pragma once

#include <stdint.h>

#include "kernel/string.h"

enum {
    BEGIN_NODE = 1,
    END_NODE = 2,
    PROPERTY = 3,
    NOP = 4,
    END = 9,
    BLOB_SIZE = 4096,
    STRINGS_SIZE = 512,
    HEADER_WORDS = 10,
};

// The tree being built.
static uint32_t blob[BLOB_SIZE / 4] __attribute__((aligned(8)));
static unsigned words; // used so far
static char strings[STRINGS_SIZE];
static unsigned strings_used;
static inline uint32_t big_endian(uint32_t value)
{
    return value << 24 | (value & 0xff00) << 8 | (value >> 8 & 0xff00) | value >> 24;
}

static inline void put(uint32_t word)
{
    blob[words++] = big_endian(word);
}

static inline void put_bytes(const void *bytes, size_t count)
{
    blob[words + count / 4] = 0;
    memcpy(blob + words, bytes, count);
    words += (unsigned)(count + 3) / 4;
}

static inline void begin(const char *name)
{
    put(BEGIN_NODE);
    put_bytes(name, strlen(name) + 1);
}

static inline void property(const char *name, const void *value, size_t length)
{
    put(PROPERTY);
    put((uint32_t)length);
    put(strings_used);
    put_bytes(value, length);
    strings_used +=
        (unsigned)strlcpy(strings + strings_used, name, STRINGS_SIZE - strings_used) + 1;
}

static inline void property_cells(const char *name, unsigned count, const uint32_t *cells)
{
    uint32_t value[8];
    for (unsigned i = 0; i < count; i++)
        value[i] = big_endian(cells[i]);
    property(name, value, 4 * count);
}
#define CELLS(name, ...)                                                                     \
    property_cells(name, sizeof((uint32_t[]){__VA_ARGS__}) / 4, (const uint32_t[]){__VA_ARGS__})

static inline void start_tree(void)
{
    memset(blob, 0, sizeof blob);
    strings_used = 0;
    words = HEADER_WORDS;
    const uint32_t reservations[] = {0, 0x80000000, 0, 0x200000, 1, 2, 3, 4, 0, 0, 0, 0};
    for (unsigned i = 0; i < 12; i++)
        put(reservations[i]);
}

enum header_word {
    MAGIC,
    TOTAL,
    STRUCTURE,
    STRINGS,
    RESERVATIONS,
    VERSION,
    OLDEST,
    HART,
    STRINGS_LENGTH,
    STRUCTURE_LENGTH
};

static inline void end_tree(void)
{
    unsigned structure = 4 * (HEADER_WORDS + 12);
    put(END);
    unsigned place = 4 * words;
    put_bytes(strings, strings_used);
    const uint32_t header[] = {
        [MAGIC] = 0xd00dfeed,
        [TOTAL] = 4 * words,
        [STRUCTURE] = structure,
        [STRINGS] = place,
        [RESERVATIONS] = 40,
        [VERSION] = 17,
        [OLDEST] = 16,
        [STRINGS_LENGTH] = strings_used,
        [STRUCTURE_LENGTH] = place - structure,
    };
    for (unsigned i = 0; i < HEADER_WORDS; i++)
        blob[i] = big_endian(header[i]);
}
