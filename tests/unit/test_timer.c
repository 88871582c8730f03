// SPDX-License-Identifier: MIT
//
// Timers against a sorted model, sleeping threads, and deadlines that race with
// wake-ups.
#include "error.h"
#include "heap.h"
#include "machine.h"
#include "print.h"
#include "test.h"
#include "thread.h"
#include "threads.h"
#include "timer.h"
#include "unit.h"

enum { MS = 1000000 }; // nanoseconds

void unit_setup(const struct boot_info *boot)
{
    unit_start_time(boot);
}

static uint64_t random_state;

static unsigned random_below(unsigned limit)
{
    return unit_random(&random_state) % limit;
}

// ---- The heap against a model -------------------------------------------------------
enum { MODEL_TIMERS = 1000 };
struct modelled {
    struct timer timer;
    unsigned start_order, end_order; // 0: stopped; not yet
};
static struct {
    struct modelled *timers;
    unsigned started, ended, early;
} model;

static void count_end(struct timer *timer)
{
    struct modelled *modelled = container_of(timer, struct modelled, timer);

    modelled->end_order = ++model.ended;
    if (machine_clock_ns() < timer->deadline_ns)
        model.early++;
}

static bool is_before(const struct modelled *a, const struct modelled *b)
{
    if (a->timer.deadline_ns != b->timer.deadline_ns)
        return a->timer.deadline_ns < b->timer.deadline_ns;
    return a->start_order < b->start_order;
}

// Starts, stops and starts again at random; many deadlines are equal.
static void start_and_stop_at_random(uint64_t base_ns)
{
    for (unsigned i = 0; i < 4 * MODEL_TIMERS; i++) {
        struct modelled *modelled = &model.timers[random_below(MODEL_TIMERS)];
        if (timer_is_running(&modelled->timer) || random_below(4) == 0) {
            timer_stop(&modelled->timer);
            modelled->start_order = 0;
            continue;
        }
        modelled->start_order = ++model.started;
        timer_start(&modelled->timer, base_ns + random_below(64) * (MS / 10), count_end);
    }
}

static void expires_like_a_sorted_list(void)
{
    random_state = machine_clock_ns() | 1;
    print("    seed %llu\n", (unsigned long long)random_state);
    model.timers = heap_alloc(MODEL_TIMERS * sizeof *model.timers);
    CHECK(model.timers);
    // So far ahead that none expires while they are started.
    uint64_t base_ns = machine_clock_ns() + 300 * MS;
    start_and_stop_at_random(base_ns);
    CHECK_EQUAL(timer_sleep_until(base_ns + 10 * MS), 0);

    unsigned running = 0;
    for (unsigned i = 0; i < MODEL_TIMERS; i++) {
        struct modelled *a = &model.timers[i];
        running += a->start_order != 0;
        CHECK_EQUAL(a->start_order != 0, a->end_order != 0);
        CHECK(!timer_is_running(&a->timer));
        for (unsigned j = 0; j < i; j++) {
            struct modelled *b = &model.timers[j];
            if (a->start_order && b->start_order)
                CHECK_EQUAL(is_before(a, b), a->end_order < b->end_order);
        }
    }
    CHECK(running > MODEL_TIMERS / 4);
    CHECK_EQUAL(model.ended, running);
    CHECK_EQUAL(model.early, 0);
    heap_free(model.timers);
}

// A row of siblings as long as there are timers, merged on a thread's small stack.
static void merge_a_long_row(void *argument)
{
    enum { ROW = 20000 };
    struct timer *row = heap_alloc(ROW * sizeof *row);
    uint64_t hour_ns = machine_clock_ns() + UINT64_C(3600) * 1000 * MS;

    for (unsigned i = 0; i < ROW; i++)
        timer_start(&row[i], hour_ns + i, count_end);
    for (unsigned i = 0; i < ROW; i++)
        timer_stop(&row[i]);
    heap_free(row);
}

static void long_rows_need_no_stack(void)
{
    struct thread *thread = thread_create("row", merge_a_long_row, NULL);
    CHECK_EQUAL(thread_join(thread, NULL, MACHINE_NEVER), 0);
    CHECK(!thread_hooks()->has_deadline());
}

static unsigned repeats;

static void start_again_in_the_past(struct timer *timer)
{
    if (++repeats < 1000)
        timer_start(timer, 0, start_again_in_the_past);
}

static void take_turns(void *turns)
{
    while (repeats < 1000) {
        ++*(unsigned *)turns;
        thread_yield();
    }
}

static void one_for_the_past_stops_nobody(void)
{
    struct timer timer = {0};
    unsigned turns = 0;

    repeats = 0;
    struct thread *thread = thread_create("other", take_turns, &turns);
    timer_start(&timer, 0, start_again_in_the_past);
    CHECK_EQUAL(thread_join(thread, NULL, MACHINE_NEVER), 0);
    CHECK(turns >= 500); // each time the timer runs again is a round of its own
    CHECK(!timer_is_running(&timer));
}

static struct timer victim;

static void stop_the_other(struct timer *timer)
{
    timer_stop(&victim);
}

static void may_stop_another_that_is_due(void)
{
    struct timer killer = {0};
    uint64_t when_ns = machine_clock_ns() + MS;

    model.ended = 0;
    timer_start(&killer, when_ns, stop_the_other);
    timer_start(&victim, when_ns, count_end);
    CHECK_EQUAL(timer_sleep_until(when_ns + MS), 0);
    CHECK_EQUAL(model.ended, 0);
    CHECK(!timer_is_running(&victim) && !timer_is_running(&killer));
}

static void a_stopped_early_one_delays_nobody(void)
{
    struct timer early = {0};
    uint64_t start_ns = machine_clock_ns();

    timer_start(&early, start_ns + 2 * MS, count_end);
    timer_stop(&early);
    timer_stop(&early); // no harm
    CHECK_EQUAL(timer_sleep_until(start_ns + 5 * MS), 0);
    CHECK(machine_clock_ns() >= start_ns + 5 * MS);
}

// ---- Sleeping -----------------------------------------------------------------------
static void deadlines_do_not_wrap(void)
{
    CHECK(timer_deadline_after(MACHINE_NEVER) == MACHINE_NEVER);
    CHECK(timer_deadline_after(MACHINE_NEVER - 1) == MACHINE_NEVER);
    uint64_t now_ns = machine_clock_ns();
    CHECK(timer_deadline_after(0) >= now_ns);
    CHECK(timer_deadline_after(5) - now_ns < UINT64_C(1000) * MS);
}

static void sleeps_no_less_than_asked(void)
{
    for (unsigned i = 0; i < 10; i++) {
        uint64_t start_ns = machine_clock_ns();
        CHECK_EQUAL(timer_sleep(i * MS / 4), 0);
        CHECK(machine_clock_ns() - start_ns >= i * MS / 4);
    }
    CHECK_EQUAL(timer_sleep_until(0), 0);
}

static struct {
    uint64_t base_ns;
    unsigned count, order[16];
} sleepers;

static void sleep_and_note(void *argument)
{
    unsigned number = (unsigned)(uintptr_t)argument;

    timer_sleep_until(sleepers.base_ns + number / 2 * MS); // two at a time
    sleepers.order[sleepers.count++] = number;
}

static void wakes_in_the_order_of_deadlines(void)
{
    static const unsigned char created[] = {6, 2, 14, 0, 3, 1, 7, 15};
    static const unsigned char expected[] = {0, 1, 2, 3, 6, 7, 14, 15};
    struct thread *threads[8];

    sleepers.base_ns = machine_clock_ns() + 20 * MS;
    for (unsigned i = 0; i < 8; i++) {
        threads[i] = thread_create("sleeper", sleep_and_note, (void *)(uintptr_t)created[i]);
        CHECK(threads[i]);
    }
    for (unsigned i = 0; i < 8; i++)
        CHECK_EQUAL(thread_join(threads[i], NULL, MACHINE_NEVER), 0);
    for (unsigned i = 0; i < 8; i++)
        CHECK_EQUAL(sleepers.order[i], expected[i]);
}

static int last_result;

static void sleep_an_hour(void *argument)
{
    last_result = timer_sleep(UINT64_C(3600) * 1000 * MS);
}

static void an_interrupted_sleep_ends(void)
{
    struct thread *thread = thread_create("sleeper", sleep_an_hour, NULL);

    thread_yield();
    CHECK(thread_hooks()->has_deadline());
    thread_interrupt(thread);
    CHECK_EQUAL(thread_join(thread, NULL, MACHINE_NEVER), 0);
    CHECK_EQUAL(last_result, -EINTR);
    CHECK(!thread_hooks()->has_deadline());
}

static void joins_until_a_deadline(void)
{
    struct thread *thread = thread_create("sleeper", sleep_an_hour, NULL);

    CHECK_EQUAL(thread_join(thread, NULL, timer_deadline_after(2 * MS)), -ETIMEDOUT);
    CHECK(thread->joiner == NULL);
    thread_interrupt(thread);
    CHECK_EQUAL(thread_join(thread, NULL, timer_deadline_after(1000 * MS)), 0);
    CHECK(!thread_hooks()->has_deadline());
}

static void sleep_until_base(void *argument)
{
    timer_sleep_until(sleepers.base_ns);
}

// The deadline has come, but before the joiner runs the thread ends: then that counts.
static void an_end_beats_the_deadline(void)
{
    sleepers.base_ns = machine_clock_ns() + 2 * MS;
    struct thread *thread = thread_create("sleeper", sleep_until_base, NULL);
    thread_yield();
    CHECK_EQUAL(thread_join(thread, NULL, sleepers.base_ns + 1), 0);
}

static void idle_time_is_counted(void)
{
    struct thread_statistics before, after;

    thread_statistics(&before);
    CHECK_EQUAL(timer_sleep(20 * MS), 0);
    thread_statistics(&after);
    CHECK(after.idle_ns - before.idle_ns >= 15 * MS);
    CHECK(after.idle_count > before.idle_count);
    CHECK(after.idle_count - before.idle_count < 1000); // it stops, it does not ask on and on
}

// ---- Deadlines against wake-ups -----------------------------------------------------
struct race {
    struct timer waker;
    struct thread *thread;
    struct list queue;
};

static void wake_waiter(struct timer *timer)
{
    struct race *race = container_of(timer, struct race, waker);

    thread_wake(race->thread, 1);
}

// The same moment for the deadline and for the waker: whoever is first, the other finds
// nothing left to do.
static void one_of_two_wakers_wins(void)
{
    const struct wait_reason reason = {.what = "race"};
    struct race race = {.thread = thread_current()};
    unsigned won = 0, late = 0;

    list_init(&race.queue);
    for (unsigned i = 0; i < 200; i++) {
        uint64_t when_ns = machine_clock_ns() + MS / 10;
        timer_start(&race.waker, when_ns + (i & 1), wake_waiter);
        list_append(&race.queue, &race.thread->link);
        int result = thread_block(&reason, when_ns + !(i & 1));
        CHECK(result == 1 || result == -ETIMEDOUT);
        CHECK(list_is_empty(&race.queue));
        won += result == 1;
        late += result == -ETIMEDOUT;
        timer_stop(&race.waker);
        CHECK(!thread_hooks()->has_deadline());
    }
    CHECK_EQUAL(won, 100);
    CHECK_EQUAL(late, 100);
}

const struct test unit_tests[] = {
    {"timers expire like a sorted list", expires_like_a_sorted_list},
    {"long rows of timers need no stack", long_rows_need_no_stack},
    {"a timer for the past stops nobody", one_for_the_past_stops_nobody},
    {"a timer may stop another that is due", may_stop_another_that_is_due},
    {"a stopped timer delays nobody", a_stopped_early_one_delays_nobody},
    {"deadlines do not wrap around", deadlines_do_not_wrap},
    {"a sleep is no shorter than asked", sleeps_no_less_than_asked},
    {"sleepers wake in the order of their deadlines", wakes_in_the_order_of_deadlines},
    {"an interrupted sleep ends", an_interrupted_sleep_ends},
    {"a join may have a deadline", joins_until_a_deadline},
    {"a thread that ends before its joiner gives up is joined", an_end_beats_the_deadline},
    {"idle time is counted, and slept through", idle_time_is_counted},
    {"of a deadline and a wake-up one wins", one_of_two_wakers_wins},
    {0},
};
