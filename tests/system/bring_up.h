// SPDX-License-Identifier: MIT
//
// What a program of tests/system needs before it finds its devices: memory, threads, time and
// interrupts, in a process.
#pragma once

#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "heap.h"
#include "page.h"
#include "thread.h"
#include "timer.h"
#include "trap.h"

static const struct board *bring_up(const struct boot_info *boot)
{
    trap_init();
    cmdline_init(boot);
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    thread_init();
    timer_init();
    board_start_interrupts(board);
    return board;
}
