// SPDX-License-Identifier: MIT
//
// The wall clock: the system's.
// Chapter 10.
#include <time.h>

#include "boot/board.h"
#include "wallclock.h"

int board_start_clock(const struct board *board)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    wallclock_set((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec);
    return 0;
}
