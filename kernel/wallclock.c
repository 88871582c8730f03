// SPDX-License-Identifier: MIT
//
// The time of day.
//
//   wallclock_set(ns)             by the board: what its clock shows; by who knows better
//   wallclock_now_ns()            since 1970-01-01 00:00:00 UTC
//   wallclock_to_date(s, &date)   in the calendar's words
//   wallclock_from_date(&d, &s)   and back
//
// The board's clock is slow to read and counts seconds, so it is read once; from there
// the machine's own clock carries on. Only the difference of the two is kept.
// Chapter 10.
#include "wallclock.h"

#include "machine.h"

enum {
    SECONDS_A_DAY = 24 * 60 * 60,
    EPOCH_WEEKDAY = 4, // 1970-01-01 was a Thursday
    EPOCH_YEAR = 1970,
    YEAR_MAX = 9999,
    DAYS_TO_EPOCH = 719468, // from March of the year 0
    DAYS_A_YEAR = 365,
    DAYS_IN_400_YEARS = 146097, // after which the calendar repeats
};

static struct {
    bool is_set;
    uint64_t boot_ns; // the moment when machine_clock_ns() was 0, since 1970
} wallclock;

void wallclock_set(uint64_t unix_ns)
{
    wallclock.boot_ns = unix_ns - machine_clock_ns();
    wallclock.is_set = true;
}

uint64_t wallclock_now_ns(void)
{
    return wallclock.is_set ? wallclock.boot_ns + machine_clock_ns() : 0;
}

static bool is_leap_year(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_of_month(int year, int month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap_year(year));
}

// Years and months are counted off one by one, after whole periods of 400 years: at
// most 411 steps.
void wallclock_to_date(uint64_t unix_seconds, struct wallclock_date *date)
{
    uint64_t days = unix_seconds / SECONDS_A_DAY;
    unsigned second = unix_seconds % SECONDS_A_DAY;

    date->hour = second / 3600;
    date->minute = second / 60 % 60;
    date->second = second % 60;
    date->weekday = (days + EPOCH_WEEKDAY) % 7;

    date->year = EPOCH_YEAR + days / DAYS_IN_400_YEARS * 400;
    unsigned left = days % DAYS_IN_400_YEARS;
    for (; left >= (unsigned)(DAYS_A_YEAR + is_leap_year(date->year)); date->year++)
        left -= DAYS_A_YEAR + is_leap_year(date->year);
    for (date->month = 1; left >= days_of_month(date->year, date->month); date->month++)
        left -= days_of_month(date->year, date->month);
    date->day = left + 1;
}

static bool is_date(const struct wallclock_date *date)
{
    return date->year >= EPOCH_YEAR && date->year <= YEAR_MAX && date->month >= 1 &&
           date->month <= 12 && date->day >= 1 &&
           date->day <= (int)days_of_month(date->year, date->month) && date->hour >= 0 &&
           date->hour < 24 && date->minute >= 0 && date->minute < 60 && date->second >= 0 &&
           date->second <= 60;
}

// Years begin in March here, so that a leap day is the last one; the months from there have
// 31, 30, 31, 30, 31 days, again and again (153 days).
bool wallclock_from_date(const struct wallclock_date *date, uint64_t *unix_seconds)
{
    if (!is_date(date))
        return false;
    unsigned from_march = (unsigned)(date->month + 9) % 12;
    uint64_t year = (uint64_t)date->year - (date->month < 3);
    uint64_t days = DAYS_A_YEAR * year + year / 4 - year / 100 + year / 400 +
                    (153 * from_march + 2) / 5 + (unsigned)date->day - 1 - DAYS_TO_EPOCH;
    *unix_seconds = days * SECONDS_A_DAY +
                    (unsigned)(date->hour * 3600 + date->minute * 60 + date->second);
    return true;
}
