// SPDX-License-Identifier: MIT
//
// The clock: a counter that ticks at a fixed rate, read with one instruction.
//
// Ticks become nanoseconds by a ratio kept as a whole part and a 64-bit binary
// fraction, so that a conversion is two multiplications, exact to a nanosecond for
// centuries, with no division.
// Chapter 02.
#include "clock.h"

#include "machine.h"

enum {
    NS_PER_SECOND = 1000000000,
    DEFAULT_HZ = 1000000000, // until the board has measured it
};

struct ratio {
    uint64_t whole, fraction; // fraction / 2^64
};

static struct {
    uint64_t hz;
    struct ratio ns_per_tick, ticks_per_ns;
    uint64_t offset_ns; // keeps the clock from jumping when the rate becomes known
} clock = {
    .hz = DEFAULT_HZ,
    .ns_per_tick = {1, 0},
    .ticks_per_ns = {1, 0},
};

// a / b. The processor divides a number of 128 bits, as long as the quotient has 64.
static struct ratio ratio_of(uint64_t a, uint64_t b)
{
    struct ratio ratio = {.whole = a / b};
    uint64_t rest;
    __asm__("divq %4"
            : "=a"(ratio.fraction), "=d"(rest)
            : "a"(0ul), "d"(a % b), "r"(b)
            : "cc");
    return ratio;
}

// The processor has an instruction for the upper half of a product; the compiler picks
// it for this.
static inline uint64_t scale(uint64_t value, struct ratio ratio)
{
    unsigned __int128 product = (unsigned __int128)value * ratio.fraction;
    return value * ratio.whole + (uint64_t)(product >> 64);
}

uint64_t machine_clock_ns(void)
{
    return clock.offset_ns + scale(cpu_ticks(), clock.ns_per_tick);
}

void machine_clock_set_frequency(uint64_t ticks_per_second)
{
    if (ticks_per_second == 0 || ticks_per_second == clock.hz)
        return;

    uint64_t ticks = cpu_ticks();
    uint64_t now = clock.offset_ns + scale(ticks, clock.ns_per_tick);
    clock.hz = ticks_per_second;
    clock.ns_per_tick = ratio_of(NS_PER_SECOND, ticks_per_second);
    clock.ticks_per_ns = ratio_of(ticks_per_second, NS_PER_SECOND);
    clock.offset_ns = now - scale(ticks, clock.ns_per_tick);
}

// One tick more than the rounded-down quotient: a timer may be late by a tick, never early.
// The offset may be negative, kept modulo 2^64; what lies before its moment is past.
uint64_t clock_ticks_at(uint64_t ns)
{
    int64_t offset_ns = (int64_t)clock.offset_ns;
    if (offset_ns > 0 && ns < (uint64_t)offset_ns)
        return 0;
    return scale(ns - clock.offset_ns, clock.ticks_per_ns) + 1;
}
