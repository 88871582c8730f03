// SPDX-License-Identifier: MIT
//
// Traps: what happens after the machine's trap code has saved the registers.
//
// An interrupt is marked by whoever owns its kind, and that is all. An exception ends the
// machine, so its report says everything a reader may need, in the order of the questions:
// what happened, where, in which state, who called, and what to try.
// Chapter 03.
#include "trap.h"

#include "backtrace.h"
#include "error.h"
#include "format.h"
#include "machine.h"
#include "panic.h"
#include "print.h"
#include "symbol.h"

enum {
    NULL_AREA = 65536,      // addresses below come from a null pointer and an offset
    DESCRIPTION_SIZE = 160, // "function+0x12 (path/file.c:123)"
};

static struct {
    void (*handlers[INTERRUPT_KINDS])(void);
    bool (*explainers[TRAP_EXPLAINERS_MAX])(uintptr_t address, char *text, size_t size);
    unsigned explainer_count;
    const struct trap *reported; // while a report is under way
} traps;

void trap_init(void)
{
    panic_hooks()->backtrace = backtrace_print_here;
    machine_trap_init();
}

void trap_set_handler(enum interrupt_kind kind, void (*handler)(void))
{
    ASSERT(kind < INTERRUPT_KINDS);
    traps.handlers[kind] = handler;
}

void trap_interrupt(enum interrupt_kind kind)
{
    if (traps.handlers[kind])
        traps.handlers[kind]();
}

void trap_add_explainer(bool (*explain)(uintptr_t address, char *text, size_t size))
{
    ASSERT(traps.explainer_count < TRAP_EXPLAINERS_MAX);
    traps.explainers[traps.explainer_count++] = explain;
}

// What the address itself tells, or what one of the higher layers knows of it.
static bool explain_address(uintptr_t address, char *text, size_t size)
{
    if (address == 0) {
        snprintf(text, size, "a null pointer");
        return true;
    }
    if (address < NULL_AREA) {
        snprintf(text, size,
                 "%llu bytes behind a null pointer: a field or an element of something that is "
                 "not there",
                 (unsigned long long)address);
        return true;
    }
    for (unsigned i = traps.explainer_count; i > 0; i--)
        if (traps.explainers[i - 1](address, text, size))
            return true;
    if (-address <= ETIMEDOUT) { // the largest error number
        int error = -(int)-address;
        snprintf(text, size, "the error number %d (%s), used as a pointer", error,
                 error_text(error));
        return true;
    }
    return false;
}

static void print_what(const struct trap *trap)
{
    char text[DESCRIPTION_SIZE];
    print("%s", trap->cause);
    if (trap->has_address)
        print(": %p", (void *)trap->address);
    print("\n");
    if (trap->has_address && explain_address(trap->address, text, sizeof text))
        print("  that is    %s\n", text);
}

static void print_chain_of_trap(void)
{
    struct machine_frame frame = machine_frame_of_trap(traps.reported->machine);
    uintptr_t low = 0, high = 0; // no step beyond the first where the stack is not known
    // After an overflow the stack pointer is below the stack, the caller's frame is still
    // on it.
    if (!backtrace_stack_of(traps.reported->sp, &low, &high))
        backtrace_stack_of(frame.frame_pointer, &low, &high);
    backtrace_print(frame, low, high);
}

static void print_advice(void)
{
    const struct trap *trap = traps.reported;
    struct symbol symbol;
    if (trap->advice)
        print("What to try: %s\n", trap->advice);
    else if (!symbol_find(trap->pc, &symbol))
        print("What to try: this was no function's code, so a function pointer or a return\n"
              "  address was wrong. The call chain shows who jumped there.\n");
    else if (trap->has_address && trap->address < NULL_AREA)
        print("What to try: find out who gave %s() a null pointer; the call chain shows the\n"
              "  way it took.\n",
              symbol.name);
    else
        print("What to try: look at the line above, and at the values that %s() was given\n"
              "  by its callers.\n",
              symbol.name);
}

void trap_report(const struct trap *trap)
{
    panic_describe("%s, address %p, pc %p", trap->cause, (void *)trap->address,
                   (void *)trap->pc);
    panic_begin();
    traps.reported = trap;
    print_what(trap);

    char text[DESCRIPTION_SIZE];
    print("  in         %s\n", symbol_describe(trap->pc, text, sizeof text));
    machine_trap_print(trap->machine);
    // The chain of the trap, not of this report, is what panic_end() is to show.
    panic_hooks()->backtrace = print_chain_of_trap;
    panic_hooks()->advice = print_advice;
    panic_end();
}

static void put_text(const char *text)
{
    while (*text)
        machine_console_put(*text++);
}

static void put_hex(uintptr_t number)
{
    put_text("0x");
    for (int shift = 60; shift >= 0; shift -= 4)
        machine_console_put("0123456789abcdef"[number >> shift & 15]);
}

_Noreturn void trap_last_words(const char *cause, uintptr_t pc, uintptr_t address)
{
    put_text("\r\nPANIC: a trap inside a trap: ");
    put_text(cause);
    put_text("\r\n  at pc ");
    put_hex(pc);
    put_text(", address ");
    put_hex(address);
    put_text("\r\n");
    machine_exit(1);
}
