// SPDX-License-Identifier: MIT
//
// What the benchmarks count: guest instructions where the machine counts them, nanoseconds
// elsewhere.
#pragma once

#include <stdint.h>

#include "machine.h"

#if defined(__riscv)
#define COUNTER_UNIT "instructions"
// Exact under QEMU's -icount shift=0.
static inline uint64_t counter_read(void)
{
    uint64_t count;
    __asm__ volatile("rdinstret %0" : "=r"(count)::"memory");
    return count;
}
#else
#define COUNTER_UNIT "ns"
static inline uint64_t counter_read(void)
{
    return machine_clock_ns();
}
#endif
