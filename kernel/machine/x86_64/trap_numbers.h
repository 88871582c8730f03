// SPDX-License-Identifier: MIT
//
// The numbers of traps: the processor's own (Intel 64 manual, vol. 3, 6.3.1), and those that
// we give to interrupts.
#pragma once

enum trap_number {
    TRAP_DIVISION = 0,
    TRAP_NMI = 2,
    TRAP_BREAKPOINT = 3,
    TRAP_ILLEGAL_INSTRUCTION = 6,
    TRAP_DOUBLE_FAULT = 8,
    TRAP_STACK_SEGMENT = 12, // an address that cannot exist, relative to the stack pointer
    TRAP_PROTECTION = 13,    // one relative to anything else, and much besides
    TRAP_PAGE = 14,
    TRAP_DEVICES = 32,       // + the number of the source, irq.h
    TRAP_TIMER = 160,
    TRAP_SPURIOUS = 175,     // the interrupt was withdrawn; the lowest 4 bits are ones
};

// The error code of a page fault (6.15, interrupt 14).
enum page_error {
    PAGE_ERROR_PRESENT = 1, // there is a page; it may not be used so
    PAGE_ERROR_WRITE = 2,
    PAGE_ERROR_FETCH = 16,
};
