// SPDX-License-Identifier: MIT
//
// What x86-64 does in its own way when something is wrong: provoke=NAME chooses. Run by
// tests/system/test_x86_64.py.
#include "boot/boot.h"
#include "cmdline.h"
#include "machine.h"
#include "print.h"
#include "string.h"
#include "trap.h"

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
    print("nothing has happened\n");
    return 0;
}
