// SPDX-License-Identifier: MIT
//
// Traps in C: an interrupt is passed on by kind, an exception becomes words.
//
// trap.S calls trap_handle() with all registers saved; trap.h says what happens then.
// Chapter 03.
#include "trap.h"

#include "assembly.h"
#include "csr.h"
#include "machine.h"
#include "print.h"
#include "trap_access.h"

_Static_assert(sizeof(struct machine_trap) == 36 * 8, "trap.S: FRAME_SIZE");
_Static_assert(offsetof(struct machine_trap, pc) == 32 * 8, "trap.S: SLOT(32) and on");

static struct {
    unsigned (*access_of)(uintptr_t address); // NULL while translation is off
    bool reporting;                           // an exception's report has begun
} trap_state;

void machine_trap_init(void)
{
    csr_write(sscratch, 0);
    csr_write(stvec, (uintptr_t)trap_entry);
}

void trap_set_access(unsigned (*access_of)(uintptr_t address))
{
    trap_state.access_of = access_of;
}

// Of an access that the page tables forbade. A page without any access counts as not
// mapped.
static bool is_mapped(uintptr_t address)
{
    return trap_state.access_of && trap_state.access_of(address) != MACHINE_NO_ACCESS;
}

// The same words on every machine, so that one page of the documentation explains them.
static const char *cause_in_words(uint64_t cause, uintptr_t address)
{
    switch (cause) {
    case SCAUSE_FETCH_PAGE:
        if (is_mapped(address))
            return "instruction fetch from memory that is not executable";
        return "instruction fetch from an address that is not mapped";
    case SCAUSE_LOAD_PAGE:
        if (is_mapped(address))
            return "load from memory that is not readable";
        return "load from an address that is not mapped";
    case SCAUSE_STORE_PAGE:
        if (is_mapped(address))
            return "write to read-only memory";
        return "write to an address that is not mapped";
    // With translation off the memory bus itself says that there is nothing at this
    // address.
    case SCAUSE_FETCH_ACCESS: return "instruction fetch from an address that is not mapped";
    case SCAUSE_LOAD_ACCESS: return "load from an address that is not mapped";
    case SCAUSE_STORE_ACCESS: return "write to an address that is not mapped";
    case SCAUSE_FETCH_MISALIGNED: return "instruction fetch from a misaligned address";
    case SCAUSE_LOAD_MISALIGNED: return "load from a misaligned address";
    case SCAUSE_STORE_MISALIGNED: return "write to a misaligned address";
    case SCAUSE_ILLEGAL_INSTRUCTION: return "illegal instruction";
    case SCAUSE_BREAKPOINT: return "breakpoint";
    default: break;
    }
    return cause & SCAUSE_INTERRUPT ? "interrupt of an unknown kind"
                                    : "exception of an unknown kind";
}

// Whether `value` is the address that could not be accessed.
static bool has_address(uint64_t cause)
{
    return !(cause & SCAUSE_INTERRUPT) && cause != SCAUSE_ILLEGAL_INSTRUCTION &&
           cause != SCAUSE_BREAKPOINT;
}

static _Noreturn void report(const struct machine_trap *trap)
{
    const struct trap words = {
        .cause = cause_in_words(trap->cause, trap->value),
        .pc = trap->pc,
        .sp = trap->x[2],
        .has_address = has_address(trap->cause),
        .address = trap->value,
        .machine = trap,
    };
    trap_state.reporting = true;
    trap_report(&words);
}

// Runs on the trap stack with interrupts masked. Returns to what was interrupted, or never.
void trap_handle(const struct machine_trap *trap)
{
    if (trap->cause == (SCAUSE_INTERRUPT | SCAUSE_TIMER)) {
        // It would stay pending; machine_deadline_set() allows it again.
        csr_clear(sie, SIE_TIMER);
        trap_interrupt(INTERRUPT_TIMER);
        return;
    }
    if (trap->cause == (SCAUSE_INTERRUPT | SCAUSE_EXTERNAL)) {
        trap_interrupt(INTERRUPT_DEVICE);
        return;
    }
    report(trap);
}

// A handler of interrupts that has trapped gets a whole report, a report that has trapped
// a line.
_Noreturn void trap_handle_nested(const struct machine_trap *trap)
{
    csr_write(stvec, (uintptr_t)trap_entry_last);
    if (!trap_state.reporting)
        report(trap);
    trap_give_up(trap->cause, trap->pc, trap->value);
}

void machine_trap_print(const struct machine_trap *trap)
{
    static const char names[][5] = {
        "pc", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1",
        "a2", "a3", "a4", "a5", "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7",
        "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
    };
    for (unsigned i = 0; i < 32; i++) {
        uint64_t value = i == 0 ? trap->pc : trap->x[i];
        print("%6s %016llx%s", names[i], (unsigned long long)value, i % 3 == 2 ? "\n" : "");
    }
    print("%6s %016llx\n", "value", (unsigned long long)trap->value);
    print(" cause %llx, status %llx\n", (unsigned long long)trap->cause,
          (unsigned long long)trap->status);
}

// Where a trap of the last words goes. Aligned as stvec wants it.
static _Noreturn __attribute__((aligned(4))) void exit_without_words(void)
{
    machine_exit(1);
}

// The code that reports traps has trapped itself.
_Noreturn void trap_give_up(uint64_t cause, uint64_t pc, uint64_t value)
{
    csr_write(stvec, (uintptr_t)exit_without_words);
    trap_last_words(cause_in_words(cause, value), pc, value);
}
