// SPDX-License-Identifier: MIT
//
// The inline part of machine.h on x86-64, and the types that only this machine knows.
#pragma once

#include "cpu.h"
#include "layout.h"

// What a thread that is not running is made of: the registers that a called function
// must preserve. switch.S knows the order.
struct machine_context {
    uint64_t rip, rsp, rbp, rbx, r12, r13, r14, r15;
};

// All registers at the moment of a trap, on the trap stack. trap.S knows the order.
struct machine_trap {
    uint64_t address; // that could not be accessed: cr2
    uint64_t r[15];   // rax, rcx, rdx, rbx, rbp, rsi, rdi, r8 ... r15
    uint64_t vector;  // trap.S: where the call of this entry returns to
    // The processor's own:
    uint64_t error, rip, cs, flags, rsp, ss;
};

// ---- Interrupts ---------------------------------------------------------------------
static inline bool machine_interrupts_save(void)
{
    unsigned long before;
    __asm__ volatile("pushfq\n\tpopq %0\n\tcli" : "=r"(before) : : "memory");
    return before & FLAGS_INTERRUPT;
}

static inline void machine_interrupts_enable(void)
{
    __asm__ volatile("sti" : : : "memory");
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
    __asm__ volatile("int3" : : : "memory");
}

// ---- Device registers and barriers --------------------------------------------------
// Where devices see memory: the linear map taken off.
static inline uint64_t machine_dma_address(const volatile void *memory)
{
    return (uintptr_t)memory - LINEAR;
}

// The topmost addresses stand for ports.
static inline bool is_port(const volatile void *address)
{
    return (uintptr_t)address >= PORTS;
}

static inline uint8_t mmio_read8(const volatile void *address)
{
    if (is_port(address))
        return port_read8((uint16_t)(uintptr_t)address);
    return *(const volatile uint8_t *)address;
}

static inline uint16_t mmio_read16(const volatile void *address)
{
    if (is_port(address))
        return port_read16((uint16_t)(uintptr_t)address);
    return *(const volatile uint16_t *)address;
}

static inline uint32_t mmio_read32(const volatile void *address)
{
    if (is_port(address))
        return port_read32((uint16_t)(uintptr_t)address);
    return *(const volatile uint32_t *)address;
}

// Ports are 32 bits wide at most.
static inline uint64_t mmio_read64(const volatile void *address)
{
    return *(const volatile uint64_t *)address;
}

static inline void mmio_write8(volatile void *address, uint8_t value)
{
    if (is_port(address))
        port_write8((uint16_t)(uintptr_t)address, value);
    else
        *(volatile uint8_t *)address = value;
}

static inline void mmio_write16(volatile void *address, uint16_t value)
{
    if (is_port(address))
        port_write16((uint16_t)(uintptr_t)address, value);
    else
        *(volatile uint16_t *)address = value;
}

static inline void mmio_write32(volatile void *address, uint32_t value)
{
    if (is_port(address))
        port_write32((uint16_t)(uintptr_t)address, value);
    else
        *(volatile uint32_t *)address = value;
}

static inline void mmio_write64(volatile void *address, uint64_t value)
{
    *(volatile uint64_t *)address = value;
}

// The processor keeps writes in order among themselves, and reads; only a read may
// overtake an earlier write (vol. 3, 8.2.2). Nothing of it holds for the compiler.
static inline void machine_write_barrier(void)
{
    __asm__ volatile("" : : : "memory");
}

static inline void machine_read_barrier(void)
{
    __asm__ volatile("" : : : "memory");
}

static inline void machine_barrier(void)
{
    __asm__ volatile("mfence" : : : "memory");
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
