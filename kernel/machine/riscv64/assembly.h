// SPDX-License-Identifier: MIT
//
// Where C and assembly meet on riscv64: what each takes from the other.
#pragma once

#include <stdint.h>

struct machine_trap;

// trap.S: its first and its last instruction. It calls the three below.
extern char trap_entry[], trap_entry_last[];
void trap_handle(const struct machine_trap *trap);
_Noreturn void trap_handle_nested(const struct machine_trap *trap);
_Noreturn void trap_give_up(uint64_t cause, uint64_t pc, uint64_t value);

// switch.S: where a new thread's first switch returns to.
extern char context_start[];
