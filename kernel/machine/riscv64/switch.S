// SPDX-License-Identifier: MIT
//
// From one thread to another: the registers that a called function must preserve are saved
// and those of the other thread taken. All others the compiler has saved around the call.
//
//   void machine_context_switch(struct machine_context *from,
//                               const struct machine_context *to);
//
//  1. Save ra, sp and s0 to s11 in *from (a0).
//  2. Take those of *to (a1).
//  3. Return: to where that thread once called.
//
// Chapter 09.

    .text
    .globl machine_context_switch
    .type machine_context_switch, @function
machine_context_switch:
    sd ra, 0(a0)                // 1. the order of struct machine_context
    sd sp, 8(a0)
    sd s0, 16(a0)
    sd s1, 24(a0)
    sd s2, 32(a0)
    sd s3, 40(a0)
    sd s4, 48(a0)
    sd s5, 56(a0)
    sd s6, 64(a0)
    sd s7, 72(a0)
    sd s8, 80(a0)
    sd s9, 88(a0)
    sd s10, 96(a0)
    sd s11, 104(a0)

    ld ra, 0(a1)                // 2.
    ld sp, 8(a1)
    ld s0, 16(a1)
    ld s1, 24(a1)
    ld s2, 32(a1)
    ld s3, 40(a1)
    ld s4, 48(a1)
    ld s5, 56(a1)
    ld s6, 64(a1)
    ld s7, 72(a1)
    ld s8, 80(a1)
    ld s9, 88(a1)
    ld s10, 96(a1)
    ld s11, 104(a1)
    ret                         // 3.
    .size machine_context_switch, . - machine_context_switch

// Where a new thread's first switch returns to: entry(), which machine_context_init()
// put in s1, without a caller. Frame pointer and return address 0 end its call chain.
    .globl context_start
    .type context_start, @function
context_start:
    li ra, 0
    jr s1
    .size context_start, . - context_start
