// SPDX-License-Identifier: MIT
//
// For tests/bench alone, what it counts: time. A process cannot count its instructions.
#pragma once

#include <stdint.h>

#include "machine.h"

#define COUNTER_UNIT "ns"

static inline uint64_t counter_read(void)
{
    return machine_clock_ns();
}
