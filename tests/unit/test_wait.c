// SPDX-License-Identifier: MIT
//
// Wait queues, mutexes and semaphores: order, deadlines and interruptions.
#include "error.h"
#include "machine.h"
#include "mutex.h"
#include "semaphore.h"
#include "test.h"
#include "thread.h"
#include "threads.h"
#include "timer.h"
#include "unit.h"

enum { MS = 1000000 }; // nanoseconds

void unit_setup(const struct boot_info *boot)
{
    unit_start_time(boot);
}

// ---- Helpers: threads that do one thing and note how it ended -----------------------
static struct wait_queue queue;
static struct mutex mutex;
static struct semaphore semaphore;
static const struct wait_reason reason = {.what = "test"};

enum { DOERS = 4 };
struct doer {
    struct thread *thread;
    uint64_t deadline_ns;
    int result;
    unsigned order; // when it was done: 1, 2 ...; 0: not yet
};
static struct doer doers[DOERS];
static unsigned done;

static void finish(struct doer *doer, int result)
{
    doer->result = result;
    doer->order = ++done;
}

static void wait_in_queue(void *argument)
{
    struct doer *doer = argument;
    finish(doer, wait_queue_wait(&queue, &reason, doer->deadline_ns));
}

static void lock_mutex(void *argument)
{
    struct doer *doer = argument;
    finish(doer, mutex_lock(&mutex, doer->deadline_ns));
    thread_yield(); // holds it while others run
    if (doer->result == 0)
        mutex_unlock(&mutex);
}

static void down_semaphore(void *argument)
{
    struct doer *doer = argument;
    finish(doer, semaphore_down(&semaphore, doer->deadline_ns));
}

// Starts all doers and lets each come as far as it does.
static void start_doers(void (*function)(void *doer))
{
    done = 0;
    for (unsigned i = 0; i < DOERS; i++) {
        doers[i] = (struct doer){.deadline_ns = MACHINE_NEVER};
        doers[i].thread = thread_create("doer", function, &doers[i]);
    }
    thread_yield();
}

static void join_doers(void)
{
    for (unsigned i = 0; i < DOERS; i++)
        thread_join(doers[i].thread, NULL, MACHINE_NEVER);
}

// ---- Wait queues --------------------------------------------------------------------
static void wakes_in_order_of_arrival(void)
{
    wait_queue_init(&queue);
    CHECK(!wait_queue_wake_one(&queue));
    start_doers(wait_in_queue);
    CHECK(wait_queue_first(&queue) == doers[0].thread);
    CHECK(wait_queue_wake_one(&queue));
    thread_yield();
    CHECK_EQUAL(done, 1);
    CHECK_EQUAL(wait_queue_wake_all(&queue, -EIO), DOERS - 1);
    CHECK_EQUAL(wait_queue_wake_all(&queue, 0), 0);
    join_doers();
    for (unsigned i = 0; i < DOERS; i++) {
        CHECK_EQUAL(doers[i].order, i + 1);
        CHECK_EQUAL(doers[i].result, i == 0 ? 0 : -EIO);
    }
}

static void leaves_the_queue_at_its_deadline(void)
{
    wait_queue_init(&queue);
    CHECK_EQUAL(wait_queue_wait(&queue, &reason, timer_deadline_after(MS)), -ETIMEDOUT);
    CHECK(wait_queue_first(&queue) == NULL);
    CHECK_EQUAL(wait_queue_wait(&queue, &reason, 0), -ETIMEDOUT);
    CHECK(wait_queue_first(&queue) == NULL);
}

static void leaves_the_queue_when_interrupted(void)
{
    wait_queue_init(&queue);
    start_doers(wait_in_queue);
    thread_interrupt(doers[1].thread);
    CHECK(wait_queue_wake_one(&queue));
    CHECK(wait_queue_first(&queue) == doers[2].thread);
    wait_queue_wake_all(&queue, 0);
    join_doers();
    CHECK_EQUAL(doers[0].result, 0);
    CHECK_EQUAL(doers[1].result, -EINTR);
}

// ---- Mutex --------------------------------------------------------------------------
static void hands_over_in_order(void)
{
    mutex_init(&mutex, "test");
    CHECK_EQUAL(mutex_lock(&mutex, MACHINE_NEVER), 0);
    CHECK_EQUAL(mutex_lock(&mutex, MACHINE_NEVER), -EDEADLK);
    CHECK(!mutex_try_lock(&mutex));
    start_doers(lock_mutex);
    CHECK_EQUAL(done, 0);
    CHECK(*doers[3].thread->waits_for->holder == thread_current());
    mutex_unlock(&mutex);
    // It is the first waiter's already: nobody gets in between.
    CHECK(mutex.owner == doers[0].thread);
    CHECK(!mutex_try_lock(&mutex));
    CHECK(*doers[3].thread->waits_for->holder == doers[0].thread);
    CHECK_EQUAL(mutex_lock(&mutex, MACHINE_NEVER), 0);
    CHECK_EQUAL(done, DOERS);
    mutex_unlock(&mutex);
    join_doers();
    for (unsigned i = 0; i < DOERS; i++)
        CHECK_EQUAL(doers[i].order, i + 1);
    CHECK(mutex.owner == NULL);
    CHECK_EQUAL(thread_current()->mutexes, 0);
}

static void gives_up_at_the_deadline(void)
{
    mutex_init(&mutex, "test");
    CHECK_EQUAL(mutex_lock(&mutex, MACHINE_NEVER), 0);
    start_doers(lock_mutex);
    thread_interrupt(doers[0].thread);
    // A doer with a deadline, behind those without.
    struct doer late = {.deadline_ns = timer_deadline_after(2 * MS)};
    late.thread = thread_create("late", lock_mutex, &late);
    CHECK_EQUAL(thread_join(late.thread, NULL, MACHINE_NEVER), 0);
    CHECK_EQUAL(late.result, -ETIMEDOUT);
    mutex_unlock(&mutex);
    CHECK(mutex.owner == doers[1].thread);
    join_doers();
    CHECK_EQUAL(doers[0].result, -EINTR);
    CHECK_EQUAL(doers[3].result, 0);
    CHECK(mutex.owner == NULL);
}

// ---- Semaphore ----------------------------------------------------------------------
static void lets_so_many_pass(void)
{
    semaphore_init(&semaphore, "test", 2);
    start_doers(down_semaphore);
    CHECK_EQUAL(done, 2);
    semaphore_up(&semaphore);
    CHECK(!semaphore_try_down(&semaphore)); // it is the waiter's
    semaphore_up(&semaphore);
    semaphore_up(&semaphore);
    CHECK(semaphore_try_down(&semaphore));
    join_doers();
    CHECK_EQUAL(semaphore.count, 0);
    CHECK_EQUAL(doers[2].order, 3);
    CHECK_EQUAL(doers[3].order, 4);
}

static void takes_nothing_when_it_gives_up(void)
{
    semaphore_init(&semaphore, "test", 0);
    CHECK_EQUAL(semaphore_down(&semaphore, timer_deadline_after(MS)), -ETIMEDOUT);
    start_doers(down_semaphore);
    thread_interrupt(doers[0].thread);
    for (unsigned i = 0; i < DOERS; i++)
        semaphore_up(&semaphore);
    join_doers();
    CHECK_EQUAL(doers[0].result, -EINTR);
    CHECK_EQUAL(semaphore.count, 1);
}

const struct test unit_tests[] = {
    {"a queue wakes in the order of arrival", wakes_in_order_of_arrival},
    {"a deadline takes a thread off the queue", leaves_the_queue_at_its_deadline},
    {"an interruption takes a thread off the queue", leaves_the_queue_when_interrupted},
    {"a mutex is handed over in the order of arrival", hands_over_in_order},
    {"who gives up does not get the mutex", gives_up_at_the_deadline},
    {"a semaphore lets so many pass", lets_so_many_pass},
    {"who gives up takes nothing from a semaphore", takes_nothing_when_it_gives_up},
    {0},
};
