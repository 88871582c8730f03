// SPDX-License-Identifier: MIT
//
// os.h: the threads of a program.
//
// A thread that a program creates is noted on the program's list until somebody joins
// it or the program ends.
// Chapter 13.
#include "error.h"
#include "heap.h"
#include "process.h"
#include "thread.h"
#include "user/os.h"

_Static_assert(OS_NEVER == MACHINE_NEVER, "deadlines are handed down as they are");

// Where a program's other threads begin.
static void run(void *argument)
{
    struct os_thread *thread = argument;
    process_exit_thread(thread->function(thread->argument));
}

struct os_thread *os_thread_create(const char *name, int (*function)(void *argument),
                                   void *argument)
{
    struct os_thread *thread = heap_alloc(sizeof(*thread));
    if (!thread)
        return NULL;
    thread->function = function;
    thread->argument = argument;
    thread->thread = thread_create(name, run, thread);
    if (!thread->thread) {
        heap_free(thread);
        return NULL;
    }
    list_append(&process_current()->threads, &thread->link);
    return thread;
}

// Only a thread that was joined leaves the program's list.
int os_thread_join(struct os_thread *thread, int *result, uint64_t deadline_ns)
{
    int error = thread_join(thread->thread, result, deadline_ns);
    if (!error) {
        list_remove(&thread->link);
        heap_free(thread);
    }
    process_check_interrupt();
    return error;
}

// The first thread is the program: with it all others end.
_Noreturn void os_thread_exit(int result)
{
    struct process *process = process_current();
    if (thread_current() == process->thread)
        process_exit(result);
    process_exit_thread(result);
}

void os_yield(void)
{
    thread_yield();
    process_check_interrupt();
}

void os_checkpoint(void)
{
    thread_checkpoint();
    process_check_interrupt();
}
