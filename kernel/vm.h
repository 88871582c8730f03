// SPDX-License-Identifier: MIT
//
// Address translation: what every page may be used for.
//
//   vm_init(board)              once: W^X for the image, nothing at the lowest 2 GiB, guard
//                               pages under the boot stacks
//   vm_guard(page)              no access at all: the next one is a fault that says so
//   vm_unguard(page)            read-write again
//
// The linear map is the identity on riscv64, so a pointer and a physical address differ
// only in type. Chapter 08.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/board.h"

// Panics when there is no memory for the tables.
void vm_init(const struct board *board);
// 0 or -ENOMEM.
int vm_guard(void *page);
void vm_unguard(void *page);
