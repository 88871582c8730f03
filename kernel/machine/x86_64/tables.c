// SPDX-License-Identifier: MIT
//
// The processor's tables for traps: which code for which number, on which stack.
//
// The interrupt table has an entry for each number (Intel 64 manual, vol. 3, 6.14.1); each
// names one of the stacks in the task state segment, the rest of which has no use here (7.7).
// Chapter 03.
#include "tables.h"

#include <stddef.h>

#include "assembly.h"
#include "image.h"
#include "machine.h"
#include "trap_numbers.h"

enum {
    GATE_INTERRUPT = 0x8e, // present, masks interrupts on the way in
    SEGMENT_TASK = 0x89,   // present, a task state
};
enum { TRAP_STACK = 1, DOUBLE_FAULT_STACK, NMI_STACK };

struct gate {
    uint16_t address_low, selector;
    uint8_t stack, type;
    uint16_t address_middle;
    uint32_t address_high, reserved;
};
_Static_assert(sizeof(struct gate) == 16, "vol. 3, 6.14.1");
_Static_assert(sizeof(struct task_state) == 104, "vol. 3, 7.7");
_Static_assert(offsetof(struct task_state, trap_stacks) == 36, "trap.S: NEXT_STACK");

struct task_state task_state;

static struct {
    struct gate gates[TRAP_VECTORS];
} tables;

static uint8_t stack_for(unsigned number)
{
    if (number == TRAP_DOUBLE_FAULT)
        return DOUBLE_FAULT_STACK;
    return number == TRAP_NMI ? NMI_STACK : TRAP_STACK;
}

static void set_gates(void)
{
    uintptr_t entry = (uintptr_t)trap_entries;
    for (unsigned i = 0; i < TRAP_VECTORS; i++, entry += TRAP_ENTRY_SIZE) {
        tables.gates[i] = (struct gate){
            .address_low = (uint16_t)entry,
            .address_middle = (uint16_t)(entry >> 16),
            .address_high = (uint32_t)(entry >> 32),
            .selector = CODE_SELECTOR,
            .stack = stack_for(i),
            .type = GATE_INTERRUPT,
        };
    }
}

static void set_task_state(void)
{
    uint64_t address = (uintptr_t)&task_state, limit = sizeof(task_state) - 1;
    task_state.trap_stacks[TRAP_STACK - 1] = (uintptr_t)trap_stack_high;
    task_state.trap_stacks[DOUBLE_FAULT_STACK - 1] = (uintptr_t)double_fault_stack_high;
    task_state.trap_stacks[NMI_STACK - 1] = (uintptr_t)nmi_stack_high;
    task_state.ports = sizeof(task_state); // behind the end: there is no map of ports

    // A descriptor with its address in pieces (vol. 3, 7.2.3).
    uint64_t *descriptor = &segments[TASK_SELECTOR / sizeof(uint64_t)];
    descriptor[0] = limit | (address & 0xffffff) << 16 | (uint64_t)SEGMENT_TASK << 40 |
                    (address >> 24 & 0xff) << 56;
    descriptor[1] = address >> 32;
    __asm__ volatile("ltr %w0" : : "r"(TASK_SELECTOR) : "memory");
}

void tables_init(void)
{
    const struct {
        uint16_t limit;
        uint64_t address;
    } __attribute__((packed)) gates = {sizeof(tables.gates) - 1, (uintptr_t)tables.gates};

    set_gates();
    set_task_state();
    __asm__ volatile("lidt %0" : : "m"(gates) : "memory");
}
