// SPDX-License-Identifier: MIT
//
// Threads: turns, ends, joins, waits, interruptions and services.
#include "error.h"
#include "machine.h"
#include "print.h"
#include "string.h"
#include "test.h"
#include "thread.h"
#include "threads.h"
#include "unit.h"

void unit_setup(const struct boot_info *boot)
{
    unit_start_threads(boot);
}

// ---- Helpers ------------------------------------------------------------------------
static char trace[128]; // letters in the order in which things happened

static void start_trace(void)
{
    trace[0] = 0;
}

static void note(char letter)
{
    size_t length = strlen(trace);
    if (length + 1 < sizeof trace) {
        trace[length] = letter;
        trace[length + 1] = 0;
    }
}

static void note_and_yield(void *argument)
{
    for (int i = 0; i < 3; i++) {
        note(*(const char *)argument);
        thread_yield();
    }
}

static void do_nothing(void *argument)
{
}

static void exit_with(void *argument)
{
    thread_exit((int)(intptr_t)argument);
}

static const struct wait_reason test_reason = {.what = "test"};
static int last_result; // what the thread below got from its last wait

static void block_once(void *argument)
{
    last_result = thread_block(argument ? argument : &test_reason, MACHINE_NEVER);
    note('w');
}

// ---- Turns and ends -----------------------------------------------------------------
static void takes_turns(void)
{
    struct thread *threads[3];

    start_trace();
    for (int i = 0; i < 3; i++)
        threads[i] = thread_create("letters", note_and_yield, (void *)&"abc"[i]);
    for (int i = 0; i < 3; i++)
        CHECK_EQUAL(thread_join(threads[i], NULL, MACHINE_NEVER), 0);
    CHECK_STRING(trace, "abcabcabc");
}

static void runs_on_alone(void)
{
    uint64_t switches = thread_current()->switches;

    thread_yield();
    thread_checkpoint();
    CHECK_EQUAL(thread_current()->switches, switches);
    CHECK_STRING(thread_current()->name, "main");
}

static void gives_its_result(void)
{
    int result = 0;
    struct thread *before = thread_create("before", exit_with, (void *)7);
    struct thread *after = thread_create("after", exit_with, (void *)-3);

    CHECK_EQUAL(thread_join(before, &result, MACHINE_NEVER), 0);
    CHECK_EQUAL(result, 7);
    thread_yield();
    CHECK_EQUAL(after->state, THREAD_DEAD);
    CHECK_EQUAL(thread_join(after, &result, MACHINE_NEVER), 0);
    CHECK_EQUAL(result, -3);
}

static void numbers_are_never_used_again(void)
{
    uint32_t last = 0;

    for (int i = 0; i < 100; i++) {
        struct thread *thread = thread_create("short", do_nothing, NULL);
        CHECK(thread->id > last);
        last = thread->id;
        CHECK_EQUAL(thread_join(thread, NULL, MACHINE_NEVER), 0);
    }
}

static void cuts_long_names(void)
{
    struct thread *thread = thread_create("a name of more letters than fit", do_nothing, NULL);

    CHECK_STRING(thread->name, "a name of more letters ");
    CHECK_EQUAL(thread_join(thread, NULL, MACHINE_NEVER), 0);
}

static void is_on_the_list(void)
{
    CHECK_EQUAL(thread_count(), 1);
    struct thread *thread = thread_create("listed", do_nothing, NULL);
    CHECK(thread_next(NULL) == thread_current());
    CHECK(thread_next(thread_current()) == thread);
    CHECK(thread_next(thread) == NULL);
    CHECK_EQUAL(thread_count(), 2);
    CHECK_EQUAL(thread_join(thread, NULL, MACHINE_NEVER), 0);
    CHECK_EQUAL(thread_count(), 1);
}

static void inherits_its_program(void)
{
    int program;
    thread_current()->program = &program;
    struct thread *thread = thread_create("child", do_nothing, NULL);
    thread_current()->program = NULL;

    CHECK(thread->program == &program);
    CHECK_EQUAL(thread_join(thread, NULL, MACHINE_NEVER), 0);
}

static void refuses_wrong_joins(void)
{
    struct thread *detached = thread_create("detached", do_nothing, NULL);

    CHECK_EQUAL(thread_join(thread_current(), NULL, MACHINE_NEVER), -EDEADLK);
    thread_detach(detached);
    CHECK_EQUAL(thread_join(detached, NULL, MACHINE_NEVER), -EBUSY);
    thread_yield();
}

static struct thread *joined;

static void join_it(void *argument)
{
    last_result = thread_join(joined, NULL, MACHINE_NEVER);
}

static void has_one_joiner(void)
{
    joined = thread_create("joined", block_once, NULL);
    struct thread *joiner = thread_create("joiner", join_it, NULL);

    thread_yield();
    CHECK(joined->joiner == joiner);
    CHECK_EQUAL(thread_join(joined, NULL, MACHINE_NEVER), -EBUSY);
    // A joiner that gives up leaves the place to the next.
    thread_interrupt(joiner);
    CHECK_EQUAL(thread_join(joiner, NULL, MACHINE_NEVER), 0);
    CHECK_EQUAL(last_result, -EINTR);
    thread_wake(joined, 0);
    CHECK_EQUAL(thread_join(joined, NULL, MACHINE_NEVER), 0);
}

static void detached_ones_release_themselves(void)
{
    size_t before = unit_free_pages();
    thread_detach(thread_create("detached first", do_nothing, NULL));
    struct thread *later = thread_create("detached later", do_nothing, NULL);

    thread_yield();
    thread_yield();
    CHECK_EQUAL(later->state, THREAD_DEAD);
    CHECK_EQUAL(thread_count(), 2);
    thread_detach(later);
    CHECK_EQUAL(thread_count(), 1);
    CHECK_EQUAL(unit_free_pages(), before);
}

static void count_end(struct thread *thread)
{
    note('e');
}

static void tells_of_ends(void)
{
    start_trace();
    thread_hooks()->ended = count_end;
    struct thread *thread = thread_create("ends", do_nothing, NULL);
    CHECK_EQUAL(thread_join(thread, NULL, MACHINE_NEVER), 0);
    thread_hooks()->ended = NULL;
    CHECK_STRING(trace, "e");
}

// ---- Waits --------------------------------------------------------------------------
static void first_waker_decides(void)
{
    struct thread *thread = thread_create("waiter", block_once, NULL);

    thread_yield();
    CHECK_EQUAL(thread->state, THREAD_WAITING);
    thread_wake(thread, 5);
    thread_wake(thread, 6);
    CHECK_EQUAL(thread_join(thread, NULL, MACHINE_NEVER), 0);
    CHECK_EQUAL(last_result, 5);
}

static void wakes_in_order(void)
{
    struct thread *threads[3];
    const struct wait_reason reason = {.what = "turn", .name = "third"};

    start_trace();
    for (int i = 0; i < 3; i++)
        threads[i] = thread_create("waiter", block_once, (void *)&reason);
    thread_yield();
    char text[64];
    CHECK_STRING(thread_describe_wait(threads[2], text, sizeof text), "turn \"third\"");
    thread_wake(threads[2], 2);
    thread_wake(threads[0], 0);
    thread_wake(threads[1], 1);
    for (int i = 0; i < 3; i++)
        CHECK_EQUAL(thread_join(threads[i], NULL, MACHINE_NEVER), 0);
    CHECK_STRING(trace, "www");
    CHECK_EQUAL(last_result, 1);
}

static struct list interrupted_queue;

static void wait_twice(void *argument)
{
    for (int i = 0; i < 2; i++) {
        list_append(&interrupted_queue, &thread_current()->link);
        if (thread_block(&test_reason, MACHINE_NEVER) == -EINTR)
            note('i');
    }
}

static void interruption_stays(void)
{
    start_trace();
    list_init(&interrupted_queue);
    struct thread *thread = thread_create("interrupted", wait_twice, NULL);

    thread_yield();
    CHECK(!list_is_empty(&interrupted_queue));
    thread_interrupt(thread);
    CHECK(list_is_empty(&interrupted_queue));
    CHECK_EQUAL(thread_join(thread, NULL, MACHINE_NEVER), 0);
    CHECK_STRING(trace, "ii");
    CHECK(list_is_empty(&interrupted_queue));
}

static void write_two_blocks(void *reason)
{
    int first = thread_block(reason, MACHINE_NEVER);
    last_result = 10 * first + thread_block(reason, MACHINE_NEVER);
}

static void some_waits_are_not_interrupted(void)
{
    const struct wait_reason reason = {.what = "disk", .uninterruptible = true};
    struct thread *thread = thread_create("writer", write_two_blocks, (void *)&reason);

    thread_yield();
    thread_interrupt(thread);
    CHECK_EQUAL(thread->state, THREAD_WAITING);
    thread_wake(thread, 4);
    thread_yield();
    CHECK_EQUAL(thread->state, THREAD_WAITING); // the next one neither
    thread_wake(thread, 2);
    CHECK_EQUAL(thread_join(thread, NULL, MACHINE_NEVER), 0);
    CHECK_EQUAL(last_result, 42);
}

static struct thread *key_reader;

// What a device would do while the processor is stopped.
static void press_a_key(void)
{
    note('k');
    thread_wake(key_reader, 3);
}

static void waiting_for_outside_is_not_dead(void)
{
    const struct wait_reason reason = {.what = "key", .external = true};
    struct thread_statistics before, after;

    start_trace();
    thread_statistics(&before);
    thread_hooks()->idle = press_a_key;
    key_reader = thread_create("reader", block_once, (void *)&reason);
    CHECK_EQUAL(thread_join(key_reader, NULL, MACHINE_NEVER), 0);
    thread_hooks()->idle = NULL;
    thread_statistics(&after);
    CHECK_STRING(trace, "kw");
    CHECK_EQUAL(last_result, 3);
    CHECK_EQUAL(after.idle_count, before.idle_count + 1);
}

// ---- Services -----------------------------------------------------------------------
static struct thread *served;
static int services_left;

static void serve(void);
static struct thread_service service = {.run = serve};

static void serve(void)
{
    note('s');
    if (--services_left > 0)
        thread_mark_pending(&service); // as an interrupt would that comes meanwhile
    else if (served)
        thread_wake(served, 0);
}

static void services_run_between_threads(void)
{
    start_trace();
    thread_add_service(&service);
    served = thread_create("served", block_once, NULL);
    thread_yield();
    services_left = 3;
    thread_mark_pending(&service);
    CHECK_STRING(trace, "");
    CHECK_EQUAL(thread_join(served, NULL, MACHINE_NEVER), 0); // nobody else is ready
    CHECK_STRING(trace, "sssw");
    served = NULL;
}

// After the test before, which has added the service.
static void what_can_wait_is_served_for_many_at_once(void)
{
    start_trace();
    thread_checkpoint();
    CHECK_STRING(trace, "");
    thread_mark_later(&service);
    thread_checkpoint();
    CHECK_STRING(trace, "s"); // the first one
    thread_mark_later(&service);
    thread_checkpoint();
    thread_mark_later(&service);
    CHECK_STRING(trace, "s");
    for (int i = 0; i < 100; i++)
        thread_checkpoint();
    CHECK_STRING(trace, "ss");
    thread_mark_later(&service);
    thread_mark_pending(&service);
    thread_checkpoint();
    CHECK_STRING(trace, "sss");
}

static void services_run_when_they_are_due(void)
{
    static struct thread_service other = {.run = serve};
    thread_add_service(&other);
    start_trace();
    thread_mark_pending(&other);
    thread_yield();
    CHECK_STRING(trace, "s");
    thread_mark_pending(&service);
    thread_yield();
    CHECK_STRING(trace, "ss");
}

const struct test unit_tests[] = {
    {"threads take turns in the order of their creation", takes_turns},
    {"a thread that is alone runs on", runs_on_alone},
    {"a result reaches the joiner, before and after the end", gives_its_result},
    {"numbers are never used again", numbers_are_never_used_again},
    {"long names are cut", cuts_long_names},
    {"a thread is on the list from creation to release", is_on_the_list},
    {"a thread inherits the program of its creator", inherits_its_program},
    {"joining oneself or a detached thread is refused", refuses_wrong_joins},
    {"a thread has one joiner at a time", has_one_joiner},
    {"detached threads release themselves", detached_ones_release_themselves},
    {"the layer above hears of ends", tells_of_ends},
    {"the first waker decides the result", first_waker_decides},
    {"threads run in the order they are woken", wakes_in_order},
    {"an interrupted thread waits no more", interruption_stays},
    {"an uninterruptible wait goes on", some_waits_are_not_interrupted},
    {"who waits for the outside makes the system idle", waiting_for_outside_is_not_dead},
    {"services run between threads and lose no mark", services_run_between_threads},
    {"what can wait is served for many at once", what_can_wait_is_served_for_many_at_once},
    {"services run when they are due", services_run_when_they_are_due},
    {0},
};
