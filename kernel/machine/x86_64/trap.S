// SPDX-License-Identifier: MIT
//
// Where every trap lands: all registers into a frame on the trap stack, a call of C,
// and back.
//
// The processor takes the entry that stands for the trap's number in its table (tables.c).
// It has changed to the trap stack by itself, since the interrupted stack may be the thing
// that is broken, and put there what it must not forget: ss, sp, flags, cs, pc and, for
// some exceptions, an error code.
//
//  1. One entry for each number. A 0 for the error code where there is none, and a call: what
//     it leaves on the stack tells which entry that was.
//  2. Save the registers and the address of a page fault: a struct machine_trap.
//  3. A trap inside this trap would start at the top of the stack again, over the frame: it
//     gets the lower half of the stack. One inside that starts below the stack, where a guard
//     page makes it a double fault, which has a stack of its own.
//  4. trap_handle(frame). It returns after an interrupt; an exception ends in a report. Call
//     chains of the handler end here.
//  5. Everything as it was, and on with what was interrupted.
//
// Interrupts stay masked throughout: the processor does that on its way in.
// Chapter 03.

#define HALF_SIZE 4096          // of the trap stack, linker.ld
#define NEXT_STACK task_state + 36 // struct task_state: trap_stacks[0]

    .text
    .globl trap_entries
    .balign 8
    .type trap_entries, @function
trap_entries:                           // 1.
    .set number, 0
    .rept 176                           // TRAP_VECTORS
    .balign 8                           // TRAP_ENTRY_SIZE
    // Those with an error code (vol. 3, 6.3.1).
    .if !(number == 8 || (number >= 10 && number <= 14) || number == 17 || number == 21)
    pushq $0
    .endif
    call trap_common
    .set number, number + 1
    .endr
    .size trap_entries, . - trap_entries

    .type trap_common, @function
trap_common:
    pushq %r15                          // 2.
    pushq %r14
    pushq %r13
    pushq %r12
    pushq %r11
    pushq %r10
    pushq %r9
    pushq %r8
    pushq %rdi
    pushq %rsi
    pushq %rbp
    pushq %rbx
    pushq %rdx
    pushq %rcx
    pushq %rax
    movq %cr2, %rax
    pushq %rax
    movq %rsp, %rdi
    subq $HALF_SIZE, NEXT_STACK(%rip)   // 3.
    subq $8, %rsp                       // 4. calls want a multiple of 16
    xorl %ebp, %ebp
    cld
    call trap_handle

    addq $HALF_SIZE, NEXT_STACK(%rip)   // 5.
    addq $16, %rsp
    popq %rax
    popq %rcx
    popq %rdx
    popq %rbx
    popq %rbp
    popq %rsi
    popq %rdi
    popq %r8
    popq %r9
    popq %r10
    popq %r11
    popq %r12
    popq %r13
    popq %r14
    popq %r15
    addq $16, %rsp                      // the entry's call, the error code
    iretq
    .size trap_common, . - trap_common

    .section .stacks, "aw", @nobits
    .globl double_fault_stack_low, double_fault_stack_high, nmi_stack_low, nmi_stack_high
    .balign 16
double_fault_stack_low:
    .skip 4096
double_fault_stack_high:
nmi_stack_low:
    .skip 4096
nmi_stack_high:
