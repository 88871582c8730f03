// SPDX-License-Identifier: MIT
//
// Beginning and end of functions in images made small (RELEASE=small, -msave-restore).
//
// A function that uses s0 .. s<N-1> begins with `jal t0, __riscv_save_<N>` and ends with a
// jump to __riscv_restore_<N>, four bytes each, where it would save and restore each register
// itself. The names, and where the registers lie, are the compiler's:
//
//     the caller's sp -8 ->  ra
//                    -16 ->  s0
//                    -24 ->  s1 ...
//
// The stack pointer stays a multiple of 16, so there is a place for an odd last one too.
// Chapter 01.

    .macro function name
    .globl \name
    .type \name, @function
\name:
    .endm

// Saves or restores (sd, ld) all registers that have a place in `size` bytes.
    .macro each instruction, size
    \instruction ra, \size - 8(sp)
    .set place, \size - 16
    .irp register, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11
    .if place >= 0
    \instruction \register, place(sp)
    .set place, place - 8
    .endif
    .endr
    .endm

    .macro pair size, even, odd
    .section .text.save_\even, "ax", @progbits
    function __riscv_save_\even
    .ifnb \odd
    function __riscv_save_\odd
    .endif
    addi sp, sp, -\size
    each sd, \size
    jr t0
    function __riscv_restore_\even
    .ifnb \odd
    function __riscv_restore_\odd
    .endif
    each ld, \size
    addi sp, sp, \size
    ret
    .endm

    pair 16, 0, 1
    pair 32, 2, 3
    pair 48, 4, 5
    pair 64, 6, 7
    pair 80, 8, 9
    pair 96, 10, 11
    pair 112, 12
