// SPDX-License-Identifier: MIT
//
// The platform-level interrupt controller: every device's interrupt, one line to each hart.
#pragma once

#include <stdint.h>

// Becomes the kernel's interrupt controller (irq.h), with all sources off. `context` is its
// number for our hart in supervisor mode. 0; -EINVAL: the registers are too small for that
// context or cannot be reached.
int plic_start(uint64_t address, uint64_t size, unsigned context, unsigned sources);
