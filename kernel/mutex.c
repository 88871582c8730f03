// SPDX-License-Identifier: MIT
//
// A mutex: one thread at a time, in the order of arrival.
//
//   mutex_lock(&mutex, MACHINE_NEVER)
//   ...                                 even across waits
//   mutex_unlock(&mutex)
//
// Between waits a thread has the kernel to itself anyway, so this is only for what must
// stay whole while the thread sleeps. Unlocking hands the mutex to the first waiter at
// once: nobody can snatch it away before that thread runs.
// Chapter 12.
#include "mutex.h"

#include "error.h"
#include "panic.h"

static void give_to(struct mutex *mutex, struct thread *thread)
{
    mutex->owner = thread;
    thread->mutexes++;
}

void mutex_init(struct mutex *mutex, const char *name)
{
    mutex->name = name;
    mutex->owner = NULL;
    wait_queue_init(&mutex->waiters);
}

bool mutex_try_lock(struct mutex *mutex)
{
    if (mutex->owner)
        return false;

    give_to(mutex, thread_current());
    return true;
}

int mutex_lock(struct mutex *mutex, uint64_t deadline_ns)
{
    if (mutex_try_lock(mutex))
        return 0;
    if (mutex->owner == thread_current())
        return -EDEADLK;

    // Woken with 0, it is ours: mutex_unlock() has seen to that.
    const struct wait_reason reason = {
        .what = "mutex", .name = mutex->name, .holder = &mutex->owner};
    return wait_queue_wait(&mutex->waiters, &reason, deadline_ns);
}

// On its own, so that the usual way, a mutex that is free, stays short.
static __attribute__((noinline)) void wait_for(struct mutex *mutex)
{
    ASSERT(mutex->owner != thread_current());

    const struct wait_reason reason = {.what = "mutex",
                                       .name = mutex->name,
                                       .holder = &mutex->owner,
                                       .uninterruptible = true};
    wait_queue_wait(&mutex->waiters, &reason, MACHINE_NEVER);
}

void mutex_lock_always(struct mutex *mutex)
{
    if (!mutex_try_lock(mutex))
        wait_for(mutex);
}

void mutex_unlock(struct mutex *mutex)
{
    ASSERT(mutex->owner == thread_current());

    mutex->owner->mutexes--;
    mutex->owner = NULL;
    struct thread *next = wait_queue_first(&mutex->waiters);
    if (!next)
        return;
    give_to(mutex, next);
    thread_wake(next, 0);
}
