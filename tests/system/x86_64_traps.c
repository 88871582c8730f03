// SPDX-License-Identifier: MIT
//
// What x86-64 does in its own way when something is wrong: provoke=NAME chooses. Run by
// tests/system/test_x86_64.py.
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "heap.h"
#include "irq.h"
#include "machine.h"
#include "page.h"
#include "print.h"
#include "string.h"
#include "thread.h"
#include "trap.h"
#include "trap_numbers.h"

// No address has these upper bits.
#define IMPOSSIBLE 0xabababababababab

static volatile uintptr_t impossible = IMPOSSIBLE;

static __attribute__((noinline)) uint64_t load_word(const volatile uint64_t *words, long index)
{
    return words[index];
}

static __attribute__((noinline)) void store_byte(volatile char *bytes)
{
    bytes[5] = 1;
}

static __attribute__((noinline)) int divide(volatile int *by)
{
    return 1000 / *by;
}

static void provoke_load(void)
{
    load_word((const uint64_t *)impossible, 2);
}

static void provoke_store(void)
{
    store_byte((char *)impossible);
}

static void provoke_call(void)
{
    ((void (*)(void))impossible)();
}

static void provoke_division(void)
{
    int zero = 0;
    divide(&zero);
}

static void provoke_illegal(void)
{
    __asm__ volatile("ud2");
}

static void provoke_breakpoint(void)
{
    machine_breakpoint();
}

// Addresses like that of no stack: even the report of it needs one.
static void provoke_stack(void)
{
    __asm__ volatile("movq %0, %%rsp\n\tpushq %%rax" : : "r"(impossible));
}

// A table of traps without entries: nothing can be delivered, not even that. What is left of
// it is the double fault's.
static void provoke_table(void)
{
    struct {
        uint16_t limit;
        uint64_t address;
    } __attribute__((packed)) table;
    __asm__ volatile("sidt %0" : "=m"(table));
    memset((void *)(uintptr_t)(table.address + 6 * 16), 0, 16);
    memset((void *)(uintptr_t)(table.address + 13 * 16), 0, 16);
    provoke_illegal();
}

static bool explain_badly(uintptr_t address, char *text, size_t size)
{
    return load_word((const uint64_t *)impossible, 0);
}

// A fault in the report of a fault.
static void provoke_nested(void)
{
    trap_add_explainer(explain_badly);
    store_byte((char *)(uintptr_t)0x7000000);
}

static void handle_badly(void)
{
    store_byte((char *)NULL);
}

// A fault in the handler of an interrupt.
static void provoke_handler(void)
{
    trap_set_handler(INTERRUPT_TIMER, handle_badly);
    machine_deadline_set(0);
    machine_wait();
}

// The interrupt that cannot be masked comes by the local APIC, which timers start.
static void provoke_wait(void)
{
    machine_deadline_set(MACHINE_NEVER - 1);
    print("waiting\n");
    for (;;)
        __asm__ volatile("hlt");
}

static void say_hello(void *context)
{
    print("the other one came\n");
}

// Source 0 is no device's; a firmware's timer may have left its interrupt behind. As long as
// that is not over, none of the same urgency comes. Both are sent by the processor to itself.
static void provoke_stray(const struct boot_info *boot)
{
    enum { LOCAL_APIC = 0xfee00000, SIZE = 4096, COMMAND = 0x300 };
    enum { TO_SELF = 1 << 18, SOURCE = 5 };
    volatile uint8_t *command = (uint8_t *)machine_map_device(LOCAL_APIC, SIZE) + COMMAND;
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    thread_init();
    board_start_interrupts(board);
    irq_connect(SOURCE, "test", say_hello, NULL);
    machine_interrupts_enable();
    mmio_write32(command, TO_SELF | TRAP_DEVICES);
    mmio_write32(command, TO_SELF | (TRAP_DEVICES + SOURCE));
    thread_yield();
}

int kernel_main(const struct boot_info *boot)
{
    static const struct {
        const char *name;
        void (*provoke)(void);
    } ways[] = {
        {"load", provoke_load},         {"store", provoke_store},
        {"call", provoke_call},         {"division", provoke_division},
        {"illegal", provoke_illegal},   {"breakpoint", provoke_breakpoint},
        {"stack", provoke_stack},       {"table", provoke_table},
        {"wait", provoke_wait},         {"nested", provoke_nested},
        {"handler", provoke_handler},
    };
    char name[16] = "";

    trap_init();
    cmdline_init(boot);
    cmdline_value("provoke", name, sizeof name);
    for (unsigned i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (strcmp(ways[i].name, name) == 0)
            ways[i].provoke();
    if (strcmp(name, "stray") == 0)
        provoke_stray(boot);
    print("nothing has happened\n");
    return 0;
}
