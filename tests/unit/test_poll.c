// SPDX-License-Identifier: MIT
//
// Waiting for several handles: pipes that fill, empty and end while others look at them.
#include "error.h"
#include "file.h"
#include "heap.h"
#include "pipe.h"
#include "print.h"
#include "process.h"
#include "string.h"
#include "terminal.h"
#include "test.h"
#include "threads.h"
#include "unit.h"
#include "user/os.h"

void unit_setup(const struct boot_info *boot)
{
    unit_start_time(boot);
    terminal_init();
    process_init();
}

static size_t allocations(void)
{
    struct heap_statistics statistics;
    heap_statistics(&statistics);
    return statistics.allocations;
}

// After a pause in which the one who waits has gone to sleep.
static void write_late(void *handle)
{
    thread_yield();
    os_write(*(int *)handle, "x", 1);
}

static void close_late(void *handle)
{
    thread_yield();
    os_close(*(int *)handle);
}

// Runs function(argument) in a thread while `polls` is waited for.
static int poll_during(void (*function)(void *argument), void *argument, struct os_poll *polls,
                       unsigned count)
{
    struct thread *thread = thread_create("other", function, argument);
    int ready = os_poll(polls, count, OS_NEVER);
    thread_join(thread, NULL, MACHINE_NEVER);
    return ready;
}

// ---- Arrays -----------------------------------------------------------------------------
static void a_pipe_says_what_holds(void)
{
    static char bytes[PIPE_SIZE];
    int ends[2];
    CHECK_EQUAL(os_pipe(ends), 0);
    struct os_poll polls[] = {{ends[0], OS_POLL_READ, 9}, {ends[1], OS_POLL_WRITE, 9},
                              {-1, OS_POLL_READ, 9}};
    CHECK_EQUAL(os_poll(polls, 3, 0), 1);
    CHECK_EQUAL(polls[0].ready, 0);
    CHECK_EQUAL(polls[1].ready, OS_POLL_WRITE);
    CHECK_EQUAL(polls[2].ready, 0);
    CHECK_EQUAL(os_write(ends[1], bytes, sizeof(bytes)), PIPE_SIZE);
    CHECK_EQUAL(os_poll(polls, 2, OS_NEVER), 1);
    CHECK_EQUAL(polls[0].ready, OS_POLL_READ);
    CHECK_EQUAL(polls[1].ready, 0);
    CHECK_EQUAL(os_read(ends[0], bytes, sizeof(bytes)), PIPE_SIZE);
    os_close(ends[1]);
    CHECK_EQUAL(os_poll(polls, 2, OS_NEVER), 2);
    CHECK_EQUAL(polls[0].ready, OS_POLL_READ | OS_POLL_END);
    CHECK_EQUAL(polls[1].ready, OS_POLL_ERROR); // no such handle
    os_close(ends[0]);
}

static void nobody_reads_any_more(void)
{
    int ends[2];
    CHECK_EQUAL(os_pipe(ends), 0);
    struct os_poll poll = {ends[1], 0, 0};
    CHECK_EQUAL(os_poll(&poll, 1, 0), 0); // nothing is wanted but what is told anyway
    CHECK_EQUAL(poll_during(close_late, &ends[0], &poll, 1), 1);
    CHECK_EQUAL(poll.ready, OS_POLL_ERROR);
    os_close(ends[1]);
}

static void the_end_is_told_to_who_reads(void)
{
    int ends[2], watch = os_watch_create();
    struct os_event event;
    CHECK_EQUAL(os_pipe(ends), 0);
    os_close(ends[1]);
    struct os_poll poll = {ends[0], OS_POLL_WRITE, 0};
    CHECK_EQUAL(os_poll(&poll, 1, 0), 0);
    CHECK_EQUAL(os_watch(watch, ends[0], OS_POLL_WRITE, NULL), 0);
    CHECK_EQUAL(os_watch_wait(watch, &event, 1, 0), 0);
    CHECK_EQUAL(os_watch(watch, ends[0], OS_POLL_READ, NULL), 0);
    CHECK_EQUAL(os_watch_wait(watch, &event, 1, 0), 1);
    CHECK_EQUAL(event.ready, OS_POLL_READ | OS_POLL_END);
    os_close(ends[0]);
    os_close(watch);
}

static void waiting_ends_with_a_change(void)
{
    int ends[2];
    CHECK_EQUAL(os_pipe(ends), 0);
    struct os_poll poll = {ends[0], OS_POLL_READ, 0};
    CHECK_EQUAL(poll_during(write_late, &ends[1], &poll, 1), 1);
    CHECK_EQUAL(poll.ready, OS_POLL_READ);
    os_close(ends[0]);
    os_close(ends[1]);
}

static void waiting_ends_when_the_handle_goes(void)
{
    int ends[2];
    CHECK_EQUAL(os_pipe(ends), 0);
    struct os_poll poll = {ends[0], OS_POLL_READ, 0};
    CHECK_EQUAL(poll_during(close_late, &ends[0], &poll, 1), 1);
    CHECK_EQUAL(poll.ready, OS_POLL_ERROR);
    os_close(ends[1]);
}

static void waiting_ends_at_the_deadline(void)
{
    int ends[2];
    CHECK_EQUAL(os_pipe(ends), 0);
    struct os_poll poll = {ends[0], OS_POLL_READ, 0};
    CHECK_EQUAL(os_poll(&poll, 1, os_clock_ns() + 1000000), 0);
    CHECK_EQUAL(os_poll(NULL, 0, os_clock_ns() + 1000000), 0);
    os_close(ends[0]);
    os_close(ends[1]);
}

static void many_are_more_than_a_few(void)
{
    enum { PIPES = 20 };
    int ends[PIPES][2];
    struct os_poll polls[PIPES];
    size_t before = 0;
    for (int i = 0; i < PIPES; i++) {
        CHECK_EQUAL(os_pipe(ends[i]), 0);
        polls[i] = (struct os_poll){ends[i][0], OS_POLL_READ, 0};
    }
    before = allocations();
    CHECK_EQUAL(poll_during(write_late, &ends[13][1], polls, PIPES), 1);
    CHECK_EQUAL(polls[13].ready, OS_POLL_READ);
    CHECK_EQUAL(allocations(), before);
    for (int i = 0; i < PIPES; i++) {
        os_close(ends[i][0]);
        os_close(ends[i][1]);
    }
}

// ---- Pipes that do not wait, and ends that go -------------------------------------------
static int result;

static void read_one(void *handle)
{
    char byte;
    result = os_read(*(int *)handle, &byte, 1);
}

static void a_closed_handle_wakes_who_reads(void)
{
    int ends[2];
    CHECK_EQUAL(os_pipe(ends), 0);
    struct thread *reader = thread_create("reader", read_one, &ends[0]);
    thread_yield();
    CHECK_EQUAL(os_close(ends[0]), 0);
    thread_join(reader, NULL, MACHINE_NEVER);
    CHECK_EQUAL(result, -EBADF);
    CHECK_EQUAL(os_write(ends[1], "x", 1), -EPIPE);
    os_close(ends[1]);
}

static void a_pipe_may_be_told_not_to_wait(void)
{
    static char bytes[PIPE_SIZE + 10];
    struct file *read_end, *write_end;
    CHECK_EQUAL(pipe_create(&read_end, &write_end), 0);
    read_end->no_wait = write_end->no_wait = true;
    CHECK_EQUAL(file_read(read_end, bytes, 1), -EAGAIN);
    CHECK_EQUAL(file_write(write_end, bytes, sizeof(bytes)), PIPE_SIZE);
    CHECK_EQUAL(file_write(write_end, bytes, 1), -EAGAIN);
    CHECK_EQUAL(file_read(read_end, bytes, sizeof(bytes)), PIPE_SIZE);
    file_put(write_end);
    CHECK_EQUAL(file_read(read_end, bytes, 1), 0);
    file_put(read_end);
}

// ---- Watches ----------------------------------------------------------------------------
static void a_watch_tells_as_long_as_it_holds(void)
{
    int ends[2], watch = os_watch_create();
    char byte;
    struct os_event event;
    CHECK_EQUAL(os_pipe(ends), 0);
    CHECK_EQUAL(os_watch(watch, ends[0], OS_POLL_READ, ends), 0);
    CHECK_EQUAL(os_watch_wait(watch, &event, 1, 0), 0);
    CHECK_EQUAL(os_write(ends[1], "x", 1), 1);
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(os_watch_wait(watch, &event, 1, OS_NEVER), 1);
        CHECK(event.context == ends);
        CHECK_EQUAL(event.ready, OS_POLL_READ);
    }
    CHECK_EQUAL(os_read(ends[0], &byte, 1), 1);
    CHECK_EQUAL(os_watch_wait(watch, &event, 1, 0), 0);
    CHECK_EQUAL(os_watch_wait(watch, &event, 1, os_clock_ns() + 1000000), 0);
    CHECK_EQUAL(os_write(ends[1], "x", 1), 1);
    CHECK_EQUAL(os_watch(watch, ends[0], 0, NULL), 0);
    CHECK_EQUAL(os_watch_wait(watch, &event, 1, 0), 0);
    os_close(watch);
    os_close(ends[0]);
    os_close(ends[1]);
}

static void events_come_in_turn(void)
{
    enum { PIPES = 5 };
    int ends[PIPES][2], watch = os_watch_create();
    unsigned seen = 0;
    struct os_event events[2];
    for (int i = 0; i < PIPES; i++) {
        CHECK_EQUAL(os_pipe(ends[i]), 0);
        CHECK_EQUAL(os_write(ends[i][1], "x", 1), 1);
        CHECK_EQUAL(os_watch(watch, ends[i][0], OS_POLL_READ, ends[i]), 0);
    }
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(os_watch_wait(watch, events, 2, 0), 2);
        for (int j = 0; j < 2; j++)
            seen |= 1u << ((int(*)[2])events[j].context - ends);
    }
    CHECK_EQUAL(seen, (1u << PIPES) - 1); // nobody is passed over
    for (int i = 0; i < PIPES; i++) {
        os_close(ends[i][0]);
        os_close(ends[i][1]);
    }
    CHECK_EQUAL(os_watch_wait(watch, events, 2, 0), 0);
    os_close(watch);
}

static void wait_for_one(void *watch)
{
    struct os_event event;
    result = os_watch_wait(*(int *)watch, &event, 1, OS_NEVER);
}

static void a_watch_wakes_who_waits(void)
{
    int ends[2], watch = os_watch_create();
    CHECK_EQUAL(os_pipe(ends), 0);
    CHECK_EQUAL(os_watch(watch, ends[0], OS_POLL_READ, NULL), 0);
    struct thread *waiter = thread_create("waiter", wait_for_one, &watch);
    thread_yield();
    os_write(ends[1], "x", 1);
    thread_join(waiter, NULL, MACHINE_NEVER);
    CHECK_EQUAL(result, 1);
    CHECK_EQUAL(os_watch(watch, ends[0], 0, NULL), 0);
    waiter = thread_create("waiter", wait_for_one, &watch);
    thread_yield();
    os_close(watch);
    thread_join(waiter, NULL, MACHINE_NEVER);
    CHECK_EQUAL(result, -EBADF);
    os_close(ends[0]);
    os_close(ends[1]);
}

// Its number may stand for another file at once; that one is not watched.
static void a_closed_handle_leaves(void)
{
    int old[2], new[2], watch = os_watch_create();
    struct os_event event;
    size_t before = allocations();
    CHECK_EQUAL(os_pipe(old), 0);
    CHECK_EQUAL(os_watch(watch, old[0], OS_POLL_READ, old), 0);
    CHECK_EQUAL(os_write(old[1], "x", 1), 1);
    os_close(old[0]);
    CHECK_EQUAL(os_pipe(new), 0);
    CHECK_EQUAL(new[0], old[0]);
    CHECK_EQUAL(os_write(new[1], "x", 1), 1);
    CHECK_EQUAL(os_watch_wait(watch, &event, 1, 0), 0);
    CHECK_EQUAL(os_watch(watch, new[0], OS_POLL_READ, new), 0);
    CHECK_EQUAL(os_watch_wait(watch, &event, 1, 0), 1);
    CHECK(event.context == new);

    int copy = os_dup(new[0]); // the file lives on, its handle does not
    os_close(new[0]);
    CHECK_EQUAL(os_watch_wait(watch, &event, 1, 0), 0);
    os_close(copy);
    os_close(new[1]);
    os_close(old[1]);
    CHECK_EQUAL(allocations(), before);
    os_close(watch);
}

static void what_cannot_be_watched_is_refused(void)
{
    int watch = os_watch_create(), other = os_watch_create(), ends[2];
    struct os_event event;
    int null = file_table_add(&process_current()->files, file_null());
    CHECK_EQUAL(os_pipe(ends), 0);
    CHECK_EQUAL(os_watch(watch, null, OS_POLL_READ, NULL), -EPERM); // always ready
    CHECK_EQUAL(os_watch(watch, other, OS_POLL_READ, NULL), -EPERM);
    CHECK_EQUAL(os_watch(watch, 999, OS_POLL_READ, NULL), -EBADF);
    CHECK_EQUAL(os_watch(ends[0], ends[1], OS_POLL_READ, NULL), -EINVAL);
    CHECK_EQUAL(os_watch_wait(ends[0], &event, 1, 0), -EINVAL);
    CHECK_EQUAL(os_watch_wait(watch, &event, 0, 0), -EINVAL);
    CHECK_EQUAL(os_watch_wait(999, &event, 1, 0), -EBADF);
    CHECK_EQUAL(os_watch(watch, OS_INPUT, OS_POLL_READ, NULL), 0); // the console
    for (int handle = watch; handle <= ends[1]; handle++)
        os_close(handle);
}

const struct test unit_tests[] = {
    {"a pipe says what holds", a_pipe_says_what_holds},
    {"nobody reads any more", nobody_reads_any_more},
    {"the end is told to who reads", the_end_is_told_to_who_reads},
    {"waiting ends with a change", waiting_ends_with_a_change},
    {"waiting ends when the handle goes", waiting_ends_when_the_handle_goes},
    {"waiting ends at the deadline", waiting_ends_at_the_deadline},
    {"many are more than a few", many_are_more_than_a_few},
    {"a closed handle wakes who reads", a_closed_handle_wakes_who_reads},
    {"a pipe may be told not to wait", a_pipe_may_be_told_not_to_wait},
    {"a watch tells as long as it holds", a_watch_tells_as_long_as_it_holds},
    {"events come in turn", events_come_in_turn},
    {"a watch wakes who waits", a_watch_wakes_who_waits},
    {"a closed handle leaves", a_closed_handle_leaves},
    {"what cannot be watched is refused", what_cannot_be_watched_is_refused},
    {0},
};
