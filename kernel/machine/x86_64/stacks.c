// SPDX-License-Identifier: MIT
//
// The stacks that the image brings: the one that it boots on, and those for traps.
// Chapter 03.
#include "assembly.h"
#include "image.h"
#include "machine.h"

bool machine_stack_of(uintptr_t sp, uintptr_t *low, uintptr_t *high)
{
    const struct {
        const char *low, *high;
    } stacks[] = {
        {boot_stack_low, boot_stack_high},
        {trap_stack_low, trap_stack_high},
        {double_fault_stack_low, double_fault_stack_high},
        {nmi_stack_low, nmi_stack_high},
    };
    for (unsigned i = 0; i < sizeof stacks / sizeof stacks[0]; i++) {
        *low = (uintptr_t)stacks[i].low;
        *high = (uintptr_t)stacks[i].high;
        if (sp >= *low && sp <= *high)
            return true;
    }
    return false;
}
