// SPDX-License-Identifier: MIT
//
// A clock made of a counter that ticks at a fixed rate.
//
//   tick_clock_ns(&clock, ticks)          what the clock shows at that count
//   tick_clock_set_hz(&clock, ticks, hz)  the rate has become known: no jump
//   tick_clock_ticks_at(&clock, ns)       the count at which it will show that
//
// Ticks become nanoseconds by a ratio kept as a whole part and a 64-bit binary fraction, so
// that a conversion is two multiplications, exact to a nanosecond for centuries, with no
// division.
// Chapter 02.
#include "tick_clock.h"

enum { NS_PER_SECOND = 1000000000 };

// a / b, both below 2^63. The fraction bit by bit, as by hand: not every processor divides
// numbers of 128 bits.
static struct tick_ratio ratio_of(uint64_t a, uint64_t b)
{
    struct tick_ratio ratio = {.whole = a / b};
    uint64_t rest = a % b;

    for (unsigned i = 0; i < 64; i++) {
        rest <<= 1;
        ratio.fraction = ratio.fraction << 1 | (rest >= b);
        if (rest >= b)
            rest -= b;
    }
    return ratio;
}

void tick_clock_set_hz(struct tick_clock *clock, uint64_t ticks, uint64_t hz)
{
    if (hz == 0 || hz > INT64_MAX || hz == clock->hz)
        return;

    uint64_t now = tick_clock_ns(clock, ticks);
    clock->hz = hz;
    clock->ns_per_tick = ratio_of(NS_PER_SECOND, hz);
    clock->ticks_per_ns = ratio_of(hz, NS_PER_SECOND);
    clock->offset_ns = now - tick_clock_scale(ticks, clock->ns_per_tick);
}

// One tick more than the rounded-down quotient: a timer may be late by a tick, never early.
// The offset may be negative, kept modulo 2^64; what lies before its moment is past.
uint64_t tick_clock_ticks_at(const struct tick_clock *clock, uint64_t ns)
{
    int64_t offset_ns = (int64_t)clock->offset_ns;
    if (offset_ns > 0 && ns < (uint64_t)offset_ns)
        return 0;
    return tick_clock_scale(ns - clock->offset_ns, clock->ticks_per_ns) + 1;
}
