// SPDX-License-Identifier: MIT
//
// Wait queues: threads that wait until somebody says that something has changed.
//
//   while (!condition)
//       error = wait_queue_wait(&queue, &reason, deadline);
//   ...
//   condition = true;  wait_queue_wake_one(&queue);
//
// Cooperative threads cannot lose a wake-up between the test and the wait. Woken in the
// order they came.
// Chapter 12.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"
#include "thread.h"

struct wait_queue {
    struct list waiters; // threads, by their `link`
};

void wait_queue_init(struct wait_queue *queue);
// Sleeps. 0 when woken; -ETIMEDOUT; -EINTR. deadline: absolute, MACHINE_NEVER: none.
int wait_queue_wait(struct wait_queue *queue, const struct wait_reason *reason,
                    uint64_t deadline_ns);
bool wait_queue_wake_one(struct wait_queue *queue); // false when nobody waited
// All of them; their waits return `result`, 0 or an error. Returns how many there were.
size_t wait_queue_wake_all(struct wait_queue *queue, int result);
// Who has waited longest, or NULL: for a waker that hands something over (thread_wake()
// takes it off the queue).
static inline struct thread *wait_queue_first(const struct wait_queue *queue)
{
    if (list_is_empty(&queue->waiters))
        return NULL;
    return container_of(queue->waiters.next, struct thread, link);
}
