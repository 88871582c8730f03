// SPDX-License-Identifier: MIT
//
// Chapter 10: three threads tick at their own pace while the processor rests.
//
//   make CHAPTER=10 qemu
//   make CHAPTER=10 qemu APPEND=seconds=60     and look at `top` on your own machine
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "page.h"
#include "panic.h"
#include "print.h"
#include "stack.h"
#include "thread.h"
#include "timer.h"
#include "trap.h"
#include "vm.h"
#include "wallclock.h"

enum { MS = 1000000, SECOND = 1000 * MS }; // nanoseconds

static uint64_t start_ns, end_ns;

// Each tick is counted from the one before, not from now: printing takes time, and a clock
// that added it up would fall behind.
static void tick(void *pace_ms)
{
    uint64_t pace_ns = (uint64_t)(uintptr_t)pace_ms * MS;

    for (uint64_t next = start_ns + pace_ns; next <= end_ns; next += pace_ns) {
        timer_sleep_until(next);
        print("%5llu ms  %s\n", (unsigned long long)((machine_clock_ns() - start_ns) / MS),
              thread_current()->name);
    }
}

static void print_date(void)
{
    struct wallclock_date date;
    uint64_t now_ns = wallclock_now_ns();

    if (now_ns == 0) {
        print("the board has no clock: nobody knows what day it is\n");
        return;
    }
    wallclock_to_date(now_ns / SECOND, &date);
    print("it is %04d-%02d-%02d %02d:%02d:%02d UTC\n", date.year, date.month, date.day,
          date.hour, date.minute, date.second);
}

int kernel_main(const struct boot_info *boot)
{
    trap_init();
    cmdline_init(boot);
    const struct board *board = board_describe(boot);
    board_start_console(board);
    page_init(board->memory, board->memory_count);
    vm_init(board);
    stack_set_guard(vm_guard, vm_unguard);
    thread_init();
    timer_init();
    board_start_clock(board);
    machine_interrupts_enable(); // from here on the timer reaches us

    print_date();
    start_ns = machine_clock_ns();
    end_ns = start_ns + cmdline_number("seconds", 2) * SECOND;
    struct thread *threads[] = {
        thread_create("tick", tick, (void *)250),
        thread_create("tack", tick, (void *)400),
        thread_create("tock", tick, (void *)1000),
    };
    for (int i = 0; i < 3; i++) {
        if (!threads[i])
            panic("no memory for three threads");
        thread_join(threads[i], NULL, MACHINE_NEVER);
    }

    struct thread_statistics statistics;
    uint64_t passed_ns = machine_clock_ns() - start_ns;
    thread_statistics(&statistics);
    print("the processor was idle %llu %% of the time and woke %llu times\n",
          (unsigned long long)(statistics.idle_ns * 100 / passed_ns),
          (unsigned long long)statistics.idle_count);
    return 0;
}
