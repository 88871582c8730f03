// SPDX-License-Identifier: MIT
//
// From the firmware to the first line of C.
//
// OpenSBI enters here, in supervisor mode, on one processor (a "hart") that it picks;
// the others stay parked in the firmware. a0 holds the hart's number, a1 the address of
// the device tree. Interrupts are masked, translation is off.
//
//  1. A trap would come back to _start, and so for ever: send it to a place that a
//     debugger can name.
//  2. Clear bss, where C expects zeros: memory holds whatever the last user left.
//  3. The boot stack. Frame pointer and return address become 0: here every call
//     chain ends.
//  4. boot_main(a0, a1), which never returns.
//
// Chapter 01.

    // Not .text.something: the compiler names a function's section like that.
    .section .entry, "ax", @progbits
    .globl _start
    .type _start, @function
_start:
    csrw sie, zero              // 1.
    la t0, boot_trap
    csrw stvec, t0

    la t0, bss_start            // 2. linker.ld aligns both ends to 8 bytes
    la t1, bss_end
    addi t2, t1, -32            // as long as t0 is not above this, 32 bytes are left
    bltu t2, t0, 2f
1:  sd zero, 0(t0)
    sd zero, 8(t0)
    sd zero, 16(t0)
    sd zero, 24(t0)
    addi t0, t0, 32
    bgeu t2, t0, 1b
2:  bgeu t0, t1, 4f             // the last 0 to 24 bytes
3:  sd zero, 0(t0)
    addi t0, t0, 8
    bltu t0, t1, 3b

4:  la sp, boot_stack_high      // 3.
    li s0, 0
    li ra, 0
    call boot_main              // 4.
    .size _start, . - _start

// A trap before machine_trap_init() ends here: nobody can report it yet. `sepc` and
// `scause` still say where and why.
    .balign 4                   // stvec holds a multiple of 4
    .type boot_trap, @function
boot_trap:
    wfi
    j boot_trap
    .size boot_trap, . - boot_trap
