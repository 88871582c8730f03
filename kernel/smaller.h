// SPDX-License-Identifier: MIT
//
// The smaller and the larger of two sizes, counts or places, what lies between them, and how
// far they are apart.
//
// All of these are unsigned, and none is wider than 64 bits: narrower ones fit, and what
// comes back is no larger than one of those given, so it fits where they came from.
// Sequence numbers go round and are compared in net/sequence.h.
// Chapter 02.
#pragma once

#include <stdint.h>

static inline uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

// As near to it as the two, least <= most, allow.
static inline uint64_t between(uint64_t value, uint64_t least, uint64_t most)
{
    return larger(least, smaller(value, most));
}

// How much `a` has more than `b`; 0: nothing.
static inline uint64_t excess(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}
