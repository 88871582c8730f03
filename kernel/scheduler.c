// SPDX-License-Identifier: MIT
//
// The scheduler: which thread has the processor.
//
//   thread_yield()                  to the end of the queue, the first one runs
//   thread_block(reason, until)     off the queue, until somebody calls
//   thread_wake(thread, result)     back on the queue, at its end
//
// Ready threads stand in one queue and run in turn. A switch happens only in these
// calls, so nothing here needs a lock; all that an interrupt does is to mark a service,
// and with it `pending`. When that is set, the services that are marked run (timers,
// devices) before the next thread does, and on the stack of the last one: there is no
// idle thread and no scheduler stack. With nobody ready and nothing pending the
// processor stops, unless nothing could ever wake it: that is a deadlock.
// Chapter 09.
#include "scheduler.h"

#include "error.h"
#include "panic.h"

enum { PATIENCE = 16 }; // checkpoints

static struct {
    struct thread *current;
    struct list ready;        // by their `link`, whose turn is next comes first
    struct thread *dead;      // detached and ended: whoever runs next releases it
    unsigned external_waits;  // how many wait for something outside
    volatile bool pending;    // the services have something to do; set by interrupts
    unsigned patience;        // so many checkpoints may pass before they do it
    bool has_served;          // they have, in this turn
    bool serving;             // they are running: nobody may sleep
    struct thread_service *services; // in the order in which they were added
    struct thread_hooks hooks;
    struct thread_statistics statistics;
} scheduler;

void scheduler_init(struct thread *running)
{
    list_init(&scheduler.ready);
    scheduler.current = running;
    running->state = THREAD_RUNNING;
    running->switches = 1;
}

struct thread *thread_current(void)
{
    return scheduler.current;
}

struct thread_hooks *thread_hooks(void)
{
    return &scheduler.hooks;
}

void thread_statistics(struct thread_statistics *statistics)
{
    *statistics = scheduler.statistics;
}

// ---- Services: what there is to do between threads ----------------------------------

void thread_add_service(struct thread_service *service)
{
    struct thread_service **place = &scheduler.services;
    while (*place)
        place = &(*place)->next;
    *place = service;
}

void thread_mark_pending(struct thread_service *service)
{
    service->is_due = true;
    scheduler.patience = 0;
    scheduler.pending = true;
}

// Once in a turn is soon; then it is worth waiting for more of it.
void thread_mark_later(struct thread_service *service)
{
    service->is_due = true;
    if (scheduler.pending)
        return;
    scheduler.patience = scheduler.has_served ? PATIENCE : 0;
    scheduler.pending = true;
}

// The marks go before the work: what comes in meanwhile sets them again and is not lost.
static void run_services(void)
{
    ASSERT(!scheduler.serving);

    scheduler.pending = false;
    scheduler.serving = true;
    struct thread_service *service = scheduler.services;
    for (; service; service = service->next) {
        if (!service->is_due)
            continue;
        service->is_due = false;
        service->run();
    }
    scheduler.serving = false;
    scheduler.has_served = true;
}

bool scheduler_is_serving(void)
{
    return scheduler.serving;
}

// ---- Switching ----------------------------------------------------------------------

// A thread cannot give back the stack it stands on. The first one that runs after it
// does.
static inline void release_dead(void)
{
    if (!scheduler.dead)
        return;

    struct thread *dead = scheduler.dead;
    scheduler.dead = NULL;
    thread_release(dead);
}

// Returns when somebody switches back to the thread that called. `next` is off the
// queue already.
static inline void switch_to(struct thread *next)
{
    struct thread *self = scheduler.current;

    next->state = THREAD_RUNNING;
    next->switches++;
    scheduler.has_served = false;
    scheduler.current = next;
    machine_context_switch(&self->context, &next->context);
    release_dead();
}

void scheduler_started(void)
{
    machine_context_started();
    release_dead();
}

void scheduler_add(struct thread *thread)
{
    thread->state = THREAD_READY;
    list_append(&scheduler.ready, &thread->link);
}

void thread_yield(void)
{
    machine_poll();
    if (scheduler.pending)
        run_services();
    if (list_is_empty(&scheduler.ready))
        return;

    ASSERT(!scheduler.serving);
    struct list *first = list_take_first(&scheduler.ready);
    scheduler_add(scheduler.current);
    switch_to(container_of(first, struct thread, link));
}

void thread_checkpoint(void)
{
    machine_poll();
    if (!scheduler.pending)
        return;
    if (scheduler.patience > 0)
        scheduler.patience--;
    else
        thread_yield();
}

// ---- Having nobody to run -----------------------------------------------------------

// Whether anything but a thread could make a thread ready.
static bool can_be_woken(void)
{
    const struct thread_hooks *hooks = &scheduler.hooks;

    if (!hooks->idle)
        return false;
    return scheduler.external_waits > 0 || (hooks->has_deadline && hooks->has_deadline());
}

// Stops the processor until an interrupt. With interrupts masked from the last look at
// `pending` until the stop, none can come between the two and be slept through; a
// masked interrupt ends the stop all the same.
static void idle(void)
{
    machine_interrupts_save();
    if (!scheduler.pending) {
        if (!can_be_woken())
            thread_report_deadlock();
        uint64_t start_ns = machine_clock_ns();
        scheduler.hooks.idle();
        scheduler.statistics.idle_ns += machine_clock_ns() - start_ns;
        scheduler.statistics.idle_count++;
    }
    // Here the interrupt that ended it traps. Even if the thread came with interrupts
    // masked: it waits for one.
    machine_interrupts_enable();
}

static void serve_or_idle(void)
{
    if (scheduler.pending)
        run_services();
    else
        idle();
}

// Takes the next thread off the queue; waits for one if need be, on the stack of the thread
// that just stopped.
static inline struct thread *next_thread(void)
{
    ASSERT(!scheduler.serving);

    machine_poll();
    // Once, and no more while somebody is ready: a device that never rests must not stop us.
    if (scheduler.pending)
        run_services();
    while (list_is_empty(&scheduler.ready))
        serve_or_idle();
    return container_of(list_take_first(&scheduler.ready), struct thread, link);
}

_Noreturn void scheduler_leave(void)
{
    struct thread *self = scheduler.current;

    struct thread *next = next_thread();
    // Only now: until here the services ran on this stack.
    if (self->detached)
        scheduler.dead = self;
    switch_to(next);
    panic("thread %u \"%s\" runs after its end", self->id, self->name);
}

// ---- Waiting ------------------------------------------------------------------------

int thread_block(const struct wait_reason *reason, uint64_t deadline_ns)
{
    struct thread *self = scheduler.current;

    if (deadline_ns != MACHINE_NEVER) {
        ASSERT(scheduler.hooks.block_until);
        return scheduler.hooks.block_until(reason, deadline_ns);
    }
    if (self->interrupted && !reason->uninterruptible) {
        list_remove(&self->link);
        return -EINTR;
    }

    self->waits_for = reason;
    self->waiting_since = machine_clock_ns();
    self->state = THREAD_WAITING;
    scheduler.external_waits += reason->external;

    struct thread *next = next_thread();
    if (next == self) { // woken before anybody else was
        self->state = THREAD_RUNNING;
        scheduler.has_served = false;
    } else {
        switch_to(next);
    }
    return self->wake_result;
}

void thread_wake(struct thread *thread, int result)
{
    if (thread->state != THREAD_WAITING)
        return;

    scheduler.external_waits -= thread->waits_for->external;
    thread->wake_result = result;
    list_remove(&thread->link);
    scheduler_add(thread);
}

void thread_interrupt(struct thread *thread)
{
    thread->interrupted = true;
    if (thread->state == THREAD_WAITING && !thread->waits_for->uninterruptible)
        thread_wake(thread, -EINTR);
}
