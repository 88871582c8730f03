// SPDX-License-Identifier: MIT
//
// Call chains: from a frame pointer to the caller's.
//
// Every function of ours keeps its frame on the stack like this (rbp is the frame pointer;
// the stack grows down):
//
//     rbp+8  return address
//     rbp    the caller's rbp
//
// A trap may come before a function has made its frame, or in one that never does on the
// path it took; and a call to a wrong address has led to no function at all. Then the stack
// pointer leads to the return address: that is known for sure where the instruction before
// it is a call of this very function.
// Chapter 03.
#include "assembly.h"
#include "image.h"
#include "machine.h"
#include "symbol.h"

static struct {
    struct machine_frame trap; // what machine_frame_of_trap() gave last
    uintptr_t trap_sp;
} frames;

// Naked: with a frame of its own it would have to find out where the compiler put the
// caller's.
__attribute__((naked)) struct machine_frame machine_frame_here(void)
{
    __asm__("movq (%rsp), %rax\n\t"
            "movq %rbp, %rdx\n\t"
            "ret");
}

struct machine_frame machine_frame_of_trap(const struct machine_trap *trap)
{
    frames.trap = (struct machine_frame){.pc = trap->rip, .frame_pointer = trap->r[4]};
    frames.trap_sp = trap->rsp;
    return frames.trap;
}

struct machine_frame machine_frame_of_context(const struct machine_context *context)
{
    return (struct machine_frame){.pc = context->rip, .frame_pointer = context->rbp};
}

static bool is_text(uintptr_t address)
{
    return address >= (uintptr_t)text_start && address < (uintptr_t)text_end;
}

// Whether what comes before `address` is a call through a pointer: ff, and 2 in the middle of
// the next byte, which also says how many more there are (Intel 64 manual, vol. 2, 2.1.5).
static bool follows_indirect_call(const uint8_t *address)
{
    enum { CALL = 0xff, CALL_FIELD = 2, LENGTH_MAX = 7 };
    for (unsigned length = 2; length <= LENGTH_MAX; length++) {
        uint8_t form = address[1 - (int)length];
        unsigned mode = form >> 6, base = form & 7;
        unsigned more = mode == 1 ? 1 : mode == 2 || (mode == 0 && base == 5) ? 4 : 0;
        more += mode != 3 && base == 4;
        if (address[-(int)length] == CALL && (form >> 3 & 7) == CALL_FIELD &&
            length == 2 + more)
            return true;
    }
    return false;
}

// Whether a call of the function at `pc` returns to `address`: one that names it (e8 and the
// distance), or one through a pointer, which cannot be told from a call of another function
// once that has begun.
static bool follows_call(uintptr_t address, uintptr_t pc)
{
    enum { NEAR_CALL = 0xe8, NEAR_SIZE = 5 };
    const uint8_t *at = (const uint8_t *)address;
    struct symbol self;
    if (!is_text(address - 8) || !is_text(address))
        return false;
    uintptr_t start = symbol_find(pc, &self) ? self.start : pc; // no function: a bad pointer
    if (pc == start && follows_indirect_call(at))
        return true;
    if (at[-NEAR_SIZE] != NEAR_CALL)
        return false;
    uint32_t distance = (uint32_t)at[-4] | (uint32_t)at[-3] << 8 | (uint32_t)at[-2] << 16 |
                        (uint32_t)at[-1] << 24;
    return address + (uintptr_t)(int32_t)distance == start;
}

// The return address, in a function that has no frame yet: on top of the stack, or below the
// caller's rbp that was just put there. 0 when there is a frame.
static uintptr_t find_frameless(uintptr_t low, uintptr_t high)
{
    uintptr_t sp = frames.trap_sp;
    if (sp % sizeof(uintptr_t) != 0 || sp < low || sp + 2 * sizeof(uintptr_t) > high)
        return 0;
    const uintptr_t *top = (const uintptr_t *)sp;
    if (follows_call(top[0], frames.trap.pc))
        return top[0];
    bool is_saved = top[0] == frames.trap.frame_pointer;
    return is_saved && follows_call(top[1], frames.trap.pc) ? top[1] : 0;
}

bool machine_frame_next(struct machine_frame *frame, uintptr_t low, uintptr_t high)
{
    uintptr_t fp = frame->frame_pointer;
    bool at_trap = frame->pc == frames.trap.pc && fp == frames.trap.frame_pointer;
    uintptr_t return_address = at_trap ? find_frameless(low, high) : 0;
    if (return_address) {
        frame->pc = return_address;
        return true;
    }
    if (fp % sizeof(uintptr_t) != 0 || fp < low || fp > high ||
        high - fp < 2 * sizeof(uintptr_t))
        return false;

    uintptr_t caller = ((const uintptr_t *)fp)[0];
    return_address = ((const uintptr_t *)fp)[1];
    if (!is_text(return_address))
        return false;
    frame->pc = return_address;
    frame->frame_pointer = caller > fp ? caller : 0; // 0: the next step finds the end
    return true;
}

bool machine_stack_of(uintptr_t sp, uintptr_t *low, uintptr_t *high)
{
    const struct {
        const char *low, *high;
    } stacks[] = {
        {boot_stack_low, boot_stack_high},
        {trap_stack_low, trap_stack_high},
        {double_fault_stack_low, double_fault_stack_high},
        {nmi_stack_low, nmi_stack_high},
    };
    for (unsigned i = 0; i < sizeof stacks / sizeof stacks[0]; i++) {
        *low = (uintptr_t)stacks[i].low;
        *high = (uintptr_t)stacks[i].high;
        if (sp >= *low && sp <= *high)
            return true;
    }
    return false;
}
