// SPDX-License-Identifier: MIT
//
// Where the parts of the image lie: the names that linker.ld defines. Their addresses
// mean something, their contents do not.
#pragma once

#include "symbol.h" // symbols_start, symbols_end

extern char image_start[], image_end[];
extern char text_start[], text_end[];
extern char rodata_start[], rodata_end[];
extern char boot_stack_guard[], boot_stack_low[], boot_stack_high[];
extern char trap_stack_guard[], trap_stack_low[], trap_stack_high[];
