// SPDX-License-Identifier: MIT
//
// From one thread to another: the registers that a called function must preserve are saved
// and those of the other thread taken. All others the compiler has saved around the call.
//
//   void machine_context_switch(struct machine_context *from,
//                               const struct machine_context *to);
//
//  1. Save where the call returns to, the stack pointer behind it, rbp, rbx and r12 to r15
//     in *from (rdi).
//  2. Take those of *to (rsi).
//  3. Return: to where that thread once called.
//
// Chapter 09.

    .text
    .globl machine_context_switch
    .type machine_context_switch, @function
machine_context_switch:
    popq %rax                   // 1. the order of struct machine_context
    movq %rax, 0(%rdi)
    movq %rsp, 8(%rdi)
    movq %rbp, 16(%rdi)
    movq %rbx, 24(%rdi)
    movq %r12, 32(%rdi)
    movq %r13, 40(%rdi)
    movq %r14, 48(%rdi)
    movq %r15, 56(%rdi)

    movq 8(%rsi), %rsp          // 2.
    movq 16(%rsi), %rbp
    movq 24(%rsi), %rbx
    movq 32(%rsi), %r12
    movq 40(%rsi), %r13
    movq 48(%rsi), %r14
    movq 56(%rsi), %r15
    jmp *0(%rsi)                // 3.
    .size machine_context_switch, . - machine_context_switch

// Where a new thread's first switch goes to: entry(), which machine_context_init() put in
// rbx, without a caller. Frame pointer and return address 0 end its call chain.
    .globl context_start
    .type context_start, @function
context_start:
    pushq $0
    jmp *%rbx
    .size context_start, . - context_start
