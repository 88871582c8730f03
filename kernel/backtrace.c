// SPDX-License-Identifier: MIT
//
// Call chains in words: "#0 page_free+0x1c (kernel/page.c:120)".
//
// The machine knows how to step from a frame to its caller's; the table of symbols knows
// the names.
// Chapter 03.
#include "backtrace.h"

#include "print.h"
#include "string.h"
#include "symbol.h"

enum { STEPS_MAX = 24, DESCRIPTION_SIZE = 160 };

static struct {
    bool (*stack_of)(uintptr_t sp, uintptr_t *low, uintptr_t *high);
} backtrace;

void backtrace_set_stacks(bool (*stack_of)(uintptr_t sp, uintptr_t *low, uintptr_t *high))
{
    backtrace.stack_of = stack_of;
}

bool backtrace_stack_of(uintptr_t sp, uintptr_t *low, uintptr_t *high)
{
    if (backtrace.stack_of && backtrace.stack_of(sp, low, high))
        return true;
    return machine_stack_of(sp, low, high);
}

// Steps to the caller. A pc is then where a call returns to: the instruction behind the
// call, which may belong to the next line, or to the next function when the call never
// returns. One byte before it is the call.
static bool step_to_caller(struct machine_frame *frame, uintptr_t low, uintptr_t high)
{
    if (!machine_frame_next(frame, low, high))
        return false;
    frame->pc--;
    return true;
}

void backtrace_print(struct machine_frame frame, uintptr_t stack_low, uintptr_t stack_high)
{
    char text[DESCRIPTION_SIZE];
    for (unsigned step = 0; step < STEPS_MAX; step++) {
        print("  #%-2u %s\n", step, symbol_describe(frame.pc, text, sizeof text));
        if (!step_to_caller(&frame, stack_low, stack_high))
            return;
    }
    print("  ... and more\n");
}

// The functions that make the report are of no interest in it.
static bool belongs_to_report(uintptr_t pc)
{
    struct symbol symbol;
    return symbol_find(pc, &symbol) && (strncmp(symbol.name, "panic_", 6) == 0 ||
                                        strncmp(symbol.name, "backtrace_", 10) == 0);
}

void backtrace_print_here(void)
{
    struct machine_frame frame = machine_frame_here();
    uintptr_t low = 0, high = 0;
    backtrace_stack_of(frame.frame_pointer, &low, &high);
    while (belongs_to_report(frame.pc) && step_to_caller(&frame, low, high))
        ;
    backtrace_print(frame, low, high);
}
