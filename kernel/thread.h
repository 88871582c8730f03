// SPDX-License-Identifier: MIT
//
// Threads: several things under way at once, one at a time.
//
//   thread_init()                        the code that runs now becomes the thread "main"
//   thread_create(name, f, argument)     runs f(argument) some time later, or NULL
//   thread_yield()                       lets the others run
//   thread_join(thread, &result, until)  waits for its end and releases it
//
// Cooperative: threads change only in thread_yield() and in waits, so between two of
// those a thread has the machine to itself, and data needs no locks. Interrupts mark
// things pending; the services below run between threads.
// Chapter 09.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"
#include "machine.h"

enum {
    THREAD_NAME_SIZE = 24,
    THREAD_STACK_SIZE = 16384, // bytes, without the guard page below
};

enum thread_state { THREAD_READY, THREAD_RUNNING, THREAD_WAITING, THREAD_DEAD };

// What a waiting thread waits for: shown by `ps`, by a panic and by the deadlock
// report.
struct wait_reason {
    const char *what; // "channel", "mutex", "thread", "time", "key"
    const char *name; // whose: "numbers"; "" or NULL when it has none
    // Points at who could end the wait (a mutex's owner, who may change meanwhile);
    // NULL when that is not known.
    struct thread *const *holder;
    void *data; // for whoever ends the wait: where a channel's item lies
    // Something outside may end it (a key, a device): then the system is idle, not dead.
    bool external;
    // Short for sure (a disk's request): thread_interrupt() does not end it.
    bool uninterruptible;
};

// Lies at the upper end of the pages of its own stack, so that a thread is one
// allocation that fails or succeeds.
struct thread {
    struct machine_context context;
    struct list link; // on the run queue, or on whatever it waits in
    enum thread_state state;
    int wake_result;  // what thread_block() returns
    bool interrupted; // somebody asked it to stop: waits return -EINTR
    bool detached;    // nobody will join it: it goes as soon as it ends
    unsigned mutexes; // that it holds: none may be left when it ends
    uint32_t id;      // 1, 2, 3 ... never used again
    char name[THREAD_NAME_SIZE];
    void (*function)(void *argument);
    void *argument;
    int result;            // after its end
    struct thread *joiner; // waits for its end, or NULL
    const struct wait_reason *waits_for; // while it waits: lies on its stack
    uint64_t waiting_since; // machine_clock_ns()
    uint64_t switches;      // how often it was given the processor
    struct list all;        // on the list of all threads
    void *stack;            // lowest usable byte; NULL for "main", which has the boot stack
    void *program; // for the layer above: its program, or NULL; inherited at creation
};

void thread_init(void);
// NULL when memory is out, or after 2^31 of them their numbers: nothing has happened then.
// The name is copied, and cut when too long.
struct thread *thread_create(const char *name, void (*function)(void *argument),
                             void *argument);
// The thread's resources go when it ends; it must not be joined.
void thread_detach(struct thread *thread);
// Returning from the thread's function is thread_exit(0).
_Noreturn void thread_exit(int result);
// Waits until it ends, gives its result (`result` may be NULL) and releases it. Sleeps.
// 0; -ETIMEDOUT; -EINTR; -EDEADLK for oneself; -EBUSY when somebody else joins it or it
// is detached.
int thread_join(struct thread *thread, int *result, uint64_t deadline_ns);
void thread_yield(void);
struct thread *thread_current(void);
// Yields only when something is pending: what a long loop calls so that devices and
// Ctrl-C are served.
void thread_checkpoint(void);

// ---- For those who build waits on it (wait.c, timer.c) ------------------------------
// Takes the current thread off the processor until thread_wake(). Sleeps. Returns the
// waker's result, -ETIMEDOUT when the deadline came first (MACHINE_NEVER: none), -EINTR
// when the thread has been interrupted. The thread's `link` is the caller's to put on a
// list before, and is off every list after. The reason is not copied.
int thread_block(const struct wait_reason *reason, uint64_t deadline_ns);
// Makes a waiting thread ready; takes its `link` off the list it waits in. Does nothing
// for one that does not wait: the first of several wakers decides the result.
void thread_wake(struct thread *thread, int result);
// Asks a thread to stop: its current and all later waits return -EINTR, until it ends.
// What can be done without waiting is still done.
void thread_interrupt(struct thread *thread);

// What the scheduler does between threads, once it has been marked: timers (10), interrupts
// (11). Services and all that they call never sleep. thread_current() is then whoever ran
// last.
struct thread_service {
    void (*run)(void);
    // The scheduler's:
    volatile bool is_due; // set by interrupts, too
    struct thread_service *next;
};
void thread_add_service(struct thread_service *service); // for ever
void thread_mark_pending(struct thread_service *service); // may be called from an interrupt
// What costs as much for many as for one: at the first checkpoint of a thread's turn, and then
// when some have passed, or it waits.
void thread_mark_later(struct thread_service *service);
// What lies above and is not there in chapter 09. Unset: a deadline is a bug, and an
// idle system is a deadlock.
struct thread_hooks {
    // thread_block() with a deadline.
    int (*block_until)(const struct wait_reason *reason, uint64_t deadline_ns);
    // Stops until something is pending. Interrupts are masked before and after.
    void (*idle)(void);
    // Whether a timer is running.
    bool (*has_deadline)(void);
    // A thread ends: called on its own stack, last thing. Must not sleep.
    void (*ended)(struct thread *thread);
};
struct thread_hooks *thread_hooks(void);

// ---- For those who look (thread_report.c) -------------------------------------------
// The next thread on the list of all after `thread` (NULL: the first), or NULL.
struct thread *thread_next(struct thread *thread);
size_t thread_count(void); // those that have ended and wait for their join included
const char *thread_state_name(enum thread_state state);
// "mutex \"left\" held by b": what a waiting thread waits for; "" for any other.
// Returns `text`.
const char *thread_describe_wait(const struct thread *thread, char *text, size_t size);
void thread_print_all(void); // a line each: id, state, name, what it waits for, since when
struct thread_statistics {
    uint64_t idle_ns;    // how long the processor had nothing to do
    uint64_t idle_count; // how often it stopped for that
};
void thread_statistics(struct thread_statistics *statistics);
