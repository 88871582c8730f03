// SPDX-License-Identifier: MIT
//
// Call chains: from a frame pointer to the caller's.
//
// Every function of ours keeps its frame on the stack like this (rbp is the frame
// pointer; the stack grows down):
//
//     rbp+8  return address
//     rbp    the caller's rbp
//
// Two exceptions matter where a trap interrupted a function: one that needs no stack
// gets no frame from the compiler (nor has any function one at its first instruction),
// and a call to a wrong address has led to no function at all. In both the return
// address lies on top of the stack, which stands 8 bytes off its alignment of 16 then.
// Chapter 03.
#include "host.h"
#include "machine.h"

struct stack_frame {
    uintptr_t caller, return_address;
};

static struct {
    struct machine_frame trap; // what machine_frame_of_trap() gave last
    uintptr_t trap_sp;
} frames;

struct machine_frame machine_frame_here(void)
{
    const struct stack_frame *own = __builtin_frame_address(0);
    return (struct machine_frame){.pc = own->return_address, .frame_pointer = own->caller};
}

struct machine_frame machine_frame_of_trap(const struct machine_trap *trap)
{
    frames.trap = (struct machine_frame){.pc = trap->pc, .frame_pointer = trap->frame_pointer};
    frames.trap_sp = trap->sp;
    return frames.trap;
}

// A sleeping thread is in machine_context_switch(), whose frame pointer switch.S has
// saved.
struct machine_frame machine_frame_of_context(const struct machine_context *context)
{
    const struct host_saved_registers *saved = (const void *)context->stack_pointer;
    return (struct machine_frame){.pc = saved->return_address, .frame_pointer = saved->rbp};
}

static bool is_text(uintptr_t address)
{
    return address >= (uintptr_t)__executable_start && address < (uintptr_t)etext;
}

static bool is_on_stack(uintptr_t address, size_t size, uintptr_t low, uintptr_t high)
{
    return address % sizeof(uintptr_t) == 0 && address >= low && address <= high &&
           high - address >= size;
}

// A broken chain may lead into bytes that AddressSanitizer guards: no reason to stop
// the report.
__attribute__((no_sanitize("address")))
bool machine_frame_next(struct machine_frame *frame, uintptr_t low, uintptr_t high)
{
    uintptr_t fp = frame->frame_pointer;
    bool at_trap = frame->pc == frames.trap.pc && fp == frames.trap.frame_pointer;
    if (at_trap && frames.trap_sp % 16 == 8 &&
        is_on_stack(frames.trap_sp, sizeof(uintptr_t), low, high)) {
        uintptr_t return_address = *(const uintptr_t *)frames.trap_sp;
        if (is_text(return_address)) {
            frame->pc = return_address;
            return true;
        }
    }
    if (!is_on_stack(fp, sizeof(struct stack_frame), low, high))
        return false;

    const struct stack_frame *next = (const struct stack_frame *)fp;
    if (!is_text(next->return_address))
        return false;
    frame->pc = next->return_address;
    // Broken when it does not go up: then the next step finds the end.
    frame->frame_pointer = next->caller > fp ? next->caller : 0;
    return true;
}

// With an overflow, the stack pointer is in the page below the stack already.
bool machine_stack_of(uintptr_t sp, uintptr_t *low, uintptr_t *high)
{
    const struct host_range stacks[] = {host_boot_stack(), host_trap_stack()};
    for (unsigned i = 0; i < 2; i++) {
        if (sp < stacks[i].low - PAGE_SIZE || sp > stacks[i].high)
            continue;
        *low = stacks[i].low;
        *high = stacks[i].high;
        return true;
    }
    return false;
}
