// SPDX-License-Identifier: MIT
//
// A counting semaphore: so many may pass; the next ones wait, in order.
// Chapter 12.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wait.h"

struct semaphore {
    const char *name;
    unsigned count;
    struct wait_queue waiters;
};

void semaphore_init(struct semaphore *semaphore, const char *name, unsigned count);
// Sleeps. 0; -ETIMEDOUT; -EINTR.
int semaphore_down(struct semaphore *semaphore, uint64_t deadline_ns);
bool semaphore_try_down(struct semaphore *semaphore);
void semaphore_up(struct semaphore *semaphore);
