// SPDX-License-Identifier: MIT
//
// Control and status registers of supervisor mode (RISC-V privileged specification
// 1.12, chapter 4).
//
//   csr_write(stvec, address)    the name is the processor's own
//   csr_set(sie, SIE_TIMER)      sets bits; csr_clear() clears them
#pragma once

#define SSTATUS_SIE (1ul << 1) // interrupts are taken
#define SIE_TIMER (1ul << 5)   // in sie and sip: one bit for each kind of interrupt
#define SIE_EXTERNAL (1ul << 9)

#define SCAUSE_INTERRUPT (1ul << 63)
enum scause_interrupt {
    SCAUSE_TIMER = 5,
    SCAUSE_EXTERNAL = 9,
};
enum scause_exception {
    SCAUSE_FETCH_MISALIGNED = 0,
    SCAUSE_FETCH_ACCESS = 1,
    SCAUSE_ILLEGAL_INSTRUCTION = 2,
    SCAUSE_BREAKPOINT = 3,
    SCAUSE_LOAD_MISALIGNED = 4,
    SCAUSE_LOAD_ACCESS = 5,
    SCAUSE_STORE_MISALIGNED = 6,
    SCAUSE_STORE_ACCESS = 7,
    SCAUSE_FETCH_PAGE = 12,
    SCAUSE_LOAD_PAGE = 13,
    SCAUSE_STORE_PAGE = 15,
};

// Translation in three levels; the rest of satp is the root table's page number.
#define SATP_SV39 (8ul << 60)

// "memory": a change of these may change what memory accesses mean, so the compiler
// moves none across.
#define csr_read(name)                                                                  \
    __extension__({                                                                     \
        unsigned long value_;                                                           \
        __asm__ volatile("csrr %0, " #name : "=r"(value_) : : "memory");                \
        value_;                                                                         \
    })
#define csr_change(instruction, name, value)                                            \
    __asm__ volatile(instruction " " #name ", %0" : : "rK"(value) : "memory")
#define csr_write(name, value) csr_change("csrw", name, value)
#define csr_set(name, bits) csr_change("csrs", name, bits)
#define csr_clear(name, bits) csr_change("csrc", name, bits)
