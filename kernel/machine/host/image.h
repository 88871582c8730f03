// SPDX-License-Identifier: MIT
//
// Where the parts of the image lie: what kernel/vm.c asks of every machine.
#pragma once

#include <stdint.h>

#include "host.h"
#include "machine.h"

// 0: this machine has no such page.
struct image_bounds {
    uintptr_t start, end;                         // [start, end)
    uintptr_t boot_stack_guard, trap_stack_guard; // the page below each stack
};

static inline struct image_bounds image_bounds(void)
{
    return (struct image_bounds){
        .start = (uintptr_t)__executable_start,
        .end = (uintptr_t)end,
        .boot_stack_guard = host_boot_stack().low - PAGE_SIZE,
    };
}
