// SPDX-License-Identifier: MIT
//
// What trap.c asks of fault.c: which access did the processor refuse?
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct machine_trap;

enum fault_access { FAULT_LOAD, FAULT_STORE, FAULT_FETCH };

struct fault {
    enum fault_access access;
    uintptr_t address;
};

// Of a protection fault: true when the instruction wanted an address that cannot exist.
bool fault_find(const struct machine_trap *trap, struct fault *fault);
