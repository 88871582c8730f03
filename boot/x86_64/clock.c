// SPDX-License-Identifier: MIT
//
// The board's wall clock is read once; machine_clock_ns() carries the time on.
// Chapter 10.
#include "boot/board.h"
#include "drivers/rtc/cmos_rtc.h"
#include "error.h"
#include "wallclock.h"

int board_start_clock(const struct board *board)
{
    uint64_t now;

    if (board->clock.size == 0)
        return -ENODEV;
    int error = cmos_rtc_read(board->clock.address, &now);
    if (error)
        return error;
    wallclock_set(now);
    return 0;
}
