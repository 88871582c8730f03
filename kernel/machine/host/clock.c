// SPDX-License-Identifier: MIT
//
// The clock: the system's, which counts nanoseconds already.
// Chapter 02.
#include <time.h>

#include "machine.h"

uint64_t machine_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void machine_clock_set_frequency(uint64_t ticks_per_second)
{
}
