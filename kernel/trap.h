// SPDX-License-Identifier: MIT
//
// Traps: what the processor does when an instruction cannot be completed, or a device wants
// attention.
//
//   trap_init()                 after this a fault is a report in words instead of silence
//   trap_set_handler(kind, f)   who marks an interrupt of that kind pending
//
// The machine's trap code calls trap_report() for an exception and trap_interrupt() for an
// interrupt.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct machine_trap;

enum interrupt_kind {
    INTERRUPT_TIMER,  // the deadline of machine_deadline_set() has come; it is disarmed
    INTERRUPT_DEVICE, // the interrupt controller has something to claim
    INTERRUPT_KINDS,
};

// What the machine knows of an exception, in words that are the same on every machine.
struct trap {
    const char *cause;                  // "load from an address that is not mapped"
    uintptr_t pc;                       // the instruction
    uintptr_t sp;                       // the stack pointer at that moment
    bool has_address;                   // whether `address` means something
    uintptr_t address;                  // the address that could not be accessed
    const struct machine_trap *machine; // all registers
    const char *advice;                 // what to try; NULL: what address and pc suggest
};

void trap_init(void);
void trap_set_handler(enum interrupt_kind kind, void (*handler)(void));

// For the machine's trap code. The handler only marks things pending: it never switches
// threads.
void trap_interrupt(enum interrupt_kind kind);
// Reports what happened, where, by whom and what to try; exits with status 1.
_Noreturn void trap_report(const struct trap *trap);
// When that has trapped, too: a line that trusts nothing but machine_console_put(); status 1.
_Noreturn void trap_last_words(const char *cause, uintptr_t pc, uintptr_t address);

// Who can say more about a faulting address (chapters 08, 09): fills `text` and returns
// true when it knows it. Each is asked in turn, the one added last first.
enum { TRAP_EXPLAINERS_MAX = 4 };
void trap_add_explainer(bool (*explain)(uintptr_t address, char *text, size_t size));
