// SPDX-License-Identifier: MIT
//
// Chapter 09: several things at once, one at a time.
//
// Two threads write their letter and let the other one run. Then a thousand threads come
// and go, and afterwards there is as much memory as before.
//
//   make CHAPTER=09 qemu
//   make CHAPTER=09 qemu APPEND=provoke=overflow     a stack that is too small for its calls
//   make CHAPTER=09 qemu APPEND=provoke=deadlock     a thread waits for one that waits for it
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "page.h"
#include "panic.h"
#include "print.h"
#include "stack.h"
#include "string.h"
#include "thread.h"
#include "trap.h"
#include "vm.h"

enum { LETTERS = 3, CROWD = 1000, AT_A_TIME = 50 };

static void write_letters(void *unused)
{
    for (int i = 0; i < LETTERS; i++) {
        print("%s", thread_current()->name);
        thread_yield(); // take this line away and see what becomes of ABABAB
    }
}

static void add_one(void *sum)
{
    ++*(int *)sum; // no lock: nobody runs in the middle of this
}

static struct thread *start(const char *name, void (*function)(void *), void *argument)
{
    struct thread *thread = thread_create(name, function, argument);
    if (!thread)
        panic("no memory for the thread \"%s\"", name);
    return thread;
}

static size_t free_pages(void)
{
    struct page_statistics pages;

    stack_cache_drop(); // stacks kept for the next thread are only lent
    page_statistics(&pages);
    return pages.free;
}

static void come_and_go(void)
{
    struct thread *threads[AT_A_TIME];
    size_t before = 0;
    int sum = 0;

    for (int round = 0; round < CROWD / AT_A_TIME; round++) {
        if (round == 1) // by then there are page tables for the guards, and those stay
            before = free_pages();
        for (int i = 0; i < AT_A_TIME; i++)
            threads[i] = start("one of many", add_one, &sum);
        for (int i = 0; i < AT_A_TIME; i++)
            thread_join(threads[i], NULL, MACHINE_NEVER);
    }
    print("%d threads came and went\n", sum);
    size_t after = free_pages();
    print("free pages: %zu before, %zu after, %zd lost\n", before, after, before - after);
}

static int call_too_deep(int calls)
{
    volatile char room[1000];

    room[0] = 1;
    return calls == 0 ? 0 : call_too_deep(calls - 1) + room[0];
}

static void overflow(void *unused)
{
    call_too_deep(100); // needs 100,000 bytes
}

static void wait_for(void *thread)
{
    thread_join(thread, NULL, MACHINE_NEVER);
}

static void provoke(const char *what)
{
    if (strcmp(what, "overflow") == 0)
        thread_join(start("deep", overflow, NULL), NULL, MACHINE_NEVER);
    if (strcmp(what, "deadlock") == 0)
        thread_join(start("other", wait_for, thread_current()), NULL, MACHINE_NEVER);
}

int kernel_main(const struct boot_info *boot)
{
    trap_init();
    cmdline_init(boot);
    const struct board *board = board_describe(boot);
    board_start_console(board);
    page_init(board->memory, board->memory_count);
    vm_init(board);
    stack_set_guard(vm_guard, vm_unguard);
    thread_init(); // from here on, what runs here is the thread "main"

    char what[16];
    if (cmdline_value("provoke", what, sizeof what) > 0)
        provoke(what);

    struct thread *a = start("A", write_letters, NULL);
    struct thread *b = start("B", write_letters, NULL);
    thread_print_all();
    thread_join(a, NULL, MACHINE_NEVER);
    thread_join(b, NULL, MACHINE_NEVER);
    print("\n");
    come_and_go();
    return 0;
}
