// SPDX-License-Identifier: MIT
//
// The time of day: read once from the board's clock, carried on by machine_clock_ns().
// Chapter 10.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct wallclock_date {
    int year;           // 2026
    int month, day;     // 1 to 12, 1 to 31
    int hour, minute, second;
    int weekday;        // 0: Sunday
};

// Nanoseconds since 1970-01-01 00:00:00 UTC, as the clock shows them now. May be set again.
void wallclock_set(uint64_t unix_ns);
// 0 when the board has no clock.
uint64_t wallclock_now_ns(void);
void wallclock_to_date(uint64_t unix_seconds, struct wallclock_date *date);
// The other way round; the weekday does not matter. False: there is no such day or time from
// 1970 to 9999. (A minute may have a 61st second, which counts as the next one's first.)
bool wallclock_from_date(const struct wallclock_date *date, uint64_t *unix_seconds);
