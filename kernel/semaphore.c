// SPDX-License-Identifier: MIT
//
// A counting semaphore: how many may still pass.
//
//   semaphore_down(&semaphore, until)   one less, or wait
//   semaphore_up(&semaphore)            one more, for the first waiter or for whoever comes
//
// Nobody waits while the count is above 0: an up that finds a waiter lets it pass and
// leaves the count alone, so that nobody who comes later can be faster.
// Chapter 12.
#include "semaphore.h"

void semaphore_init(struct semaphore *semaphore, const char *name, unsigned count)
{
    semaphore->name = name;
    semaphore->count = count;
    wait_queue_init(&semaphore->waiters);
}

bool semaphore_try_down(struct semaphore *semaphore)
{
    if (semaphore->count == 0)
        return false;

    semaphore->count--;
    return true;
}

int semaphore_down(struct semaphore *semaphore, uint64_t deadline_ns)
{
    if (semaphore_try_down(semaphore))
        return 0;

    const struct wait_reason reason = {.what = "semaphore", .name = semaphore->name};
    return wait_queue_wait(&semaphore->waiters, &reason, deadline_ns);
}

void semaphore_up(struct semaphore *semaphore)
{
    if (!wait_queue_wake_one(&semaphore->waiters))
        semaphore->count++;
}
