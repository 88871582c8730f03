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
#include "call.h"
#include "image.h"
#include "machine.h"

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

// The return address, in a function that has no frame yet: on top of the stack, or below the
// caller's rbp that was just put there. 0 when there is a frame.
static uintptr_t find_frameless(uintptr_t low, uintptr_t high)
{
    uintptr_t sp = frames.trap_sp;
    if (sp % sizeof(uintptr_t) != 0 || sp < low || sp + 2 * sizeof(uintptr_t) > high)
        return 0;
    const uintptr_t *top = (const uintptr_t *)sp;
    if (call_returns_to(top[0], frames.trap.pc))
        return top[0];
    bool is_saved = top[0] == frames.trap.frame_pointer;
    return is_saved && call_returns_to(top[1], frames.trap.pc) ? top[1] : 0;
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
    if (!image_has_code(return_address))
        return false;
    frame->pc = return_address;
    frame->frame_pointer = caller > fp ? caller : 0; // 0: the next step finds the end
    return true;
}
