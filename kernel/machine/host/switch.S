// SPDX-License-Identifier: MIT
//
// From one thread to another: the registers that a function has to keep (System V ABI
// for x86-64, 3.2.1) go onto the old stack and come from the new one.
//
//   1. save the callee's registers on the old stack
//   2. remember where, and change the stack
//   3. take the registers saved there, and return to whoever left it
//
// context.c lays out the stack of a new thread in the same order.
// Chapter 09.

// void host_switch(uintptr_t *save_stack_pointer, uintptr_t stack_pointer)
    .section .text.host_switch, "ax", @progbits
    .globl host_switch
    .type host_switch, @function
host_switch:
    push %rbp                       // 1
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, (%rdi)                // 2
    mov %rsi, %rsp
    pop %r15                        // 3
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
    pop %rbp
    ret
    .size host_switch, . - host_switch

    .section .note.GNU-stack, "", @progbits
