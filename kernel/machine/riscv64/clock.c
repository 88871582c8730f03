// SPDX-License-Identifier: MIT
//
// The clock: a counter that ticks at a fixed rate, read with one instruction.
// Chapter 02.
#include "clock.h"

#include "csr.h"
#include "machine.h"
#include "tick_clock.h"

// QEMU virt's rate, 10 MHz, until the board has read the device tree.
static struct tick_clock clock = {
    .hz = 10000000,
    .ns_per_tick = {100, 0},
    .ticks_per_ns = {0, UINT64_MAX / 100},
};

uint64_t machine_clock_ns(void)
{
    return tick_clock_ns(&clock, csr_read(time));
}

void machine_clock_set_frequency(uint64_t ticks_per_second)
{
    tick_clock_set_hz(&clock, csr_read(time), ticks_per_second);
}

uint64_t clock_ticks_at(uint64_t ns)
{
    return tick_clock_ticks_at(&clock, ns);
}
