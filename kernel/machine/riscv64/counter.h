// SPDX-License-Identifier: MIT
//
// For tests/bench alone, what it counts: instructions, exact under QEMU's -icount shift=0.
#pragma once

#include <stdint.h>

#define COUNTER_UNIT "instructions"

static inline uint64_t counter_read(void)
{
    uint64_t count;
    __asm__ volatile("rdinstret %0" : "=r"(count)::"memory");
    return count;
}
