// SPDX-License-Identifier: MIT
//
// Wait queues: a list of threads that wait for the same thing.
//
//   wait_queue_wait(queue, &reason, until)   the current thread, at the end
//   wait_queue_wake_one(queue)               the one that came first
//
// A woken thread is ready, no more: others may run before it. Whoever gives something
// to a waiter (a mutex, an item) does it before the wake-up, and then the waiter has
// nothing left to check.
// Chapter 12.
#include "wait.h"

void wait_queue_init(struct wait_queue *queue)
{
    list_init(&queue->waiters);
}

int wait_queue_wait(struct wait_queue *queue, const struct wait_reason *reason,
                    uint64_t deadline_ns)
{
    list_append(&queue->waiters, &thread_current()->link);
    return thread_block(reason, deadline_ns);
}

bool wait_queue_wake_one(struct wait_queue *queue)
{
    struct thread *first = wait_queue_first(queue);
    if (!first)
        return false;

    thread_wake(first, 0);
    return true;
}

size_t wait_queue_wake_all(struct wait_queue *queue, int result)
{
    size_t count = 0;

    for (struct thread *first; (first = wait_queue_first(queue)); count++)
        thread_wake(first, result);
    return count;
}
