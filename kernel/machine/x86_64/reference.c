// SPDX-License-Identifier: MIT
//
// How fast the processor's counter ticks: what it says itself, or measured.
//
// A PC has one clock whose rate is known to everybody: the timer chip of the first ones
// (Intel 8254 data sheet), which counts down from 65536 at 1.193182 MHz, again and again.
// Booting is not to wait for it, so the first look is short and coarse. Later looks compare
// with that first one over a longer time, and each is good enough to tell how often the chip
// has gone round until a still later one: 0.1 ms give 2 %, 20 ms give 0.01 %, and so on.
// Chapter 05.
#include "reference.h"

#include "machine.h"
#include "print.h"

enum {
    CHIP_HZ = 1193182,
    CHIP_ROUND = 65536,
    CHANNEL_0 = 0x40,
    CONTROL = 0x43,
    CONTROL_START = 0x34,    // channel 0, two bytes, goes round and round
    CONTROL_LATCH = 0x00,    // channel 0: its count is kept to be read
    FIRST_TICKS = 128,       // of the chip: 0.1 ms
    FIRST_TICKS_MAX = 1024,
    TRIES_MAX = 10000,       // more looks than that take longer than a round
    LOOKS = 4,
    DOUBT_MAX = 5000,        // of so many ticks, one
    DEFAULT_HZ = 1000000000,
};
#define FIRST_REFINE_NS 20000000ull
#define LAST_REFINE_NS 200000000000ull // the error is a millionth by then
#define LATER 16

// Leaves that may say it (Intel 64 manual, vol. 2, CPUID; the second is hypervisors').
enum { CPUID_RATIO = 0x15, CPUID_HYPERVISOR_RATE = 0x40000010 };

static struct {
    struct moment first;
    uint64_t hz;        // what was measured last
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

struct moment reference_look(uint32_t (*read)(void))
{
    struct moment best = {.doubt = UINT64_MAX};
    for (unsigned i = 0; i < LOOKS; i++) {
        uint64_t before = cpu_ticks();
        uint32_t other = read();
        uint64_t doubt = (cpu_ticks() - before) / 2;
        if (doubt < best.doubt)
            best = (struct moment){before + doubt, doubt, other};
    }
    return best;
}

// How far it has counted in its round.
static uint32_t read_chip(void)
{
    port_write8(CONTROL, CONTROL_LATCH);
    uint32_t low = port_read8(CHANNEL_0), high = port_read8(CHANNEL_0);
    return (CHIP_ROUND - (high << 8 | low)) % CHIP_ROUND;
}

// How far it has counted since the first look, whole rounds not counted.
static uint32_t since_first(struct moment now)
{
    return (now.other - reference.first.other) % CHIP_ROUND;
}

static void refine_after(uint64_t ns)
{
    reference.refine_ns = ns;
    reference.refine_at =
        reference.first.ticks + cpu_multiply_divide(ns, reference.hz, 1000000000);
}

uint64_t reference_measure_hz(void)
{
    uint64_t hz = hz_by_processor();
    if (hz > 0)
        return hz;

    port_write8(CONTROL, CONTROL_START);
    port_write8(CHANNEL_0, 0);
    port_write8(CHANNEL_0, 0);
    struct moment now = reference.first = reference_look(read_chip);
    uint32_t passed = 0;
    for (unsigned i = 0; i < TRIES_MAX && passed < FIRST_TICKS; i++) {
        now = reference_look(read_chip);
        passed = since_first(now);
        if (passed > FIRST_TICKS_MAX) { // somebody else had the processor, for rounds perhaps
            reference.first = now;
            passed = 0;
        }
    }
    if (passed < FIRST_TICKS) {
        log_warning("board: no timer chip to measure the clock with, taking %d Hz", DEFAULT_HZ);
        return DEFAULT_HZ;
    }
    hz = cpu_multiply_divide(now.ticks - reference.first.ticks, CHIP_HZ, passed);
    reference.hz = hz;
    refine_after(FIRST_REFINE_NS);
    return hz;
}

// The chip has gone round as often as brings its time closest to what the clock says.
void reference_refine(void)
{
    if (cpu_ticks() < reference.refine_at)
        return;

    struct moment now = reference_look(read_chip);
    uint64_t ticks = now.ticks - reference.first.ticks;
    if (now.doubt > ticks / DOUBT_MAX)
        return; // somebody else had the processor meanwhile: the next time
    uint64_t guess = cpu_multiply_divide(ticks, CHIP_HZ, reference.hz);
    uint32_t within = since_first(now);
    uint64_t rounds = (guess - within + CHIP_ROUND / 2) / CHIP_ROUND;
    reference.hz = cpu_multiply_divide(ticks, CHIP_HZ, rounds * CHIP_ROUND + within);
    machine_clock_set_frequency(reference.hz);
    if (reference.refine_ns >= LAST_REFINE_NS)
        reference.refine_at = UINT64_MAX;
    else
        refine_after(reference.refine_ns * LATER);
}
