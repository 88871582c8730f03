// SPDX-License-Identifier: MIT
//
// The parts of the contract (machine.h) that are worth inlining, for a Linux process.
//
// There are no interrupts here: devices are looked at in machine_wait() and
// machine_poll(), both called by the scheduler, so there is never anything to mask.
#pragma once

#ifndef __x86_64__
#error "MACHINE=host knows x86-64 only so far: see trap.c, frame.c, switch.S and context.c"
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

// What a thread that is not running is made of: the registers lie on its stack
// (switch.S has their order).
struct machine_context {
    uintptr_t stack_pointer;
    void *stack; // lowest byte; NULL: the boot stack
    size_t stack_size;
    void *sanitizer_mark;
};

// Where an exception came from.
struct machine_trap {
    uintptr_t pc, sp, frame_pointer;
    const void *context; // all registers, as the system handed them over: a ucontext_t
};

// ---- Interrupts
static inline bool machine_interrupts_save(void)
{
    return true;
}

static inline void machine_interrupts_restore(bool enabled)
{
    (void)enabled;
}

static inline void machine_interrupts_enable(void)
{
}

// Looking costs a system call, so most polls only count.
struct machine_polling {
    uint32_t skip;      // polls to go until the next look
    void (*look)(void); // NULL as long as there is nothing to look at (set by wait.c)
};
extern struct machine_polling machine_polling;
void machine_poll_now(void);

static inline void machine_poll(void)
{
    if (machine_polling.skip-- == 0)
        machine_poll_now();
}

// ---- Traps
static inline void machine_breakpoint(void)
{
    __asm__ volatile("int3");
}

// ---- Device registers: the accesses go to the device models (device.c)
// The devices that the process plays use its pointers.
static inline uint64_t machine_dma_address(const volatile void *memory)
{
    return (uintptr_t)memory;
}

uint64_t machine_device_read(const volatile void *address, unsigned width);
void machine_device_write(volatile void *address, unsigned width, uint64_t value);

static inline uint8_t mmio_read8(const volatile void *address)
{
    return (uint8_t)machine_device_read(address, 1);
}

static inline uint16_t mmio_read16(const volatile void *address)
{
    return (uint16_t)machine_device_read(address, 2);
}

static inline uint32_t mmio_read32(const volatile void *address)
{
    return (uint32_t)machine_device_read(address, 4);
}

static inline uint64_t mmio_read64(const volatile void *address)
{
    return machine_device_read(address, 8);
}

static inline void mmio_write8(volatile void *address, uint8_t value)
{
    machine_device_write(address, 1, value);
}

static inline void mmio_write16(volatile void *address, uint16_t value)
{
    machine_device_write(address, 2, value);
}

static inline void mmio_write32(volatile void *address, uint32_t value)
{
    machine_device_write(address, 4, value);
}

static inline void mmio_write64(volatile void *address, uint64_t value)
{
    machine_device_write(address, 8, value);
}

static inline void machine_write_barrier(void)
{
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void machine_read_barrier(void)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
}

static inline void machine_barrier(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

// ---- Threads
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>

static inline void machine_context_started(void)
{
    __sanitizer_finish_switch_fiber(NULL, NULL, NULL);
}

// ---- Memory checker
static inline void machine_poison(const volatile void *memory, size_t size)
{
    __asan_poison_memory_region(memory, size);
}

static inline void machine_unpoison(const volatile void *memory, size_t size)
{
    __asan_unpoison_memory_region(memory, size);
}
#else
static inline void machine_context_started(void)
{
}

static inline void machine_poison(const volatile void *memory, size_t size)
{
    (void)memory, (void)size;
}

static inline void machine_unpoison(const volatile void *memory, size_t size)
{
    (void)memory, (void)size;
}
#endif
