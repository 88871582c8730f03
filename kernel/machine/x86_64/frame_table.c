// SPDX-License-Identifier: MIT
//
// Call chains in optimised images (RELEASE=): from a stack pointer to the caller's.
//
// Functions there keep no frame pointers, which leaves them a register more. The table of
// symbols says how large each function's frame is, up to and with the return address. What
// machine.h calls the frame pointer is the stack pointer here. frame.c is for all other images.
//
// A function that a trap interrupted may have made no frame yet, or a part of it. Then the
// return address is known by what comes before it in the code: a call of this very function.
// Chapter 03.
#include "call.h"
#include "image.h"
#include "machine.h"
#include "symbol.h"

enum { WORD = sizeof(uintptr_t) };

static struct {
    struct machine_frame trap; // what machine_frame_of_trap() gave last
} frames;

__attribute__((naked, noinline)) struct machine_frame machine_frame_here(void)
{
    __asm__("movq (%rsp), %rax\n\t"
            "leaq 8(%rsp), %rdx\n\t"
            "ret");
}

struct machine_frame machine_frame_of_trap(const struct machine_trap *trap)
{
    frames.trap = (struct machine_frame){.pc = trap->rip, .frame_pointer = trap->rsp};
    return frames.trap;
}

struct machine_frame machine_frame_of_context(const struct machine_context *context)
{
    return (struct machine_frame){.pc = context->rip, .frame_pointer = context->rsp};
}

// Of a function that trapped: how much of its frame is there. All of it, unless only less leads
// to a call of the function.
static void find_part(struct symbol *symbol, uintptr_t sp, uintptr_t low, uintptr_t high)
{
    uintptr_t pc = frames.trap.pc;
    if (call_returns_to(symbol_return_address(symbol, sp, low, high), pc))
        return;
    struct symbol part = {.return_distance = WORD, .frame_size = WORD};
    do {
        if (call_returns_to(symbol_return_address(&part, sp, low, high), pc)) {
            *symbol = part;
            return;
        }
        part.frame_size += WORD;
    } while (part.frame_size < symbol->frame_size);
}

bool machine_frame_next(struct machine_frame *frame, uintptr_t low, uintptr_t high)
{
    struct symbol symbol;
    uintptr_t sp = frame->frame_pointer;
    bool at_trap = frame->pc == frames.trap.pc && sp == frames.trap.frame_pointer;
    // A call that never returns may be the function's last instruction: behind it is another.
    if (!symbol_find(frame->pc - !at_trap, &symbol))
        symbol = (struct symbol){0};
    if (at_trap)
        find_part(&symbol, sp, low, high);
    uintptr_t return_address = symbol_return_address(&symbol, sp, low, high);
    if (!image_has_code(return_address))
        return false;
    *frame = (struct machine_frame){return_address, sp + symbol.frame_size};
    return true;
}
