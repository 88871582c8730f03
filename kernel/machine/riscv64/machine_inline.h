// SPDX-License-Identifier: MIT
//
// The inline part of machine.h on riscv64, and the types that only this machine knows.
#pragma once

#include "csr.h"

// What a thread that is not running is made of: the registers that a called function
// must preserve. switch.S knows the order.
struct machine_context {
    uint64_t ra, sp;
    uint64_t s[12]; // s0 is the frame pointer
};

// All registers at the moment of a trap, on the trap stack. trap.S knows the order.
struct machine_trap {
    uint64_t x[32]; // x[0] is not used; x[1] ra, x[2] sp, x[8] s0 ...
    uint64_t pc, status, cause, value;
};

// ---- Interrupts ---------------------------------------------------------------------
static inline bool machine_interrupts_save(void)
{
    unsigned long before;
    __asm__ volatile("csrrc %0, sstatus, %1" : "=r"(before) : "K"(SSTATUS_SIE) : "memory");
    return before & SSTATUS_SIE;
}

static inline void machine_interrupts_enable(void)
{
    csr_set(sstatus, SSTATUS_SIE);
}

static inline void machine_interrupts_restore(bool enabled)
{
    if (enabled)
        machine_interrupts_enable();
}

static inline void machine_poll(void)
{
}

static inline void machine_breakpoint(void)
{
    __asm__ volatile("ebreak" : : : "memory");
}

// ---- Device registers and barriers --------------------------------------------------
// Memory is mapped at its own addresses.
static inline uint64_t machine_dma_address(const volatile void *memory)
{
    return (uintptr_t)memory;
}

static inline uint8_t mmio_read8(const volatile void *address)
{
    return *(const volatile uint8_t *)address;
}

static inline uint16_t mmio_read16(const volatile void *address)
{
    return *(const volatile uint16_t *)address;
}

static inline uint32_t mmio_read32(const volatile void *address)
{
    return *(const volatile uint32_t *)address;
}

static inline uint64_t mmio_read64(const volatile void *address)
{
    return *(const volatile uint64_t *)address;
}

static inline void mmio_write8(volatile void *address, uint8_t value)
{
    *(volatile uint8_t *)address = value;
}

static inline void mmio_write16(volatile void *address, uint16_t value)
{
    *(volatile uint16_t *)address = value;
}

static inline void mmio_write32(volatile void *address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}

static inline void mmio_write64(volatile void *address, uint64_t value)
{
    *(volatile uint64_t *)address = value;
}

// A fence names memory (r, w) and device registers (i, o) apart; ours order both.
static inline void machine_write_barrier(void)
{
    __asm__ volatile("fence ow, ow" : : : "memory");
}

static inline void machine_read_barrier(void)
{
    __asm__ volatile("fence ir, ir" : : : "memory");
}

static inline void machine_barrier(void)
{
    __asm__ volatile("fence iorw, iorw" : : : "memory");
}

// ---- Threads, memory checker: nothing to do on this machine -------------------------
static inline void machine_context_started(void)
{
}

static inline void machine_poison(const volatile void *memory, size_t size)
{
}

static inline void machine_unpoison(const volatile void *memory, size_t size)
{
}
