// SPDX-License-Identifier: MIT
//
// Ticks of a counter into nanoseconds and back, at rates of real counters.
#include "tick_clock.h"

#include "unit.h"

#define SECOND 1000000000ull

enum { YEAR = 365 * 24 * 3600 }; // in seconds

static const uint64_t rates[] = {1, 1193182, 10000000, 24000000, 999999999, SECOND,
                                 2999999997, 5000000001};
enum { RATES = sizeof rates / sizeof rates[0] };

void unit_setup(const struct boot_info *boot)
{
}

static void is_exact_for_a_century(void)
{
    for (unsigned i = 0; i < RATES; i++) {
        struct tick_clock clock = {0};
        tick_clock_set_hz(&clock, 0, rates[i]);
        for (uint64_t seconds = 1; seconds < 100ull * YEAR; seconds *= 3) {
            uint64_t error = seconds * SECOND - tick_clock_ns(&clock, seconds * rates[i]);
            CHECK(error <= 1);
        }
    }
}

// A timer that is set to that count may be late by two ticks, never early.
static void a_moment_has_its_count(void)
{
    for (unsigned i = 0; i < RATES; i++) {
        struct tick_clock clock = {0};
        tick_clock_set_hz(&clock, 0, rates[i]);
        clock.offset_ns = 12345;
        for (uint64_t ns = 20000; ns < 50ull * YEAR * SECOND; ns = ns * 7 + 1) {
            uint64_t ticks = tick_clock_ticks_at(&clock, ns);
            CHECK(tick_clock_ns(&clock, ticks) >= ns);
            CHECK(ticks < 2 || tick_clock_ns(&clock, ticks - 2) <= ns);
        }
        CHECK_EQUAL(tick_clock_ticks_at(&clock, 12344), 0); // before the first tick
    }
}

static void another_rate_is_no_jump(void)
{
    struct tick_clock clock = {0};
    uint64_t ticks = 0, now = 0;
    tick_clock_set_hz(&clock, 0, SECOND);
    for (unsigned i = 0; i < 20 * RATES; i++) {
        ticks += 12345678;
        CHECK(tick_clock_ns(&clock, ticks) >= now);
        now = tick_clock_ns(&clock, ticks);
        tick_clock_set_hz(&clock, ticks, rates[i % RATES]);
        CHECK_EQUAL(tick_clock_ns(&clock, ticks), now);
    }
    tick_clock_set_hz(&clock, ticks, 0); // no rate at all
    CHECK_EQUAL(tick_clock_ns(&clock, ticks), now);
}

const struct test unit_tests[] = {
    {"is exact for a century", is_exact_for_a_century},
    {"a moment has its count", a_moment_has_its_count},
    {"another rate is no jump", another_rate_is_no_jump},
    {0},
};
