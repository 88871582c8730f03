// SPDX-License-Identifier: MIT
//
// Where the parts of the image lie: the names that linker.ld defines, on bare machines. Their
// addresses mean something, their contents do not.
#pragma once

#include "machine.h"
#include "symbol.h" // symbols_start, symbols_end

extern char image_start[], image_end[];
extern char text_start[], text_end[];
extern char rodata_start[], rodata_end[];
extern char boot_stack_guard[], boot_stack_low[], boot_stack_high[];
extern char trap_stack_guard[], trap_stack_low[], trap_stack_high[];

static inline bool image_has_code(uintptr_t address)
{
    return address >= (uintptr_t)text_start && address < (uintptr_t)text_end;
}

// For machine_image().
static inline struct machine_image image_as_linked(void)
{
    return (struct machine_image){
        .text = (uintptr_t)text_start,
        .constants = (uintptr_t)rodata_start,
        .data = (uintptr_t)rodata_end,
        .symbols = (uintptr_t)symbols_start,
        .end = (uintptr_t)image_end,
        .boot_stack_guard = (uintptr_t)boot_stack_guard,
        .trap_stack_guard = (uintptr_t)trap_stack_guard,
    };
}
