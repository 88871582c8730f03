// SPDX-License-Identifier: MIT
//
// What can be said about threads: to `ps`, in a panic, and when nothing can go on.
//
//   thread_print_all()             a table of all threads
//   thread_describe_wait(t, ...)   mutex "left" held by b
//   thread_report_deadlock()       the scheduler's last word: who waits for whom
//
// Whoever waits says for what in its wait_reason, and where the reason points at a
// holder, the waits form chains. A chain as long as there are threads must have met one
// of them twice: it has led into a cycle.
// Chapter 09.
#include "backtrace.h"
#include "format.h"
#include "panic.h"
#include "print.h"
#include "scheduler.h"
#include "trap.h"

enum {
    LINES_MAX = 32, // of a table in a panic: it has to fit on a screen
    WAIT_TEXT_SIZE = 96,
};

const char *thread_state_name(enum thread_state state)
{
    static const char *const names[] = {
        [THREAD_READY] = "ready",
        [THREAD_RUNNING] = "running",
        [THREAD_WAITING] = "waiting",
        [THREAD_DEAD] = "ended",
    };
    return names[state];
}

// Who could end the thread's wait, or NULL when it does not wait or nobody knows.
static const struct thread *holder_of(const struct thread *thread)
{
    if (thread->state != THREAD_WAITING || !thread->waits_for->holder)
        return NULL;
    return *thread->waits_for->holder;
}

const char *thread_describe_wait(const struct thread *thread, char *text, size_t size)
{
    if (thread->state != THREAD_WAITING) {
        snprintf(text, size, "%s", "");
        return text;
    }

    const struct wait_reason *reason = thread->waits_for;
    const struct thread *holder = holder_of(thread);
    const char *name = reason->name ? reason->name : "";
    const char *quote = name[0] ? " \"" : "";
    const char *end_quote = name[0] ? "\"" : "";
    if (holder && holder->name != reason->name) // who waits for a thread names it already
        snprintf(text, size, "%s%s%s%s held by %s", reason->what, quote, name, end_quote,
                 holder->name);
    else
        snprintf(text, size, "%s%s%s%s", reason->what, quote, name, end_quote);
    return text;
}

static void print_thread(const struct thread *thread)
{
    char wait[WAIT_TEXT_SIZE];

    print("%5u  %-8s %-23s %9llu", thread->id, thread_state_name(thread->state), thread->name,
          (unsigned long long)thread->switches);
    if (thread->state == THREAD_WAITING) {
        uint64_t waited_ms = (machine_clock_ns() - thread->waiting_since) / 1000000;
        print("  %s, for %llu.%03llu s", thread_describe_wait(thread, wait, sizeof wait),
              (unsigned long long)(waited_ms / 1000), (unsigned long long)(waited_ms % 1000));
    }
    print("\n");
}

static void print_table(size_t lines_max)
{
    size_t lines = 0;

    print("%5s  %-8s %-23s %9s  %s\n", "id", "state", "name", "switches", "waits for");
    for (struct thread *t = thread_next(NULL); t && lines < lines_max; t = thread_next(t)) {
        print_thread(t);
        lines++;
    }
    if (lines < thread_count())
        print("       ... and %zu more\n", thread_count() - lines);
}

void thread_print_all(void)
{
    print_table(SIZE_MAX);
}

// ---- Deadlock -----------------------------------------------------------------------

// A thread of a cycle of waits, or NULL when there is none.
static const struct thread *find_cycle(void)
{
    for (struct thread *start = thread_next(NULL); start; start = thread_next(start)) {
        const struct thread *thread = start;
        for (size_t steps = 0; thread && steps < thread_count(); steps++)
            thread = holder_of(thread);
        if (thread)
            return thread;
    }
    return NULL;
}

// "a waits for mutex "left" held by b; b waits for mutex "right" held by a"
static void print_cycle(const struct thread *first)
{
    const struct thread *thread = first;
    char wait[WAIT_TEXT_SIZE];

    print("The cycle: ");
    do {
        print("%s%s waits for %s", thread == first ? "" : "; ", thread->name,
              thread_describe_wait(thread, wait, sizeof wait));
        thread = holder_of(thread);
    } while (thread != first);
    print("\n");
}

_Noreturn void thread_report_deadlock(void)
{
    const struct thread *cycle = find_cycle();

    panic_begin();
    print("deadlock: no thread can ever run again\n"
          "None is ready, no timer runs, and nobody waits for a key or a device.\n");
    print_table(LINES_MAX);
    if (cycle)
        print_cycle(cycle);
    panic_hooks()->thread = NULL; // it is all said
    panic_end();
}

// ---- What panics, traps and backtraces ask ------------------------------------------

static void print_for_panic(void)
{
    const struct thread *self = thread_current();
    const char *between = scheduler_is_serving() ? "between threads, after " : "";

    print("%sthread %u \"%s\"\n", between, self->id, self->name);
    if (thread_count() > 1)
        print_table(LINES_MAX);
}

// The bounds of the stack that `sp` is on, when it is a thread's own. With an overflow it
// is in the guard page already.
static bool find_stack(uintptr_t sp, uintptr_t *low, uintptr_t *high)
{
    for (struct thread *t = thread_next(NULL); t; t = thread_next(t)) {
        uintptr_t stack = (uintptr_t)t->stack;
        if (!stack || sp < stack - PAGE_SIZE || sp >= stack + THREAD_STACK_SIZE)
            continue;
        *low = stack;
        *high = stack + THREAD_STACK_SIZE;
        return true;
    }
    return false;
}

// A fault just below a stack is an overflow of that stack.
static bool explain_overflow(uintptr_t address, char *text, size_t size)
{
    for (struct thread *t = thread_next(NULL); t; t = thread_next(t)) {
        uintptr_t stack = (uintptr_t)t->stack;
        if (!stack || address >= stack || address < stack - PAGE_SIZE)
            continue;
        snprintf(text, size,
                 "the guard page of thread %u \"%s\": its stack of %u bytes has overflowed",
                 t->id, t->name, THREAD_STACK_SIZE);
        return true;
    }
    return false;
}

void thread_report_init(void)
{
    panic_hooks()->thread = print_for_panic;
    backtrace_set_stacks(find_stack);
    trap_add_explainer(explain_overflow);
}
