// SPDX-License-Identifier: MIT
//
// Time that passes when a test says so: the clock and the timers, for tests of protocols that
// wait for seconds and days. Takes the place of kernel/timer.c and the machine's clock.c.
//
//   time_passes(20 * TIME_SECOND)       timers expire on the way, each at its moment
//   time_passes_to_timer()              to where the next one expires, and there is one
#pragma once

#include "machine.h"
#include "panic.h"
#include "timer.h"

#define TIME_SECOND 1000000000ull
enum { TIME_TIMERS = 64 };

static struct {
    uint64_t now_ns;
    struct timer *running[TIME_TIMERS];
} fake_time = {.now_ns = TIME_SECOND};

uint64_t machine_clock_ns(void)
{
    return fake_time.now_ns;
}

// The rest of both machines' clock.c, so that neither is linked beside this.
void host_clock_set(uint64_t now_ns);
uint64_t host_clock_now(void);
uint64_t clock_ticks_at(uint64_t ns);

void machine_clock_set_frequency(uint64_t ticks_per_second)
{
}

void host_clock_set(uint64_t now_ns)
{
}

uint64_t host_clock_now(void)
{
    return fake_time.now_ns;
}

uint64_t clock_ticks_at(uint64_t ns)
{
    return ns;
}

static struct timer **time_place_of(const struct timer *timer)
{
    unsigned i = 0;
    while (i < TIME_TIMERS && fake_time.running[i] != timer)
        i++;
    return i < TIME_TIMERS ? &fake_time.running[i] : NULL;
}

void timer_start(struct timer *timer, uint64_t deadline_ns,
                 void (*expired)(struct timer *timer))
{
    struct timer **place = time_place_of(NULL);
    ASSERT(place && !time_place_of(timer));
    *place = timer;
    timer->deadline_ns = deadline_ns;
    timer->expired = expired;
}

void timer_stop(struct timer *timer)
{
    struct timer **place = time_place_of(timer);
    if (place)
        *place = NULL;
}

bool timer_is_running(const struct timer *timer)
{
    return time_place_of(timer) != NULL;
}

uint64_t timer_deadline_after(uint64_t duration_ns)
{
    return fake_time.now_ns + duration_ns;
}

static struct timer *time_next(void)
{
    struct timer *next = NULL;
    for (unsigned i = 0; i < TIME_TIMERS; i++) {
        struct timer *timer = fake_time.running[i];
        if (timer && (!next || timer->deadline_ns < next->deadline_ns))
            next = timer;
    }
    return next;
}

static void time_expire(struct timer *timer)
{
    if (timer->deadline_ns > fake_time.now_ns)
        fake_time.now_ns = timer->deadline_ns;
    timer_stop(timer);
    timer->expired(timer);
}

static inline void time_passes(uint64_t ns)
{
    uint64_t end_ns = fake_time.now_ns + ns;
    struct timer *timer;
    while ((timer = time_next()) && timer->deadline_ns <= end_ns)
        time_expire(timer);
    fake_time.now_ns = end_ns;
}

// How long that took.
static inline uint64_t time_passes_to_timer(void)
{
    uint64_t start_ns = fake_time.now_ns;
    struct timer *timer = time_next();
    ASSERT(timer);
    time_expire(timer);
    return fake_time.now_ns - start_ns;
}
