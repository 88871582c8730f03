// SPDX-License-Identifier: MIT
//
// Chapter 12: threads that wait for each other.
//
// A fast producer and a slow consumer share a channel with room for three: the producer
// is held back. With provoke=deadlock two threads take two mutexes in opposite order, and
// the kernel finds out.
//
//   make CHAPTER=12 qemu
//   make CHAPTER=12 qemu APPEND=provoke=deadlock
#include "boot/board.h"
#include "boot/boot.h"
#include "channel.h"
#include "cmdline.h"
#include "heap.h"
#include "mutex.h"
#include "page.h"
#include "panic.h"
#include "print.h"
#include "stack.h"
#include "string.h"
#include "thread.h"
#include "timer.h"
#include "trap.h"
#include "vm.h"

enum { ITEMS = 8, ROOM = 3, MS = 1000000 };

static struct thread *start(const char *name, void (*function)(void *), void *argument)
{
    struct thread *thread = thread_create(name, function, argument);
    if (!thread)
        panic("no memory for the thread \"%s\"", name);
    return thread;
}

static void produce(void *channel)
{
    for (int i = 1; i <= ITEMS; i++) {
        channel_send(channel, &i, MACHINE_NEVER);
        print("sent %d\n", i);
    }
    channel_close(channel); // who receives hears of it after the last item
}

static void consume(void *channel)
{
    int item, sum = 0;

    while (channel_receive(channel, &item, MACHINE_NEVER) == 0) {
        print("        received %d\n", item);
        sum += item;
        timer_sleep(20 * MS);
    }
    thread_exit(sum);
}

static void over_a_channel(void)
{
    int sum;
    struct channel *numbers = channel_create("numbers", sizeof(int), ROOM);
    if (!numbers)
        panic("no memory for a channel");

    struct thread *producer = start("producer", produce, numbers);
    struct thread *consumer = start("consumer", consume, numbers);
    thread_join(producer, NULL, MACHINE_NEVER);
    thread_join(consumer, &sum, MACHINE_NEVER);
    print("the sum of what arrived: %d\n", sum);
    channel_destroy(numbers);
}

static struct mutex left, right;

static void take_left_then_right(void *unused)
{
    mutex_lock(&left, MACHINE_NEVER);
    timer_sleep(MS); // long enough for the other one to take its first
    mutex_lock(&right, MACHINE_NEVER);
    mutex_unlock(&right);
    mutex_unlock(&left);
}

static void take_right_then_left(void *unused)
{
    mutex_lock(&right, MACHINE_NEVER);
    timer_sleep(MS);
    mutex_lock(&left, MACHINE_NEVER);
    mutex_unlock(&left);
    mutex_unlock(&right);
}

static void deadlock(void)
{
    mutex_init(&left, "left");
    mutex_init(&right, "right");
    struct thread *a = start("a", take_left_then_right, NULL);
    start("b", take_right_then_left, NULL);
    thread_join(a, NULL, MACHINE_NEVER);
}

int kernel_main(const struct boot_info *boot)
{
    trap_init();
    cmdline_init(boot);
    const struct board *board = board_describe(boot);
    board_start_console(board);
    page_init(board->memory, board->memory_count);
    heap_init();
    vm_init(board);
    stack_set_guard(vm_guard, vm_unguard);
    thread_init();
    timer_init();
    machine_interrupts_enable();

    char what[16];
    if (cmdline_value("provoke", what, sizeof what) > 0 && strcmp(what, "deadlock") == 0)
        deadlock();
    over_a_channel();
    return 0;
}
