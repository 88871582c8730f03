// SPDX-License-Identifier: MIT
//
// What the measurements of devices share: a machine that is up, and a count that stands still
// while the processor waits.
//
//   bring_up(boot)    memory, threads, time and interrupts; which devices, each says itself
//   spent()           COUNTER_UNIT since then, without those that passed with nothing to do
#pragma once

#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "counter.h"
#include "heap.h"
#include "page.h"
#include "stack.h"
#include "thread.h"
#include "timer.h"
#include "trap.h"
#include "vm.h"

static struct {
    uint64_t not_counted; // before the start, and while the processor waited
} measure;

static void measure_idle(void)
{
    uint64_t start = counter_read();
    machine_wait();
    measure.not_counted += counter_read() - start;
}

static uint64_t spent(void)
{
    return counter_read() - measure.not_counted;
}

static const struct board *bring_up(const struct boot_info *boot)
{
    measure.not_counted = counter_read(); // what the firmware has executed
    trap_init();
    cmdline_init(boot);
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    vm_init(board);
    board_start_console(board);
    thread_init();
    stack_set_guard(vm_guard, vm_unguard);
    timer_init();
    board_start_interrupts(board);
    machine_interrupts_enable();
    thread_hooks()->idle = measure_idle;
    return board;
}
