// SPDX-License-Identifier: MIT
//
// For tests/bench alone, what it counts: ticks. Under QEMU's -icount shift=0 each is an
// instruction.
#pragma once

#include <stdint.h>

#include "cpu.h"

#define COUNTER_UNIT "instructions"

static inline uint64_t counter_read(void)
{
    return cpu_ticks();
}
