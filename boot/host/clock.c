// SPDX-License-Identifier: MIT
//
// The wall clock: the system's.
// Chapter 10.
#include <time.h>

#include "boot/board.h"
#include "boot/host/options.h"
#include "host.h"
#include "wallclock.h"

// A simulation begins at the same moment each time: 2026-01-01, 00:00.
static const uint64_t SIMULATION_START_NS = 1767225600000000000;

uint64_t host_wall_clock_ns(void)
{
    if (host_options()->simulation)
        return SIMULATION_START_NS + host_clock_now();
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int board_start_clock(const struct board *board)
{
    wallclock_set(host_wall_clock_ns());
    return 0;
}
