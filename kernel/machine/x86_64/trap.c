// SPDX-License-Identifier: MIT
//
// Traps in C: an interrupt is passed on by kind, an exception becomes words.
//
// trap.S calls trap_handle() with all registers saved; trap.h says what happens then.
// Chapter 03.
#include "trap.h"

#include "assembly.h"
#include "fault.h"
#include "image.h"
#include "interrupt.h"
#include "machine.h"
#include "print.h"
#include "tables.h"
#include "trap_numbers.h"

_Static_assert(offsetof(struct machine_trap, vector) == 16 * 8, "trap.S");
_Static_assert(sizeof(struct machine_trap) == 23 * 8, "trap.S");

static struct {
    void (*timer_ended)(void); // wait.c; NULL: nobody has set it
    int source;                // of the interrupt under way, -1: claimed
    bool reporting;            // an exception's report has begun
    bool giving_up;            // so have the last words
} trap_state;

// What is said of an exception.
struct finding {
    const char *cause;
    bool has_address;
    uintptr_t address;
};

void machine_trap_init(void)
{
    tables_init();
}

void interrupt_set_timer(void (*ended)(void))
{
    trap_state.timer_ended = ended;
}

int interrupt_take_source(void)
{
    int source = trap_state.source;
    trap_state.source = -1;
    return source;
}

static unsigned number_of(const struct machine_trap *trap)
{
    return (unsigned)((trap->vector - (uintptr_t)trap_entries) / TRAP_ENTRY_SIZE);
}

// The same words on every machine, so that one page of the documentation explains them.
static const char *access_in_words(enum fault_access access, bool is_mapped)
{
    switch (access) {
    case FAULT_FETCH:
        return is_mapped ? "instruction fetch from memory that is not executable"
                         : "instruction fetch from an address that is not mapped";
    case FAULT_STORE:
        return is_mapped ? "write to read-only memory"
                         : "write to an address that is not mapped";
    default:
        return is_mapped ? "load from memory that is not readable"
                         : "load from an address that is not mapped";
    }
}

static struct finding find_page(const struct machine_trap *trap)
{
    enum fault_access access = trap->error & PAGE_ERROR_FETCH   ? FAULT_FETCH
                               : trap->error & PAGE_ERROR_WRITE ? FAULT_STORE
                                                                : FAULT_LOAD;
    bool is_mapped = trap->error & PAGE_ERROR_PRESENT;
    return (struct finding){access_in_words(access, is_mapped), true, trap->address};
}

static struct finding find_protection(const struct machine_trap *trap)
{
    struct fault fault;
    if (!fault_find(trap, &fault))
        return (struct finding){"instruction that is not allowed (general protection)", false,
                                0};
    return (struct finding){access_in_words(fault.access, false), true, fault.address};
}

static struct finding find_cause(const struct machine_trap *trap)
{
    const char *cause = "exception of an unknown kind";
    switch (number_of(trap)) {
    case TRAP_PAGE: return find_page(trap);
    case TRAP_PROTECTION:
    case TRAP_STACK_SEGMENT: return find_protection(trap);
    case TRAP_BREAKPOINT: cause = "breakpoint"; break;
    case TRAP_ILLEGAL_INSTRUCTION: cause = "illegal instruction"; break;
    case TRAP_DIVISION: cause = "division by zero, or its result is too large"; break;
    case TRAP_DOUBLE_FAULT: cause = "exception that could not be delivered"; break;
    case TRAP_NMI: cause = "non-maskable interrupt"; break;
    default: break;
    }
    return (struct finding){cause, false, 0};
}

// The code that reports traps has trapped itself.
static _Noreturn void give_up(const struct machine_trap *trap)
{
    if (trap_state.giving_up)
        machine_exit(1);
    trap_state.giving_up = true;
    struct finding found = find_cause(trap);
    trap_last_words(found.cause, trap->rip, found.address);
}

static _Noreturn void report(const struct machine_trap *trap)
{
    if (trap_state.reporting)
        give_up(trap);
    trap_state.reporting = true;
    struct finding found = find_cause(trap);
    const struct trap words = {
        .cause = found.cause,
        .pc = trap->rip,
        .sp = trap->rsp,
        .has_address = found.has_address,
        .address = found.address,
        .machine = trap,
    };
    trap_report(&words);
}

// Runs on the trap stack with interrupts masked. Returns to what was interrupted, or never.
void trap_handle(struct machine_trap *trap)
{
    unsigned number = number_of(trap);
    if (number == TRAP_BREAKPOINT)
        trap->rip--; // the processor says where it would go on
    if (number == TRAP_SPURIOUS)
        return;
    if (number == TRAP_TIMER && trap_state.timer_ended) {
        trap_state.timer_ended();
        return;
    }
    if (number < TRAP_DEVICES || number >= TRAP_TIMER)
        report(trap);
    trap_state.source = (int)(number - TRAP_DEVICES);
    trap_interrupt(INTERRUPT_DEVICE);
}

void machine_trap_print(const struct machine_trap *trap)
{
    static const char names[][5] = {"rax", "rcx", "rdx", "rbx", "rbp", "rsi", "rdi", "r8",
                                    "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    print("%6s %016llx%6s %016llx%6s %016llx\n", "pc", (unsigned long long)trap->rip, "sp",
          (unsigned long long)trap->rsp, "value", (unsigned long long)trap->address);
    for (unsigned i = 0; i < 15; i++)
        print("%6s %016llx%s", names[i], (unsigned long long)trap->r[i],
              i % 3 == 2 ? "\n" : "");
    print(" cause %u, error %llx, flags %llx\n", number_of(trap),
          (unsigned long long)trap->error, (unsigned long long)trap->flags);
}
