// SPDX-License-Identifier: MIT
//
// Sequence numbers of TCP: 32 bits that wrap around, so that "less" means "less than half the
// circle before" (RFC 9293, 3.4). Nothing else in the kernel compares or subtracts them.
// Chapter 23.
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef uint32_t tcp_sequence;

struct tcp_block { // [start, end)
    tcp_sequence start, end;
};

// From `from` to `to`, forward around the circle; negative: `to` is behind.
static inline int32_t sequence_distance(tcp_sequence from, tcp_sequence to)
{
    return (int32_t)(to - from);
}

static inline bool sequence_before(tcp_sequence a, tcp_sequence b)
{
    return sequence_distance(a, b) > 0;
}

static inline bool sequence_after(tcp_sequence a, tcp_sequence b)
{
    return sequence_distance(b, a) > 0;
}

// Whether low <= a < high, on the circle.
static inline bool sequence_is_between(tcp_sequence a, tcp_sequence low, tcp_sequence high)
{
    return a - low < high - low;
}

static inline tcp_sequence sequence_later(tcp_sequence a, tcp_sequence b)
{
    return sequence_after(a, b) ? a : b;
}

static inline tcp_sequence sequence_earlier(tcp_sequence a, tcp_sequence b)
{
    return sequence_before(a, b) ? a : b;
}
