// SPDX-License-Identifier: MIT
//
// Where the parts of the image lie: the names that linker.ld defines. Their addresses
// mean something, their contents do not.
#pragma once

#include <stdint.h>

#include "symbol.h" // symbols_start, symbols_end

extern char image_start[], image_end[];
extern char text_start[], text_end[];
extern char rodata_start[], rodata_end[];
extern char boot_stack_guard[], boot_stack_low[], boot_stack_high[];
extern char trap_stack_guard[], trap_stack_low[], trap_stack_high[];

// What kernel/vm.c asks of every machine. 0: this machine has no such page.
struct image_bounds {
    uintptr_t start, end;                         // whole pages
    uintptr_t boot_stack_guard, trap_stack_guard; // the page below each stack
};

static inline struct image_bounds image_bounds(void)
{
    return (struct image_bounds){
        .start = (uintptr_t)image_start,
        .end = (uintptr_t)image_end,
        .boot_stack_guard = (uintptr_t)boot_stack_guard,
        .trap_stack_guard = (uintptr_t)trap_stack_guard,
    };
}
