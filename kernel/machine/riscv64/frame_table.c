// SPDX-License-Identifier: MIT
//
// Call chains in optimised images (RELEASE=): from a stack pointer to the caller's.
//
// Functions there keep no frame pointers: those are a tenth of the instructions, and a sixth of
// the code. The table of symbols says how large each function's frame is, and where in it the
// return address lies. What machine.h calls the frame pointer is the stack pointer here.
// frame.c is for all other images.
//
// A function that a trap interrupted may not have made its frame yet, or calls no other and
// keeps no return address. Until its first call it has that in ra.
// Chapter 03.
#include "image.h"
#include "machine.h"
#include "symbol.h"

static struct {
    struct machine_frame trap; // what machine_frame_of_trap() gave last
    uintptr_t trap_ra;
} frames;

__attribute__((naked, noinline)) struct machine_frame machine_frame_here(void)
{
    __asm__("mv a0, ra\n\t"
            "mv a1, sp\n\t"
            "ret");
}

struct machine_frame machine_frame_of_trap(const struct machine_trap *trap)
{
    frames.trap = (struct machine_frame){.pc = trap->pc, .frame_pointer = trap->x[2]};
    frames.trap_ra = trap->x[1];
    return frames.trap;
}

struct machine_frame machine_frame_of_context(const struct machine_context *context)
{
    return (struct machine_frame){.pc = context->ra, .frame_pointer = context->sp};
}

// Whether the function has called another one: ra is then an address in itself.
static bool has_called(const struct symbol *symbol)
{
    struct symbol caller;
    return symbol_find(frames.trap_ra - 1, &caller) && caller.start == symbol->start;
}

bool machine_frame_next(struct machine_frame *frame, uintptr_t low, uintptr_t high)
{
    struct symbol symbol;
    uintptr_t sp = frame->frame_pointer;
    bool at_trap = frame->pc == frames.trap.pc && sp == frames.trap.frame_pointer;
    // A call that never returns may be the function's last instruction: behind it is another.
    if (!symbol_find(frame->pc - !at_trap, &symbol))
        symbol = (struct symbol){.start = frame->pc}; // a call to a wrong address
    uintptr_t return_address = symbol_return_address(&symbol, sp, low, high);
    bool is_kept = image_has_code(return_address) &&
                   (return_address == frames.trap_ra || has_called(&symbol));
    if (at_trap && !is_kept) {
        return_address = frames.trap_ra;
        // One that calls no other has its frame from the start; others may do without it. A
        // stack that is full is so because of the frame.
        if ((symbol.return_distance > 0 || frame->pc == symbol.start) && sp >= low)
            symbol.frame_size = 0;
    }
    if (!image_has_code(return_address))
        return false;
    *frame = (struct machine_frame){return_address, sp + symbol.frame_size};
    return true;
}
