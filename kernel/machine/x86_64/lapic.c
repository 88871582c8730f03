// SPDX-License-Identifier: MIT
//
// The processor's own interrupt controller (local APIC; Intel 64 manual, vol. 3, chapter 10).
//
// It takes interrupts from the I/O APIC and from devices that send messages, hands them to
// the processor one by one, and has a timer, of one of two kinds: newer ones interrupt when
// the processor's clock counter reaches a value, all can count down at a rate of their own,
// which has to be measured. Its registers are in memory, or, in newer ones, model-specific.
// Chapter 10.
#include "lapic.h"

#include "clock.h"
#include "interrupt.h"
#include "machine.h"
#include "panic.h"
#include "reference.h"
#include "trap_numbers.h"

enum lapic_register { // 10.4.1
    TASK_PRIORITY = 0x80,
    END_OF_INTERRUPT = 0xb0,
    SPURIOUS = 0xf0,
    LOCAL_TIMER = 0x320,
    LOCAL_PIN_0 = 0x350,
    LOCAL_PIN_1 = 0x360,
    LOCAL_ERROR = 0x370,
    TIMER_START = 0x380,
    TIMER_NOW = 0x390,
    TIMER_DIVISION = 0x3e0,
    REGISTERS_SIZE = 0x400,
};

enum {
    BASE_ENABLED = 1 << 11, // in MSR_APIC_BASE
    BASE_BY_MSR = 1 << 10,
    BASE_ADDRESS_SHIFT = 12,
    MSR_REGISTERS = 0x800,  // 16 bytes of registers in memory are one of these
    SPURIOUS_ENABLE = 1 << 8,
    LOCAL_MASKED = 1 << 16,
    LOCAL_NMI = 4 << 8,
    TIMER_BY_CLOCK = 2 << 17,
    DIVIDE_BY_1 = 0xb,
};

// In cpu_identify(1).
enum { HAS_LAPIC = 1 << 9, HAS_MSR_REGISTERS = 1 << 21, HAS_TIMER_BY_CLOCK = 1 << 24 };

enum { MEASURE_TICKS = 100000 }; // of the clock's counter
#define TICKS_MAX (1ull << 40)   // the counter has 32 bits, and is no thousand times slower

static struct {
    bool started, by_msr, timer_by_clock;
    volatile uint8_t *registers; // unless by_msr
    // Unless timer_by_clock: how far it counted, and the clock's counter meanwhile.
    uint64_t measured, measured_ticks;
} lapic;

static void put(enum lapic_register which, uint32_t value)
{
    if (lapic.by_msr)
        cpu_write_msr((enum msr)(MSR_REGISTERS + which / 16), value);
    else
        mmio_write32(lapic.registers + which, value);
}

static uint32_t get(enum lapic_register which)
{
    if (lapic.by_msr)
        return (uint32_t)cpu_read_msr((enum msr)(MSR_REGISTERS + which / 16));
    return mmio_read32(lapic.registers + which);
}

static uint32_t read_timer(void)
{
    return UINT32_MAX - get(TIMER_NOW);
}

static void measure_timer(void)
{
    put(TIMER_DIVISION, DIVIDE_BY_1);
    put(TIMER_START, UINT32_MAX);
    struct moment first = reference_look(read_timer);
    while (cpu_ticks() - first.ticks < MEASURE_TICKS)
        ;
    struct moment last = reference_look(read_timer);
    put(TIMER_START, 0);
    lapic.measured = last.other - first.other;
    lapic.measured_ticks = last.ticks - first.ticks;
    if (lapic.measured == 0)
        panic("the local APIC's timer does not count");
}

static void find_registers(void)
{
    uint64_t base = cpu_read_msr(MSR_APIC_BASE) | BASE_ENABLED;
    struct cpuid features = cpu_identify(1);
    if (!(features.d & HAS_LAPIC))
        panic("this processor has no local APIC: expected one, for its timer and interrupts");

    lapic.by_msr = features.c & HAS_MSR_REGISTERS;
    lapic.timer_by_clock = features.c & HAS_TIMER_BY_CLOCK;
    cpu_write_msr(MSR_APIC_BASE, lapic.by_msr ? base | BASE_BY_MSR : base);
    if (lapic.by_msr)
        return;
    lapic.registers = machine_map_device(base >> BASE_ADDRESS_SHIFT << BASE_ADDRESS_SHIFT,
                                         REGISTERS_SIZE);
    if (!lapic.registers)
        panic("the local APIC at 0x%llx cannot be reached", (unsigned long long)base);
}

void lapic_start(void)
{
    if (lapic.started)
        return;
    lapic.started = true;
    find_registers();
    put(LOCAL_TIMER, LOCAL_MASKED);   // a firmware may have used it
    put(TIMER_START, 0);
    put(SPURIOUS, SPURIOUS_ENABLE | TRAP_SPURIOUS);
    put(TASK_PRIORITY, 0);            // every interrupt may come
    put(LOCAL_PIN_0, LOCAL_MASKED);   // the controllers of the first PCs: boot_main()
    put(LOCAL_PIN_1, LOCAL_NMI);      // what is left of them that cannot be masked
    put(LOCAL_ERROR, LOCAL_MASKED);
    if (!lapic.timer_by_clock)
        measure_timer();
    put(LOCAL_TIMER, TRAP_TIMER | (lapic.timer_by_clock ? TIMER_BY_CLOCK : 0));
    machine_barrier(); // before the first MSR_TSC_DEADLINE (10.5.4.1)
}

void lapic_end(void)
{
    put(END_OF_INTERRUPT, 0);
}

void lapic_set_deadline(uint64_t deadline_ns)
{
    uint64_t deadline = clock_ticks_at(deadline_ns);
    if (lapic.timer_by_clock) {
        cpu_write_msr(MSR_TSC_DEADLINE, deadline ? deadline : 1); // 0 would mean none
        return;
    }
    uint64_t now = cpu_ticks(), ticks = deadline > now ? deadline - now : 0;
    if (ticks > TICKS_MAX)
        ticks = TICKS_MAX;
    uint64_t count = cpu_multiply_divide(ticks, lapic.measured, lapic.measured_ticks) + 1;
    put(TIMER_START, count < UINT32_MAX ? (uint32_t)count : UINT32_MAX);
}
