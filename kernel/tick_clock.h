// SPDX-License-Identifier: MIT
//
// A clock made of a counter that ticks at a fixed rate.
//
//   tick_clock_ns(&clock, ticks)          what the clock shows at that count
//   tick_clock_set_hz(&clock, ticks, hz)  the rate has become known: no jump
//   tick_clock_ticks_at(&clock, ns)       the count at which it will show that
//
// Chapter 02.
#pragma once

#include <stdint.h>

struct tick_ratio {
    uint64_t whole, fraction; // fraction / 2^64
};

struct tick_clock {
    uint64_t hz;
    struct tick_ratio ns_per_tick, ticks_per_ns;
    uint64_t offset_ns; // keeps the clock from jumping when the rate becomes known
};

// The processor has an instruction for the upper half of a product; the compiler picks
// it for this.
static inline uint64_t tick_clock_scale(uint64_t value, struct tick_ratio ratio)
{
    unsigned __int128 product = (unsigned __int128)value * ratio.fraction;
    return value * ratio.whole + (uint64_t)(product >> 64);
}

static inline uint64_t tick_clock_ns(const struct tick_clock *clock, uint64_t ticks)
{
    return clock->offset_ns + tick_clock_scale(ticks, clock->ns_per_tick);
}

// `ticks`: the count now. A rate of 0, or of 2^63 or more, changes nothing.
void tick_clock_set_hz(struct tick_clock *clock, uint64_t ticks, uint64_t hz);
// A count at which the clock has reached `ns`, at most two later than the first.
uint64_t tick_clock_ticks_at(const struct tick_clock *clock, uint64_t ns);
