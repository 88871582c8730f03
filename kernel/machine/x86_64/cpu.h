// SPDX-License-Identifier: MIT
//
// Instructions that the compiler does not know: ports, model-specific registers, control
// registers. (Intel 64 manual; "vol. 3, 2.5" in the files here means that one.)
#pragma once

#include <stdint.h>

#define FLAGS_INTERRUPT (1ul << 9) // interrupts are taken

// Control registers (vol. 3, 2.5).
#define CR0_WRITE_PROTECT (1ul << 16) // read-only pages are so for the kernel, too
#define CR4_GLOBAL_PAGES (1ul << 7)

// Model-specific registers (vol. 4, 2.1).
enum msr {
    MSR_APIC_BASE = 0x1b,
    MSR_TSC_DEADLINE = 0x6e0,
    MSR_EFER = 0xc0000080,
};
#define EFER_NO_EXECUTE (1ul << 11)

struct cpuid {
    uint32_t a, b, c, d;
};

// All zero where the processor has no such leaf.
static inline struct cpuid cpu_identify(uint32_t leaf)
{
    struct cpuid id = {.a = leaf & 0xc0000000};
    // The first leaf of each group says which is the last.
    __asm__("cpuid" : "+a"(id.a), "=b"(id.b), "=c"(id.c), "=d"(id.d) : "2"(0));
    if (id.a < leaf || id.a - leaf > 0xffff)
        return (struct cpuid){0};
    id.a = leaf;
    __asm__("cpuid" : "+a"(id.a), "=b"(id.b), "=c"(id.c), "=d"(id.d) : "2"(0));
    return id;
}

static inline uint64_t cpu_read_msr(enum msr which)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(which));
    return (uint64_t)high << 32 | low;
}

static inline void cpu_write_msr(enum msr which, uint64_t value)
{
    __asm__ volatile("wrmsr"
                     :
                     : "c"(which), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                     : "memory");
}

// The counter that ticks at a fixed rate.
static inline uint64_t cpu_ticks(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

// value * multiplier / divisor. The product may have more than 64 bits, the result may not.
static inline uint64_t cpu_multiply_divide(uint64_t value, uint64_t multiplier,
                                           uint64_t divisor)
{
    uint64_t quotient, rest;
    __asm__("mulq %3\n\tdivq %4"
            : "=&a"(quotient), "=&d"(rest)
            : "0"(value), "r"(multiplier), "r"(divisor)
            : "cc");
    return quotient;
}

static inline uint8_t port_read8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint16_t port_read16(uint16_t port)
{
    uint16_t value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint32_t port_read32(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline void port_write8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void port_write16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void port_write32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

// "memory": a change of these may change what memory accesses mean, so the compiler moves
// none across.
#define cpu_read_control(name)                                                          \
    __extension__({                                                                     \
        unsigned long value_;                                                           \
        __asm__ volatile("mov %%" #name ", %0" : "=r"(value_) : : "memory");            \
        value_;                                                                         \
    })
#define cpu_write_control(name, value)                                                  \
    __asm__ volatile("mov %0, %%" #name : : "r"(value) : "memory")
