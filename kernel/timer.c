// SPDX-License-Identifier: MIT
//
// Timers: a pairing heap of moments, and one deadline at the machine.
//
//   timer_start(timer, deadline, f)      O(1)
//   timer_stop(timer)                    O(log n), amortised
//   timer_sleep(duration)
//
// A pairing heap is a tree in which no child is due before its parent. Two such trees
// become one by hanging the later root below the earlier: that is all of starting a
// timer. When the root goes, its children are merged in pairs, and then the pairs into
// one; the work is done once per child, so that the next time there are fewer. The
// links are inside struct timer: nothing here can run out of memory.
//
// The machine is told of a deadline when it is earlier than what it knows. A timer that
// is stopped leaves its deadline there: one early wake-up is cheaper than a call to the
// firmware each time a timeout was not needed.
// Chapter 10.
#include "timer.h"

#include "error.h"
#include "list.h"
#include "machine.h"
#include "panic.h"
#include "thread.h"
#include "trap.h"

static struct {
    struct timer *root;    // the next one, or NULL
    size_t count;          // running timers
    uint64_t last_order;
    uint64_t armed_ns;     // what the machine knows; MACHINE_NEVER: nothing
    struct thread_service expiry; // due when the machine's deadline has come
} timers = {.armed_ns = MACHINE_NEVER};

// ---- The pairing heap ---------------------------------------------------------------

static bool is_before(const struct timer *a, const struct timer *b)
{
    if (a->deadline_ns != b->deadline_ns)
        return a->deadline_ns < b->deadline_ns;
    return a->order < b->order;
}

// Hangs the later of two roots below the earlier, as its first child; either may be
// NULL.
static struct timer *merge(struct timer *a, struct timer *b)
{
    if (!a || !b)
        return a ? a : b;
    if (is_before(b, a)) {
        struct timer *earlier = b;
        b = a;
        a = earlier;
    }
    b->next = a->child;
    if (b->next)
        b->next->previous = b;
    b->previous = a;
    a->child = b;
    return a;
}

// Makes one tree of a row of siblings, in two passes without recursion: a row may be as
// long as there are timers.
static struct timer *merge_siblings(struct timer *first)
{
    struct timer *pairs = NULL; // linked by `next`, the last pair first

    while (first) {
        struct timer *second = first->next;
        struct timer *rest = second ? second->next : NULL;
        struct timer *pair = merge(first, second);
        pair->next = pairs;
        pairs = pair;
        first = rest;
    }
    struct timer *tree = NULL;
    while (pairs) {
        struct timer *rest = pairs->next;
        tree = merge(tree, pairs);
        pairs = rest;
    }
    return tree;
}

static void set_root(struct timer *root)
{
    timers.root = root;
    if (!root)
        return;
    root->next = NULL;
    root->previous = root; // has no parent, but runs
}

static void insert(struct timer *timer)
{
    timer->child = timer->next = NULL;
    timer->order = ++timers.last_order;
    set_root(merge(timers.root, timer));
    timers.count++;
}

static void take_out(struct timer *timer)
{
    struct timer *children = merge_siblings(timer->child);

    if (timer == timers.root) {
        set_root(children);
    } else {
        if (timer->next)
            timer->next->previous = timer->previous;
        if (timer->previous->child == timer)
            timer->previous->child = timer->next;
        else
            timer->previous->next = timer->next;
        set_root(merge(timers.root, children));
    }
    timer->child = timer->next = timer->previous = NULL;
    timers.count--;
}

// ---- Timers -------------------------------------------------------------------------

// Tells the machine when the next timer is due, unless it will come by then anyway.
static void arm(void)
{
    if (!timers.root || timers.root->deadline_ns >= timers.armed_ns)
        return;
    timers.armed_ns = timers.root->deadline_ns;
    machine_deadline_set(timers.armed_ns);
}

bool timer_is_running(const struct timer *timer)
{
    return timer->previous;
}

void timer_start(struct timer *timer, uint64_t deadline_ns,
                 void (*expired)(struct timer *timer))
{
    ASSERT(!timer_is_running(timer));

    timer->deadline_ns = deadline_ns;
    timer->expired = expired;
    insert(timer);
    arm();
}

void timer_stop(struct timer *timer)
{
    if (timer_is_running(timer))
        take_out(timer);
}

// In the interrupt: nothing but a mark.
static void deadline_interrupt(void)
{
    thread_mark_pending(&timers.expiry);
}

// The scheduler's service: lets the timers that are due expire. No more of them than
// run now, so that one that starts itself again for the past cannot keep the threads
// from running.
static void expire(void)
{
    uint64_t now_ns = machine_clock_ns();
    for (size_t left = timers.count; left > 0; left--) {
        struct timer *timer = timers.root;
        if (!timer || timer->deadline_ns > now_ns)
            break;
        take_out(timer);
        timer->expired(timer);
    }
    timers.armed_ns = MACHINE_NEVER; // it was used up by the interrupt
    arm();
}

// ---- Threads with deadlines ---------------------------------------------------------

struct thread_deadline {
    struct timer timer;
    struct thread *thread;
};

static void wake_late(struct timer *timer)
{
    thread_wake(container_of(timer, struct thread_deadline, timer)->thread, -ETIMEDOUT);
}

// thread_block() with a deadline. The timer lies on the stack of the waiting thread, so
// it needs no memory. Whoever wakes the thread first decides the result; thread_wake()
// ignores the other.
static int block_until(const struct wait_reason *reason, uint64_t deadline_ns)
{
    struct thread_deadline deadline = {.thread = thread_current()};

    timer_start(&deadline.timer, deadline_ns, wake_late);
    int result = thread_block(reason, MACHINE_NEVER);
    timer_stop(&deadline.timer);
    return result;
}

static bool has_deadline(void)
{
    return timers.root;
}

void timer_init(void)
{
    trap_set_handler(INTERRUPT_TIMER, deadline_interrupt);
    timers.expiry.run = expire;
    thread_add_service(&timers.expiry);
    thread_hooks()->block_until = block_until;
    thread_hooks()->has_deadline = has_deadline;
    thread_hooks()->idle = machine_wait;
}

int timer_sleep_until(uint64_t deadline_ns)
{
    // Who sleeps for ever waits for somebody to interrupt it: that is no deadlock.
    const struct wait_reason reason = {
        .what = "time", .external = deadline_ns == MACHINE_NEVER};
    int result = thread_block(&reason, deadline_ns);

    return result == -ETIMEDOUT ? 0 : result;
}

int timer_sleep(uint64_t duration_ns)
{
    return timer_sleep_until(timer_deadline_after(duration_ns));
}

uint64_t timer_deadline_after(uint64_t duration_ns)
{
    uint64_t now_ns = machine_clock_ns();

    return duration_ns < MACHINE_NEVER - now_ns ? now_ns + duration_ns : MACHINE_NEVER;
}
