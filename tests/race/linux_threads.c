// SPDX-License-Identifier: MIT
//
// What Linux' threads cost: one gives the processor to the other by sched_yield(), or by a
// futex that wakes it; and one is made and waited for.
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux.h"

enum { ROUNDS = 20000, SHORT_LIVES = 2000 };

static void *yield_often(void *argument)
{
    for (int i = 0; i < ROUNDS; i++)
        sched_yield();
    return argument;
}

// ---- A token that goes back and forth -------------------------------------------------------
static atomic_int turn;

static void pass_often(int mine)
{
    for (int i = 0; i < ROUNDS; i++) {
        while (atomic_load(&turn) != mine)
            syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, 1 - mine, NULL);
        atomic_store(&turn, 1 - mine);
        syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1);
    }
}

static void *pass_back(void *argument)
{
    pass_often(1);
    return argument;
}

// ---- Measuring ------------------------------------------------------------------------------
static void *do_nothing(void *argument)
{
    return argument;
}

static void create_and_join(int rounds)
{
    for (int i = 0; i < rounds; i++) {
        pthread_t thread;
        check(pthread_create(&thread, NULL, do_nothing, NULL) == 0, "pthread_create");
        pthread_join(thread, NULL);
    }
}

// Per call of each thread: at most one switch. A yield need not be one, in its favour.
static void measure_switches(const char *name, void *(*other)(void *), void (*ours)(void))
{
    pthread_t thread;
    uint64_t start = now_ns();
    pthread_create(&thread, NULL, other, NULL);
    ours();
    pthread_join(thread, NULL);
    report(name, (double)(now_ns() - start) / (2.0 * ROUNDS));
}

static void yield(void)
{
    yield_often(NULL);
}

static void pass(void)
{
    pass_often(0);
}

int main(void)
{
    measure_switches("yield", yield_often, yield);
    measure_switches("futex", pass_back, pass);
    create_and_join(SHORT_LIVES / 10);
    uint64_t start = now_ns();
    create_and_join(SHORT_LIVES);
    report("create", (double)(now_ns() - start) / SHORT_LIVES);
    puts("end");
    for (;;)
        pause();
}
