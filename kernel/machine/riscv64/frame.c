// SPDX-License-Identifier: MIT
//
// Call chains: from a frame pointer to the caller's.
//
// Every function of ours keeps its frame on the stack like this (s0 is the frame
// pointer; the stack grows down):
//
//     s0 ->  (the caller's frame)
//     s0-8   return address
//     s0-16  the caller's s0
//
// Three exceptions matter where a trap interrupted a function: gcc lets a function that
// calls no other save only the caller's s0, at s0-8; a function that has not made its
// frame yet, or never does on the path it took, still has the caller's s0; and a call to
// a wrong address has led to no function at all. In each the return address is still in
// the register ra of the trap.
// Chapter 03.
#include "image.h"
#include "machine.h"
#include "symbol.h"

static struct {
    struct machine_frame trap; // what machine_frame_of_trap() gave last
    uintptr_t trap_ra;
} frames;

// Naked: with a frame of its own it would have to find out where the compiler put the
// caller's.
__attribute__((naked)) struct machine_frame machine_frame_here(void)
{
    __asm__("mv a0, ra\n\t"
            "mv a1, s0\n\t"
            "ret");
}

struct machine_frame machine_frame_of_trap(const struct machine_trap *trap)
{
    frames.trap = (struct machine_frame){.pc = trap->pc, .frame_pointer = trap->x[8]};
    frames.trap_ra = trap->x[1];
    return frames.trap;
}

struct machine_frame machine_frame_of_context(const struct machine_context *context)
{
    return (struct machine_frame){.pc = context->ra, .frame_pointer = context->s[0]};
}

// Whether a function at `pc` without a frame would return to `ra`: a call of its own would
// have left there an address in itself.
static bool is_caller(uintptr_t ra, uintptr_t pc)
{
    struct symbol self, caller;
    return image_has_code(ra) && symbol_find(pc, &self) && symbol_find(ra - 1, &caller) &&
           self.start != caller.start;
}

bool machine_frame_next(struct machine_frame *frame, uintptr_t low, uintptr_t high)
{
    uintptr_t fp = frame->frame_pointer;
    bool at_trap = frame->pc == frames.trap.pc && fp == frames.trap.frame_pointer;
    // A call to a wrong address.
    if (at_trap && !image_has_code(frame->pc) && image_has_code(frames.trap_ra)) {
        frame->pc = frames.trap_ra;
        return true;
    }
    if (fp % sizeof(uintptr_t) != 0 || fp < low + 2 * sizeof(uintptr_t) || fp > high)
        return false;

    uintptr_t return_address = ((const uintptr_t *)fp)[-1];
    uintptr_t caller = ((const uintptr_t *)fp)[-2];
    // A function that calls no other: what is saved there is no address of code.
    if (at_trap && return_address > fp && return_address <= high) {
        caller = return_address;
        return_address = frames.trap_ra;
    } else if (at_trap && return_address != frames.trap_ra &&
               is_caller(frames.trap_ra, frame->pc)) {
        frame->pc = frames.trap_ra;
        return true;
    }
    if (!image_has_code(return_address))
        return false;
    frame->pc = return_address;
    frame->frame_pointer = caller > fp ? caller : 0; // 0: the next step finds the end
    return true;
}
