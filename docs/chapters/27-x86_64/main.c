// SPDX-License-Identifier: MIT
//
// Chapter 27: the same questions, asked of whatever machine this is.
//
// Each line is an answer of one part of machine.h. What the machines have in common is that
// they can be asked so; the answers differ.
//
//   make CHAPTER=27 qemu
//   make CHAPTER=27 MACHINE=x86_64 qemu                   and with BOARD=q35
//   make CHAPTER=27 MACHINE=x86_64 qemu APPEND=provoke=address
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "error.h"
#include "heap.h"
#include "machine.h"
#include "page.h"
#include "print.h"
#include "stack.h"
#include "string.h"
#include "thread.h"
#include "timer.h"
#include "trap.h"
#include "vm.h"

enum { SWITCHES = 10000, MS = 1000000 };

static const char constant[] = "a constant";
static int variable;
static volatile uintptr_t nowhere = 0x2bad2bad2bad2bad; // no machine has such an address

static void print_access(const char *what, const void *address)
{
    unsigned access = machine_vm_access((uintptr_t)address);
    print("%-26s %p  %c%c%c\n", what, address, access & MACHINE_READ ? 'r' : '-',
          access & MACHINE_WRITE ? 'w' : '-', access & MACHINE_EXECUTE ? 'x' : '-');
}

static void print_memory(const struct board *board)
{
    print_access("code", (const void *)(uintptr_t)print_memory);
    print_access("a constant", constant);
    print_access("a variable", &variable);
    print_access("a null pointer", NULL);
    print("%-26s %#llx\n", "where devices see it",
          (unsigned long long)machine_dma_address(&variable));
    print("%-26s %llu MiB in %u parts\n", "memory",
          (unsigned long long)(board->memory_total >> 20), board->memory_count);
}

static void yield_often(void *context)
{
    for (unsigned i = 0; i < SWITCHES / 2; i++)
        thread_yield();
}

// Two threads that do nothing but let the other one run.
static void print_switches(void)
{
    uint64_t start_ns = machine_clock_ns();
    struct thread *a = thread_create("a", yield_often, NULL);
    struct thread *b = thread_create("b", yield_often, NULL);
    thread_join(a, NULL, MACHINE_NEVER);
    thread_join(b, NULL, MACHINE_NEVER);
    print("%-26s %llu ns\n", "a switch of threads",
          (unsigned long long)((machine_clock_ns() - start_ns) / SWITCHES));
}

static void print_sleep(void)
{
    uint64_t start_ns = machine_clock_ns();
    timer_sleep(10 * MS);
    bool early = machine_clock_ns() - start_ns < 10 * MS;
    print("%-26s %s\n", "a sleep of 10 ms", early ? "ended early" : "took as long");
}

static void print_entropy(void)
{
    uint64_t word;
    int count = machine_entropy(&word, sizeof word);
    if (count < 0)
        print("%-26s %s\n", "the processor's own chance", error_text(count));
    else
        print("%-26s %d bytes\n", "the processor's own chance", count);
}

static __attribute__((noinline)) int load(const volatile int *from)
{
    return *from;
}

static __attribute__((noinline)) int divide(int number, volatile int *by)
{
    return number / *by;
}

static void provoke(const char *what)
{
    if (strcmp(what, "address") == 0)
        load((const int *)nowhere);
    if (strcmp(what, "division") == 0)
        print("1000 / 0 is %d\n", divide(1000, &variable));
}

int kernel_main(const struct boot_info *boot)
{
    char what[16] = "";

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
    board_start_interrupts(board);
    machine_interrupts_enable();

    print("%-26s %s\n", "machine", board->model);
    print_memory(board);
    print("%-26s %zu bytes, a trap's %zu\n", "what a switch saves",
          sizeof(struct machine_context), sizeof(struct machine_trap));
    print("%-26s %llu Hz\n", "the clock's counter", (unsigned long long)board->timebase_hz);
    print_switches();
    print_sleep();
    print_entropy();
    cmdline_value("provoke", what, sizeof what);
    provoke(what);
    return 0;
}
