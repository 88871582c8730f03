// SPDX-License-Identifier: MIT
//
// Chapter 11: keys arrive as events while a thread runs.
//
//   make CHAPTER=11 qemu                       type; `q` ends it
//   make CHAPTER=11 qemu APPEND=seconds=3      it ends by itself
//   make CHAPTER=11 qemu APPEND=keys=5         or after so many keys
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "console.h"
#include "irq.h"
#include "page.h"
#include "panic.h"
#include "print.h"
#include "stack.h"
#include "thread.h"
#include "timer.h"
#include "trap.h"
#include "vm.h"

enum { SECOND = 1000000000 }; // nanoseconds

static struct thread *reader; // waits for keys
static uint64_t rounds;       // of the thread that works

// Between threads, after the UART has interrupted: there is something to read.
static void keys_available(void)
{
    thread_wake(reader, 0);
}

static void work(void *unused)
{
    while (!thread_current()->interrupted) {
        rounds++;
        thread_yield();
    }
}

// Waits for keys until `limit` of them have come, or a `q`, or the deadline.
static void read_keys(uint64_t limit, uint64_t deadline_ns)
{
    const struct wait_reason reason = {.what = "key", .external = true};
    char keys[16];

    for (uint64_t count = 0; count < limit;) {
        size_t got = console_read(keys, sizeof keys);
        for (size_t i = 0; i < got; i++, count++) {
            print("key %3u %-3.*s while the worker was in round %llu\n", (unsigned char)keys[i],
                  keys[i] >= ' ' && keys[i] <= '~', &keys[i], (unsigned long long)rounds);
            if (keys[i] == 'q')
                return;
        }
        if (got == 0 && thread_block(&reason, deadline_ns) != 0)
            return;
    }
}

static void print_counters(void)
{
    struct irq_statistics statistics;

    for (unsigned source = 0; irq_statistics(source, &statistics); source++)
        if (statistics.name)
            print("interrupt %3u  %-10s %llu times\n", source, statistics.name,
                  (unsigned long long)statistics.count);
    print("spurious       %llu\n", (unsigned long long)irq_spurious_count());
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
    reader = thread_current();
    console_set_receiver(keys_available);
    if (board_start_interrupts(board) != 0)
        print("no interrupt controller: no key will ever arrive\n");
    machine_interrupts_enable();

    struct thread *worker = thread_create("worker", work, NULL);
    if (!worker)
        panic("no memory for a thread");
    uint64_t seconds = cmdline_number("seconds", 0);
    print("type, and end with q\n");
    read_keys(cmdline_number("keys", UINT64_MAX),
              seconds ? timer_deadline_after(seconds * SECOND) : MACHINE_NEVER);

    thread_interrupt(worker);
    thread_join(worker, NULL, MACHINE_NEVER);
    print_counters();
    return 0;
}
