// SPDX-License-Identifier: MIT
//
// The clock: a counter that ticks at a fixed rate, read with one instruction.
//
// Ticks become nanoseconds by a ratio kept as a whole part and a 64-bit binary
// fraction, so that a conversion is two multiplications, exact to a nanosecond for
// centuries, with no division.
// Chapter 02.
#include "clock.h"

#include "csr.h"
#include "machine.h"

enum {
    NS_PER_SECOND = 1000000000,
    DEFAULT_HZ = 10000000, // QEMU virt, until the board has read the device tree
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
    .ns_per_tick = {NS_PER_SECOND / DEFAULT_HZ, 0},
    .ticks_per_ns = {0, UINT64_MAX / (NS_PER_SECOND / DEFAULT_HZ)},
};

// a / b, both below 2^32: the fraction is worked out 32 bits at a time, since there is
// no 128-bit division.
static struct ratio ratio_of(uint64_t a, uint64_t b)
{
    uint64_t high = (a % b << 32) / b;
    uint64_t low = ((a % b << 32) % b << 32) / b;
    return (struct ratio){.whole = a / b, .fraction = high << 32 | low};
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
    return clock.offset_ns + scale(csr_read(time), clock.ns_per_tick);
}

void machine_clock_set_frequency(uint64_t ticks_per_second)
{
    if (ticks_per_second == 0 || ticks_per_second > UINT32_MAX ||
        ticks_per_second == clock.hz)
        return;

    uint64_t ticks = csr_read(time);
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
