// SPDX-License-Identifier: MIT
//
// The clock: a counter that ticks at a fixed rate, read with one instruction.
// Chapter 02.
#include "clock.h"

#include "machine.h"
#include "tick_clock.h"

// A tick a nanosecond, until the board has measured the rate.
static struct tick_clock clock = {
    .hz = 1000000000,
    .ns_per_tick = {1, 0},
    .ticks_per_ns = {1, 0},
};

uint64_t machine_clock_ns(void)
{
    return tick_clock_ns(&clock, cpu_ticks());
}

void machine_clock_set_frequency(uint64_t ticks_per_second)
{
    tick_clock_set_hz(&clock, cpu_ticks(), ticks_per_second);
}

uint64_t clock_ticks_at(uint64_t ns)
{
    return tick_clock_ticks_at(&clock, ns);
}
