// SPDX-License-Identifier: MIT
//
// Many threads: a thousand come and go, a thousand act at random, and every page is
// back at the end.
#include "machine.h"
#include "page.h"
#include "print.h"
#include "stack.h"
#include "test.h"
#include "thread.h"
#include "threads.h"
#include "unit.h"

void unit_setup(const struct boot_info *boot)
{
    unit_start_threads(boot);
}

static void exit_with(void *argument)
{
    thread_exit((int)(intptr_t)argument);
}

static const struct wait_reason test_reason = {.what = "test"};

static void a_thousand_come_and_go(void)
{
    static struct thread *threads[100];
    size_t before = unit_free_pages();

    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 100; i++) {
            threads[i] = thread_create("one of many", exit_with, (void *)(intptr_t)i);
            CHECK(threads[i]);
        }
        for (int i = 0; i < 100; i++) {
            int result = -1;
            CHECK_EQUAL(thread_join(threads[i], &result, MACHINE_NEVER), 0);
            CHECK_EQUAL(result, i);
        }
    }
    CHECK_EQUAL(stack_cached_pages(), STACK_CACHE_MAX * (1 + THREAD_STACK_SIZE / PAGE_SIZE));
    CHECK_EQUAL(unit_free_pages(), before);
    CHECK_EQUAL(stack_cached_pages(), 0);
}

enum { CROWD = 1000, CROWD_STEPS = 20 };
static struct {
    uint64_t random;
    struct thread *threads[CROWD];
    bool waits[CROWD];
    unsigned wakes, waits_done;
} crowd;

static unsigned random_below(unsigned limit)
{
    return unit_random(&crowd.random) % limit;
}

// Wakes the first waiting thread from a random place on.
static void wake_somebody(void)
{
    unsigned start = random_below(CROWD);

    for (unsigned i = 0; i < CROWD; i++) {
        unsigned who = (start + i) % CROWD;
        if (!crowd.waits[who])
            continue;
        crowd.waits[who] = false;
        crowd.wakes++;
        thread_wake(crowd.threads[who], (int)who);
        return;
    }
}

static void act_at_random(void *argument)
{
    int self = (int)(intptr_t)argument;

    for (int i = 0; i < CROWD_STEPS; i++) {
        switch (random_below(3)) {
        case 0:
            thread_yield();
            break;
        case 1:
            wake_somebody();
            break;
        default:
            crowd.waits[self] = true;
            if (thread_block(&test_reason, MACHINE_NEVER) == self)
                crowd.waits_done++;
        }
    }
    thread_exit(self);
}

static void survives_random_actions(void)
{
    size_t before = unit_free_pages();
    unsigned alive = CROWD;

    crowd.random = machine_clock_ns() | 1;
    print("    seed %llu\n", (unsigned long long)crowd.random);
    for (intptr_t i = 0; i < CROWD; i++) {
        crowd.threads[i] = thread_create("crowd", act_at_random, (void *)i);
        CHECK(crowd.threads[i]);
    }
    while (alive > 0) {
        thread_yield();
        wake_somebody();
        for (int i = 0; i < CROWD; i++) {
            int result = -1;
            if (!crowd.threads[i] || crowd.threads[i]->state != THREAD_DEAD)
                continue;
            CHECK_EQUAL(thread_join(crowd.threads[i], &result, MACHINE_NEVER), 0);
            CHECK_EQUAL(result, i);
            crowd.threads[i] = NULL;
            alive--;
        }
    }
    CHECK(crowd.wakes > 0);
    CHECK_EQUAL(crowd.waits_done, crowd.wakes);
    CHECK_EQUAL(unit_free_pages(), before);
}

const struct test unit_tests[] = {
    {"a thousand threads come and go and no page is lost", a_thousand_come_and_go},
    {"a thousand threads survive random actions", survives_random_actions},
    {0},
};
