// SPDX-License-Identifier: MIT
//
// What device.c takes from mmu.c, once there are page tables: memory for tables of its own,
// and where not to look for registers.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// `root`: the entries of the root table from DEVICES_ENTRY on. `new_table`: a page of zeros, or
// NULL. `is_memory`: whether some of [start, end), physical and whole LARGE pages, is memory.
void device_set_memory(uint64_t *root, void *(*new_table)(void),
                       bool (*is_memory)(uint64_t start, uint64_t end));
