// SPDX-License-Identifier: MIT
//
// From the process's stack to the boot stack. What a reset does on a bare machine, the
// system did already: memory is mapped and cleared, and main() runs.
//
//   1. take the stack
//   2. end the call chain here, for backtraces (rbp) and debuggers (cfi)
//   3. run start(), which never returns
//
// Chapter 01.

// _Noreturn void host_enter(uintptr_t stack_top, void (*start)(void))
    .section .text.host_enter, "ax", @progbits
    .globl host_enter
    .type host_enter, @function
host_enter:
    .cfi_startproc
    .cfi_undefined rip
    mov %rdi, %rsp                  // 1
    xor %ebp, %ebp                  // 2
    call *%rsi                      // 3
    ud2
    .cfi_endproc
    .size host_enter, . - host_enter

    .section .note.GNU-stack, "", @progbits
