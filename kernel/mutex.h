// SPDX-License-Identifier: MIT
//
// A mutex: one thread at a time, across waits. Knows its owner, so that a deadlock can
// be named. Handed over directly in the order of arrival. Not recursive.
// Chapter 12.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wait.h"

struct mutex {
    const char *name;
    struct thread *owner; // or NULL
    struct wait_queue waiters;
};

void mutex_init(struct mutex *mutex, const char *name);
// Sleeps. 0; -ETIMEDOUT; -EINTR; -EDEADLK when the caller holds it already.
int mutex_lock(struct mutex *mutex, uint64_t deadline_ns);
// The same for what the kernel has to do whatever Ctrl-C says: only an end of the wait is
// an end of it. ASSERTs that the caller does not hold it.
void mutex_lock_always(struct mutex *mutex);
bool mutex_try_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex); // ASSERTs that the caller holds it
