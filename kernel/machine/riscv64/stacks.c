// SPDX-License-Identifier: MIT
//
// The stacks that the image brings: the one that it boots on, and the one for traps.
// Chapter 03.
#include "image.h"
#include "machine.h"

bool machine_stack_of(uintptr_t sp, uintptr_t *low, uintptr_t *high)
{
    bool boot = sp >= (uintptr_t)boot_stack_low && sp <= (uintptr_t)boot_stack_high;
    bool trap = sp >= (uintptr_t)trap_stack_low && sp <= (uintptr_t)trap_stack_high;
    if (!boot && !trap)
        return false;
    *low = (uintptr_t)(boot ? boot_stack_low : trap_stack_low);
    *high = (uintptr_t)(boot ? boot_stack_high : trap_stack_high);
    return true;
}
