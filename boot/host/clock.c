// SPDX-License-Identifier: MIT
//
// The wall clock: the system's.
// Chapter 10.
#include <time.h>

#include "boot/board.h"
#include "host.h"
#include "wallclock.h"

uint64_t host_wall_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int board_start_clock(const struct board *board)
{
    wallclock_set(host_wall_clock_ns());
    return 0;
}
