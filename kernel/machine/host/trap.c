// SPDX-License-Identifier: MIT
//
// Traps: the system turns an exception into a signal, and this turns the signal into
// words.
//
// The handler runs on a stack of its own, since the thread's may be what is broken.
// SIGQUIT comes by here too: with Ctrl-\ one asks a kernel that does not answer any
// more where it is.
// Chapter 03.
#include "trap.h"

#include <signal.h>
#include <stddef.h>
#include <ucontext.h>

#include "format.h"
#include "host.h"
#include "machine.h"
#include "print.h"
#include "sanitizer.h"

enum {
    TRAP_STACK_SIZE = 128 * 1024, // a sanitizer's frames are several times as large as others
    // What the processor says of an exception (Intel SDM, volume 3, 4.7 and 6.3.1).
    PAGE_FAULT = 14,
    PAGE_FAULT_WRITE = 1 << 1,
    PAGE_FAULT_FETCH = 1 << 4,
};

static struct {
    char stack[TRAP_STACK_SIZE] __attribute__((aligned(16)));
} traps;

struct host_range host_trap_stack(void)
{
    return (struct host_range){(uintptr_t)traps.stack,
                               (uintptr_t)traps.stack + sizeof traps.stack};
}

// A page without any access counts as not mapped. The same words on every machine.
static const char *page_fault_in_words(uint64_t error, uintptr_t address)
{
    bool mapped = host_access(address) != MACHINE_NO_ACCESS;
    if (error & PAGE_FAULT_FETCH)
        return mapped ? "instruction fetch from memory that is not executable"
                      : "instruction fetch from an address that is not mapped";
    if (error & PAGE_FAULT_WRITE)
        return mapped ? "write to read-only memory" : "write to an address that is not mapped";
    return mapped ? "load from memory that is not readable"
                  : "load from an address that is not mapped";
}

// Otherwise the processor does not say which address it was.
static bool is_page_fault(const siginfo_t *signal, const ucontext_t *context)
{
    return signal->si_signo == SIGSEGV && signal->si_code > 0 &&
           context->uc_mcontext.gregs[REG_TRAPNO] == PAGE_FAULT;
}

// Another process's signal has none, whatever its number.
static bool has_address(const siginfo_t *signal, const ucontext_t *context)
{
    return (signal->si_signo == SIGBUS && signal->si_code > 0) ||
           is_page_fault(signal, context);
}

// By a process or by a key, not by what the processor was doing.
static bool is_from_outside(const siginfo_t *signal)
{
    return signal->si_code <= 0 || signal->si_signo == SIGQUIT;
}

static const char *cause_in_words(const siginfo_t *signal, const ucontext_t *context)
{
    if (signal->si_code <= 0)
        return "stopped from outside (a signal)";
    if (is_page_fault(signal, context))
        return page_fault_in_words((uint64_t)context->uc_mcontext.gregs[REG_ERR],
                                   (uintptr_t)signal->si_addr);
    switch (signal->si_signo) {
    case SIGSEGV: return "access to an address that no memory can have";
    case SIGBUS: return "access to memory that the system cannot provide";
    case SIGILL: return "illegal instruction";
    case SIGFPE: return "division by zero, or with a result that does not fit";
    case SIGTRAP: return "breakpoint";
    case SIGQUIT: return "stopped from outside (Ctrl-\\)";
    default: return "exception of an unknown kind";
    }
}

static void handle(int number, siginfo_t *signal, void *system_context)
{
    const ucontext_t *context = system_context;
    const greg_t *registers = context->uc_mcontext.gregs;
    const struct machine_trap trap = {
        .pc = (uintptr_t)registers[REG_RIP],
        .sp = (uintptr_t)registers[REG_RSP],
        .frame_pointer = (uintptr_t)registers[REG_RBP],
        .context = context,
    };
    const struct trap report = {
        .cause = cause_in_words(signal, context),
        .pc = trap.pc,
        .sp = trap.sp,
        .has_address = has_address(signal, context),
        .address = sanitizer_meant_address((uintptr_t)signal->si_addr),
        .machine = &trap,
        .advice = is_from_outside(signal) ? "the call chain shows what it was doing." : NULL,
    };
    trap_report(&report);
}

static bool explain_boot_stack(uintptr_t address, char *text, size_t size)
{
    struct host_range stack = host_boot_stack();
    if (address >= stack.low || address < stack.low - PAGE_SIZE)
        return false;
    snprintf(text, size, "the guard page of the boot stack: its %u KiB have overflowed",
             (unsigned)((stack.high - stack.low) / 1024));
    return true;
}

// A fault in the report comes here again, further down the same stack: panic.c counts,
// so that it ends.
void machine_trap_init(void)
{
    static const int exceptions[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGQUIT};
    const stack_t stack = {.ss_sp = traps.stack, .ss_size = sizeof traps.stack};
    const struct sigaction action = {
        .sa_sigaction = handle,
        .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER,
    };
    sigaltstack(&stack, NULL);
    for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++)
        sigaction(exceptions[i], &action, NULL);
    trap_add_explainer(explain_boot_stack);
}

void machine_trap_print(const struct machine_trap *trap)
{
    static const struct {
        const char *name;
        int index;
    } rows[] = {
        {"rip", REG_RIP}, {"rsp", REG_RSP},    {"rbp", REG_RBP}, {"rax", REG_RAX},
        {"rbx", REG_RBX}, {"rcx", REG_RCX},    {"rdx", REG_RDX}, {"rsi", REG_RSI},
        {"rdi", REG_RDI}, {"r8", REG_R8},      {"r9", REG_R9},   {"r10", REG_R10},
        {"r11", REG_R11}, {"r12", REG_R12},    {"r13", REG_R13}, {"r14", REG_R14},
        {"r15", REG_R15}, {"rflags", REG_EFL},
    };
    const ucontext_t *context = trap->context;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        print(" %6s %016llx%s", rows[i].name,
              (unsigned long long)context->uc_mcontext.gregs[rows[i].index],
              i % 3 == 2 ? "\n" : "");
}
