// SPDX-License-Identifier: MIT
//
// What thread.c (the life of a thread) and scheduler.c (who runs when) owe each other.
// Nobody else includes it: everyone else's interface is thread.h.
// Chapter 09.
#pragma once

#include "thread.h"

// `running` is the code that runs now.
void scheduler_init(struct thread *running);
// A new thread: its turn comes when all that are ready now have had theirs.
void scheduler_add(struct thread *thread);
// First thing in a new thread: what every other thread does when it comes out of a
// switch.
void scheduler_started(void);
// Whether the services run: then thread_current() is only whoever ran last.
bool scheduler_is_serving(void);
// The current thread, dead by now, gives the processor away for good.
_Noreturn void scheduler_leave(void);

// Answered by thread.c: gives back all that a dead thread holds. Not on that thread's
// own stack.
void thread_release(struct thread *thread);

// Answered by thread_report.c: no thread can ever run again. Says who waits for whom;
// exits with status 1.
_Noreturn void thread_report_deadlock(void);
// Makes panics, traps and backtraces know of threads.
void thread_report_init(void);
