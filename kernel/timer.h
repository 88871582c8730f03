// SPDX-License-Identifier: MIT
//
// Time: things that happen at a moment, and threads that sleep until one.
//
//   timer_init()                         once, after thread_init()
//   timer_start(timer, deadline, f)      f(timer) is called between threads, then or soon after
//   timer_stop(timer)
//   timer_sleep(duration_ns)             this thread
//
// All times are machine_clock_ns(). Tickless: the machine is told the next deadline and
// nothing else. Starting costs O(1), stopping and expiring O(log n) amortised: the
// timers are a pairing heap.
// Chapter 10.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct timer {
    uint64_t deadline_ns;
    uint64_t order; // of two with the same deadline, the one started first comes first
    void (*expired)(struct timer *timer); // in scheduler context: never sleeps
    // The heap's: first child; next sibling; previous sibling, or the parent for a
    // first child, or oneself for the root. NULL: not running.
    struct timer *child, *next, *previous;
};

void timer_init(void);
// It must not be running; a new one is all zeros. `expired` may start it again.
void timer_start(struct timer *timer, uint64_t deadline_ns,
                 void (*expired)(struct timer *timer));
void timer_stop(struct timer *timer); // does nothing when it is not running
bool timer_is_running(const struct timer *timer);

// 0, or -EINTR when the thread was interrupted.
int timer_sleep(uint64_t duration_ns);
int timer_sleep_until(uint64_t deadline_ns);
// A deadline `duration` from now that cannot wrap around; MACHINE_NEVER stays that.
uint64_t timer_deadline_after(uint64_t duration_ns);
