// SPDX-License-Identifier: MIT
//
// What the kernel's basic operations cost. tests/bench/run.py boots this image and prints its
// lines beside the bars.
//
// Each figure is the mean over many rounds; every line is "name: figure".
#include "boot/board.h"
#include "boot/boot.h"
#include "channel.h"
#include "cmdline.h"
#include "counter.h"
#include "heap.h"
#include "page.h"
#include "panic.h"
#include "print.h"
#include "stack.h"
#include "thread.h"
#include "timer.h"
#include "trap.h"
#include "vm.h"

enum { ROUNDS = 1000, MANY_THREADS = 10000, FEW_THREADS = 10 };

static void report(const char *name, uint64_t total, unsigned rounds)
{
    print("%s: %llu.%llu %s\n", name, (unsigned long long)(total / rounds),
          (unsigned long long)(total * 10 / rounds % 10), COUNTER_UNIT);
}

static void yield_often(void *argument)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        thread_yield();
}

// Two threads hand the processor to each other: each yield is a switch.
static void measure_yield(void)
{
    struct thread *other = thread_create("other", yield_often, NULL);
    thread_yield();
    uint64_t start = counter_read();
    for (unsigned i = 0; i < ROUNDS - 10; i++)
        thread_yield();
    report("thread switch by yield", counter_read() - start, 2 * (ROUNDS - 10));
    thread_join(other, NULL, MACHINE_NEVER);
}

struct pair {
    struct channel *request, *answer;
};

static void answer_requests(void *argument)
{
    struct pair *pair = argument;
    uint64_t item;
    while (channel_receive(pair->request, &item, MACHINE_NEVER) == 0)
        channel_send(pair->answer, &item, MACHINE_NEVER);
}

static void measure_channel(void)
{
    struct pair pair = {channel_create("request", 8, 4), channel_create("answer", 8, 4)};
    struct thread *server = thread_create("server", answer_requests, &pair);
    uint64_t item = 1, start = 0;
    for (unsigned i = 0; i < ROUNDS + 10; i++) {
        if (i == 10)
            start = counter_read();
        channel_send(pair.request, &item, MACHINE_NEVER);
        channel_receive(pair.answer, &item, MACHINE_NEVER);
    }
    report("channel round trip", counter_read() - start, ROUNDS);
    channel_close(pair.request);
    thread_join(server, NULL, MACHINE_NEVER);
    channel_destroy(pair.request);
    channel_destroy(pair.answer);
}

static void do_nothing(void *argument)
{
}

static uint64_t create_and_join(unsigned rounds)
{
    uint64_t start = counter_read();
    for (unsigned i = 0; i < rounds; i++)
        thread_join(thread_create("short", do_nothing, NULL), NULL, MACHINE_NEVER);
    return counter_read() - start;
}

// A deadline that has passed when the thread blocks: arm, block, expire, come back.
static uint64_t sleep_and_wake(unsigned rounds)
{
    uint64_t start = counter_read();
    for (unsigned i = 0; i < rounds; i++)
        timer_sleep(1);
    return counter_read() - start;
}

static void sleep_long(void *argument)
{
    uint64_t hour_ns = 3600ull * 1000000000;
    timer_sleep(hour_ns + (uintptr_t)argument);
}

// The same two with so many other threads alive, all asleep with deadlines of their own.
static void measure_crowd(unsigned count, const char *create_name, const char *sleep_name)
{
    struct thread **crowd = heap_alloc(count * sizeof *crowd);
    for (unsigned i = 0; i < count; i++) {
        crowd[i] = thread_create("sleeper", sleep_long, (void *)(uintptr_t)(i * 7919 % count));
        if (!crowd[i])
            panic("no memory for sleeper %u of %u: start with -m 512M or more", i, count);
    }
    thread_yield();

    create_and_join(10);
    report(create_name, create_and_join(ROUNDS), ROUNDS);
    sleep_and_wake(10);
    report(sleep_name, sleep_and_wake(ROUNDS), ROUNDS);

    for (unsigned i = 0; i < count; i++) {
        thread_interrupt(crowd[i]);
        thread_join(crowd[i], NULL, MACHINE_NEVER);
    }
    heap_free(crowd);
}

static void measure_memory(void)
{
    page_free(page_alloc_dirty(1), 1);
    uint64_t start = counter_read();
    for (unsigned i = 0; i < ROUNDS; i++)
        page_free(page_alloc_dirty(1), 1);
    report("page_alloc_dirty(1) + page_free", counter_read() - start, ROUNDS);

    void *keep = heap_alloc(64);
    heap_free(heap_alloc(64));
    start = counter_read();
    for (unsigned i = 0; i < ROUNDS; i++)
        heap_free(heap_alloc(64));
    report("heap alloc + free, 64 bytes", counter_read() - start, ROUNDS);
    heap_free(keep);
}

int kernel_main(const struct boot_info *boot)
{
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

    measure_yield();
    measure_channel();
    measure_memory();
    measure_crowd(FEW_THREADS, "create + exit + join", "sleep + wake");
    measure_crowd(MANY_THREADS, "create + exit + join, 10,000 live",
                  "sleep + wake, 10,000 live");
    return 0;
}
