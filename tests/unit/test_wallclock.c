// SPDX-License-Identifier: MIT
//
// The calendar, and the time of day that is carried on from one reading.
#include "machine.h"
#include "test.h"
#include "unit.h"
#include "wallclock.h"

void unit_setup(const struct boot_info *boot)
{
}

static void knows_no_time_unless_told(void)
{
    CHECK_EQUAL(wallclock_now_ns(), 0);
}

static void carries_on(void)
{
    const uint64_t told = UINT64_C(1790000000) * 1000000000;

    wallclock_set(told);
    uint64_t first = wallclock_now_ns(), clock = machine_clock_ns();
    CHECK(first >= told && first < told + 1000000000);
    while (machine_clock_ns() < clock + 1000000)
        ;
    uint64_t passed = wallclock_now_ns() - first;
    CHECK(passed >= 1000000 && passed < 1000000000);
    wallclock_set(told - 5); // a clock may be set back
    CHECK(wallclock_now_ns() >= told - 5 && wallclock_now_ns() < first + passed + 1000000000);
}

static void knows_the_calendar(void)
{
    static const struct {
        uint64_t seconds;
        struct wallclock_date date;
    } known[] = {
        {0, {1970, 1, 1, 0, 0, 0, 4}},
        {86399, {1970, 1, 1, 23, 59, 59, 4}},
        {86400, {1970, 1, 2, 0, 0, 0, 5}},
        {68169600, {1972, 2, 29, 0, 0, 0, 2}},
        {951782400, {2000, 2, 29, 0, 0, 0, 2}},
        {1234567890, {2009, 2, 13, 23, 31, 30, 5}},
        {2147483648, {2038, 1, 19, 3, 14, 8, 2}},
        {4107542399, {2100, 2, 28, 23, 59, 59, 0}},
        {4107542400, {2100, 3, 1, 0, 0, 0, 1}},
        {13574563200, {2400, 2, 29, 0, 0, 0, 2}},
        {253402300799, {9999, 12, 31, 23, 59, 59, 5}},
    };

    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct wallclock_date date;
        wallclock_to_date(known[i].seconds, &date);
        CHECK_EQUAL(date.year, known[i].date.year);
        CHECK_EQUAL(date.month, known[i].date.month);
        CHECK_EQUAL(date.day, known[i].date.day);
        CHECK_EQUAL(date.hour, known[i].date.hour);
        CHECK_EQUAL(date.minute, known[i].date.minute);
        CHECK_EQUAL(date.second, known[i].date.second);
        CHECK_EQUAL(date.weekday, known[i].date.weekday);
        uint64_t seconds = 0;
        CHECK(wallclock_from_date(&known[i].date, &seconds));
        CHECK_EQUAL(seconds, known[i].seconds);
    }
}

static void knows_what_is_no_date(void)
{
    static const struct wallclock_date wrong[] = {
        {1969, 12, 31, 23, 59, 59, 0}, {10000, 1, 1, 0, 0, 0, 0}, {2026, 0, 1, 0, 0, 0, 0},
        {2026, 13, 1, 0, 0, 0, 0},     {2026, 1, 0, 0, 0, 0, 0},  {2026, 4, 31, 0, 0, 0, 0},
        {2026, 2, 29, 0, 0, 0, 0},     {2100, 2, 29, 0, 0, 0, 0}, {2026, 1, 1, 24, 0, 0, 0},
        {2026, 1, 1, 0, 60, 0, 0},     {2026, 1, 1, 0, 0, 61, 0}, {2026, 1, 1, -1, 0, 0, 0},
        {2026, 1, 1, 0, 0, -1, 0},
    };
    uint64_t seconds = 5;
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CHECK(!wallclock_from_date(&wrong[i], &seconds));
    CHECK_EQUAL(seconds, 5);
    CHECK(wallclock_from_date(&(struct wallclock_date){2016, 12, 31, 23, 59, 60, 0}, &seconds));
    CHECK_EQUAL(seconds, 1483228800); // the next year's first
}

// Every day of 500 years follows the one before: the next day, or the first of the next
// month or year.
static void every_day_follows_the_last(void)
{
    struct wallclock_date last, date;

    wallclock_to_date(0, &last);
    for (uint64_t day = 1; day < 500 * 365; day++, last = date) {
        uint64_t seconds;
        wallclock_to_date(day * 86400, &date);
        CHECK(wallclock_from_date(&date, &seconds) && seconds == day * 86400);
        CHECK_EQUAL(date.weekday, (last.weekday + 1) % 7);
        if (date.year == last.year && date.month == last.month) {
            CHECK_EQUAL(date.day, last.day + 1);
            continue;
        }
        CHECK(last.day >= 28 && last.day <= 31);
        CHECK_EQUAL(date.day, 1);
        CHECK_EQUAL(date.year * 12 + date.month, last.year * 12 + last.month + 1);
    }
}

const struct test unit_tests[] = {
    {"without a clock the time is 0", knows_no_time_unless_told},
    {"the time is carried on", carries_on},
    {"known moments have their dates", knows_the_calendar},
    {"what is no date is refused", knows_what_is_no_date},
    {"every day follows the one before", every_day_follows_the_last},
    {0},
};
