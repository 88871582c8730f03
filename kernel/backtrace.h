// SPDX-License-Identifier: MIT
//
// Call chains in words: "#0 page_free+0x1c (kernel/page.c:120)".
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "machine.h"

// Prints the chain from `frame` on, at most 24 steps.
void backtrace_print(struct machine_frame frame, uintptr_t stack_low, uintptr_t stack_high);
// Prints the caller's own chain, on whichever stack it runs.
void backtrace_print_here(void);
// Who knows of more stacks than the machine does (chapter 09): answers like
// machine_stack_of().
void backtrace_set_stacks(bool (*stack_of)(uintptr_t sp, uintptr_t *low, uintptr_t *high));
// Bounds of the stack that sp is on, asked of the hook and then the machine.
bool backtrace_stack_of(uintptr_t sp, uintptr_t *low, uintptr_t *high);
