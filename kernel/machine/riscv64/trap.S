// SPDX-License-Identifier: MIT
//
// Where every trap lands: all registers into a frame on the trap stack, a call of C,
// and back.
//
// `sscratch` is 0 outside traps and something else inside, so it is known from the
// first instruction on whether this is a trap inside a trap. It also holds the
// interrupted stack pointer while there is no register free for it.
//
//  1. Swap sp and sscratch. sp is not 0: a trap inside a trap, go to 6.
//  2. The trap stack: the interrupted stack may be the thing that is broken.
//  3. Save the registers, the interrupted sp, and what the processor says of the trap,
//     as a struct machine_trap.
//  4. trap_handle(frame). It returns after an interrupt; an exception ends in a report.
//  5. Everything as it was, sscratch 0, and on with what was interrupted.
//  6. The code that handles a trap has trapped. The lower half of the trap stack, below
//     what that code has there, or all of it when that code has used it up. Save as in
//     3. and trap_handle_nested(frame), which never returns.
//  7. That has trapped too, and from here it is sent to: trap_give_up(cause, pc, value)
//     on an empty stack says a line and exits.
//
// Interrupts stay masked throughout: the processor does that on its way in.
// Chapter 03.

#define SLOT(n) (n) * 8(sp)     // struct machine_trap: x[0..31], pc, status, cause, value
#define FRAME_SIZE (36 * 8)
#define HALF_SIZE 4096          // of the trap stack, linker.ld

// `sd` or `ld` for every register but x0, which is always 0, and x2, which is sp.
    .macro each instruction
    \instruction x1, SLOT(1)
    .irp n, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17
    \instruction x\n, SLOT(\n)
    .endr
    .irp n, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    \instruction x\n, SLOT(\n)
    .endr
    .endm

// Leaves the frame's address in sp and a0. Call chains of the handler end here.
    .macro save_frame
    addi sp, sp, -FRAME_SIZE
    each sd
    csrrwi t0, sscratch, 1      // the interrupted sp; from now on never 0
    sd t0, SLOT(2)
    csrr t0, sepc
    sd t0, SLOT(32)
    csrr t0, sstatus
    sd t0, SLOT(33)
    csrr t0, scause
    sd t0, SLOT(34)
    csrr t0, stval
    sd t0, SLOT(35)
    mv a0, sp
    li s0, 0
    .endm

    .text
    .globl trap_entry
    .balign 4                   // stvec holds a multiple of 4
    .type trap_entry, @function
trap_entry:
    csrrw sp, sscratch, sp      // 1.
    bnez sp, 6f
    la sp, trap_stack_high      // 2.
    save_frame                  // 3.
    call trap_handle            // 4.

    ld t0, SLOT(32)             // 5.
    csrw sepc, t0
    ld t0, SLOT(33)
    csrw sstatus, t0
    csrw sscratch, zero
    each ld
    ld sp, SLOT(2)
    sret

6:  csrr gp, sscratch           // the interrupted sp; code of ours does not use gp
    la sp, trap_stack_high - HALF_SIZE
    bltu sp, gp, 1f
    la sp, trap_stack_high
1:  save_frame
    call trap_handle_nested
    .size trap_entry, . - trap_entry

    .globl trap_entry_last
    .balign 4
    .type trap_entry_last, @function
trap_entry_last:
    la sp, trap_stack_high      // 7.
    csrr a0, scause
    csrr a1, sepc
    csrr a2, stval
    li s0, 0
    call trap_give_up
    .size trap_entry_last, . - trap_entry_last
