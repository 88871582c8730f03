// SPDX-License-Identifier: MIT
//
// The clock: the system's, which counts nanoseconds already, without the seconds that had
// passed when it was first asked: a machine's clock starts when it is switched on.
// Chapter 02.
#include <time.h>

#include "machine.h"

static uint64_t system_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t machine_clock_ns(void)
{
    static uint64_t start;
    uint64_t now = system_clock_ns();
    if (!start)
        start = now - now % 1000000000;
    return now - start;
}

void machine_clock_set_frequency(uint64_t ticks_per_second)
{
}
