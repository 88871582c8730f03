// SPDX-License-Identifier: MIT
//
// How fast the processor's counter ticks: what it says itself, or measured.
//
// A PC has one clock whose rate is known to everybody: the timer chip of the first ones
// (Intel 8254 data sheet), which counts down from 65536 at 1.193182 MHz, again and again.
// Booting is not to wait for it, so the first look is short and coarse. Later looks compare
// with that first one over a longer time, and each is good enough to tell how often the chip
// has gone round until a still later one: 0.2 ms give 1 %, 20 ms give 0.01 %, and so on.
// Chapter 05.
#include "reference.h"

#include "clock.h"
#include "machine.h"
#include "print.h"

enum {
    CHIP_HZ = 1193182,
    CHIP_ROUND = 65536,
    CHANNEL_0 = 0x40,
    CONTROL = 0x43,
    CONTROL_START = 0x34,    // channel 0, two bytes, goes round and round
    CONTROL_LATCH = 0x00,    // channel 0: its count is kept to be read
    FIRST_TICKS = 256,       // of the chip: 0.2 ms
    TRIES_MAX = 100000,      // more reads than that take longer than a round
    DEFAULT_HZ = 1000000000,
};
#define FIRST_REFINE_NS 20000000ull
#define LAST_REFINE_NS 200000000000ull // the error is a millionth by then
#define LATER 16

// Leaves that may say it (Intel 64 manual, vol. 2, CPUID; the second is hypervisors').
enum { CPUID_RATIO = 0x15, CPUID_HYPERVISOR_RATE = 0x40000010 };

// The two clocks at one moment.
struct moment {
    uint64_t ticks; // of the processor
    uint32_t chip;  // how far it has counted in its round
};

static struct {
    struct moment first;
    uint64_t refine_at; // ticks; UINT64_MAX: never
    uint64_t refine_ns; // since the first moment, as is thought
} reference = {.refine_at = UINT64_MAX};

static uint64_t hz_by_processor(void)
{
    struct cpuid ratio = cpu_identify(CPUID_RATIO);
    if (ratio.a && ratio.b && ratio.c)
        return (uint64_t)ratio.c * ratio.b / ratio.a;
    return (uint64_t)cpu_identify(CPUID_HYPERVISOR_RATE).a * 1000;
}

static struct moment look(void)
{
    uint64_t before = cpu_ticks();
    port_write8(CONTROL, CONTROL_LATCH);
    uint64_t after = cpu_ticks();
    uint32_t low = port_read8(CHANNEL_0), high = port_read8(CHANNEL_0);
    uint32_t left = high << 8 | low;
    return (struct moment){before + (after - before) / 2, (CHIP_ROUND - left) % CHIP_ROUND};
}

// value * multiplier / divisor, whose product may need more than 64 bits.
static uint64_t multiply_divide(uint64_t value, uint64_t multiplier, uint64_t divisor)
{
    uint64_t quotient, rest;
    __asm__("mulq %3\n\tdivq %4"
            : "=&a"(quotient), "=&d"(rest)
            : "0"(value), "r"(multiplier), "r"(divisor)
            : "cc");
    return quotient;
}

static void refine_after(uint64_t ns)
{
    reference.refine_ns = ns;
    reference.refine_at = reference.first.ticks + multiply_divide(ns, clock_hz(), 1000000000);
}

uint64_t reference_measure_hz(void)
{
    uint64_t hz = hz_by_processor();
    if (hz > 0)
        return hz;

    port_write8(CONTROL, CONTROL_START);
    port_write8(CHANNEL_0, 0);
    port_write8(CHANNEL_0, 0);
    struct moment now = reference.first = look();
    for (unsigned i = 0; i < TRIES_MAX && now.chip - reference.first.chip < FIRST_TICKS; i++)
        now = look();
    if (now.chip - reference.first.chip < FIRST_TICKS) {
        log_warning("board: no timer chip to measure the clock with, taking %d Hz", DEFAULT_HZ);
        return DEFAULT_HZ;
    }
    hz = multiply_divide(now.ticks - reference.first.ticks, CHIP_HZ,
                         now.chip - reference.first.chip);
    machine_clock_set_frequency(hz);
    refine_after(FIRST_REFINE_NS);
    return hz;
}

// The chip has gone round as often as brings its time closest to what the clock says.
void reference_refine(void)
{
    if (cpu_ticks() < reference.refine_at)
        return;

    struct moment now = look();
    uint64_t ticks = now.ticks - reference.first.ticks;
    uint64_t guess = multiply_divide(ticks, CHIP_HZ, clock_hz());
    uint32_t within = (now.chip - reference.first.chip) % CHIP_ROUND;
    uint64_t rounds = (guess - within + CHIP_ROUND / 2) / CHIP_ROUND;
    machine_clock_set_frequency(
        multiply_divide(ticks, CHIP_HZ, rounds * CHIP_ROUND + within));
    if (reference.refine_ns >= LAST_REFINE_NS)
        reference.refine_at = UINT64_MAX;
    else
        refine_after(reference.refine_ns * LATER);
}
