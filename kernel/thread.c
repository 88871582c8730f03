// SPDX-License-Identifier: MIT
//
// The life of a thread: from thread_create() to its end, and to whoever takes note of
// it.
//
//   thread_init()                        the code that runs now becomes the thread "main"
//   thread_create(name, f, argument)     runs f(argument) some time later, or NULL
//   thread_exit(result)                  or returning from f
//   thread_join(thread, &result, until)  waits for its end and releases it
//   thread_detach(thread)                or nobody does: then it releases itself
//
// A thread is one piece of memory: a stack, and at its upper end, where an overflow
// never comes, its struct thread. An ended thread still stands on that memory, so its
// joiner gives it back, or, when it is detached, the thread that runs next
// (scheduler.c).
// Chapter 09.
#include "thread.h"

#include "error.h"
#include "panic.h"
#include "scheduler.h"
#include "stack.h"
#include "string.h"

static struct {
    struct list all; // by creation, oldest first
    size_t count;
    uint32_t last_id;
    struct thread main;
} threads;

static void start(void);

// Enters a thread, zeroed but for its stack, in the list of all.
static void introduce(struct thread *thread, const char *name)
{
    thread->id = ++threads.last_id;
    strlcpy(thread->name, name, sizeof thread->name);
    list_init(&thread->link);
    list_append(&threads.all, &thread->all);
    threads.count++;
}

void thread_init(void)
{
    list_init(&threads.all);
    introduce(&threads.main, "main");
    scheduler_init(&threads.main);
    thread_report_init();
}

struct thread *thread_create(const char *name, void (*function)(void *argument),
                             void *argument)
{
    if (threads.last_id == INT32_MAX)
        return NULL; // a number is never used twice, and fits an int beside the errors
    unsigned char *stack = stack_alloc();
    if (!stack)
        return NULL;

    size_t stack_size = (THREAD_STACK_SIZE - sizeof(struct thread)) & ~(size_t)63;
    struct thread *thread = memset(stack + stack_size, 0, sizeof *thread);
    thread->stack = stack;
    thread->function = function;
    thread->argument = argument;
    thread->program = thread_current()->program;
    introduce(thread, name);
    machine_context_init(&thread->context, stack, stack_size, start);
    scheduler_add(thread);
    return thread;
}

// Where every thread begins.
static void start(void)
{
    scheduler_started();

    struct thread *self = thread_current();
    self->function(self->argument);
    thread_exit(0);
}

void thread_release(struct thread *thread)
{
    list_remove(&thread->all);
    threads.count--;
    if (thread->stack)
        stack_free(thread->stack);
}

void thread_detach(struct thread *thread)
{
    ASSERT(!thread->joiner && !thread->detached);

    thread->detached = true;
    if (thread->state == THREAD_DEAD)
        thread_release(thread);
}

_Noreturn void thread_exit(int result)
{
    struct thread *self = thread_current();

    if (self->mutexes > 0)
        panic("thread %u \"%s\" ends but holds %u mutexes", self->id, self->name,
              self->mutexes);
    if (thread_hooks()->ended)
        thread_hooks()->ended(self);
    self->result = result;
    self->state = THREAD_DEAD;
    if (self->joiner)
        thread_wake(self->joiner, 0);
    scheduler_leave();
}

int thread_join(struct thread *thread, int *result, uint64_t deadline_ns)
{
    if (thread == thread_current())
        return -EDEADLK;
    if (thread->detached || thread->joiner)
        return -EBUSY;

    if (thread->state != THREAD_DEAD) {
        const struct wait_reason reason = {
            .what = "thread", .name = thread->name, .holder = &thread};
        thread->joiner = thread_current();
        int error = thread_block(&reason, deadline_ns);
        thread->joiner = NULL;
        // It may have ended between the deadline and now: then that counts.
        if (error && thread->state != THREAD_DEAD)
            return error;
    }
    if (result)
        *result = thread->result;
    thread_release(thread);
    return 0;
}

struct thread *thread_next(struct thread *thread)
{
    struct list *next = thread ? thread->all.next : threads.all.next;

    return next == &threads.all ? NULL : container_of(next, struct thread, all);
}

size_t thread_count(void)
{
    return threads.count;
}
