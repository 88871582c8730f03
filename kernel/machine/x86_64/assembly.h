// SPDX-License-Identifier: MIT
//
// Where C and assembly meet on x86-64: what each takes from the other.
#pragma once

#include <stdint.h>

struct machine_trap;

enum {
    TRAP_VECTORS = 176, // 32 exceptions, the sources of irq.h, the timer
    TRAP_ENTRY_SIZE = 8,
};

// trap.S: one entry after the other. They call trap_handle(), which returns after an
// interrupt.
extern char trap_entries[];
void trap_handle(struct machine_trap *trap);
// Two stacks more, grown down from here.
extern char double_fault_stack_low[], double_fault_stack_high[];
extern char nmi_stack_low[], nmi_stack_high[];

// tables.c: the top of the trap stack for the next trap; trap.S lowers it.
struct task_state {
    uint32_t reserved;
    uint64_t privilege_stacks[3], reserved2;
    uint64_t trap_stacks[7]; // an entry of the interrupt table names one by its number, from 1
    uint64_t reserved3;
    uint16_t reserved4, ports;
} __attribute__((packed));
extern struct task_state task_state;

// entry.S: the table of segments, and of the window for device registers, by gigabytes.
extern uint64_t segments[], window_gigabytes[];

// switch.S: where a new thread's first switch goes to.
extern char context_start[];
