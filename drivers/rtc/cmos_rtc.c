// SPDX-License-Identifier: MIT
//
// The clock of every PC since 1984, in the chip with the battery. (Motorola, MC146818 data
// sheet.)
//
// Its registers are reached one at a time: a number goes to the first address, the register
// is at the second. Once a second it counts on, and for a moment what can be read is neither
// the old time nor the new; so it is read until it says the same twice.
// Chapter 10.
#include "drivers/rtc/cmos_rtc.h"

#include <stdbool.h>

#include "error.h"
#include "machine.h"
#include "wallclock.h"

enum { INDEX = 0, DATA = 1, REGISTERS_SIZE = 2 };

enum rtc_register {
    SECONDS = 0,
    MINUTES = 2,
    HOURS = 4,
    DAY = 7,
    MONTH = 8,
    YEAR = 9,
    STATUS_A = 10,
    STATUS_B = 11,
    CENTURY = 50, // not of the chip, but of every PC since
};

enum {
    A_COUNTING = 0x80, // the time is about to change
    B_24_HOURS = 0x02,
    B_BINARY = 0x04,   // otherwise each digit has four bits
    HOURS_PM = 0x80,
    TRIES_MAX = 10000,
    YEAR_MAX = 2261, // 63 bits of nanoseconds end in the next
};

struct reading {
    uint8_t second, minute, hour, day, month, year, century;
};

static uint8_t get(volatile uint8_t *base, enum rtc_register which)
{
    mmio_write8(base + INDEX, which);
    return mmio_read8(base + DATA);
}

static struct reading read_all(volatile uint8_t *base)
{
    return (struct reading){
        .second = get(base, SECONDS),
        .minute = get(base, MINUTES),
        .hour = get(base, HOURS),
        .day = get(base, DAY),
        .month = get(base, MONTH),
        .year = get(base, YEAR),
        .century = get(base, CENTURY),
    };
}

static bool is_same(const struct reading *a, const struct reading *b)
{
    return a->second == b->second && a->minute == b->minute && a->hour == b->hour &&
           a->day == b->day && a->month == b->month && a->year == b->year;
}

static unsigned number(uint8_t value, bool binary)
{
    return binary ? value : (value >> 4) * 10u + (value & 15);
}

static int to_unix_ns(const struct reading *now, uint8_t status, uint64_t *unix_ns)
{
    bool binary = status & B_BINARY;
    unsigned hour = number(now->hour & (uint8_t)~HOURS_PM, binary);
    if (!(status & B_24_HOURS))
        hour = hour % 12 + (now->hour & HOURS_PM ? 12 : 0);
    unsigned century = number(now->century, binary);
    unsigned year = number(now->year, binary) + 100 * (century >= 19 ? century : 20);
    const struct wallclock_date date = {
        .year = (int)year,
        .month = (int)number(now->month, binary),
        .day = (int)number(now->day, binary),
        .hour = (int)hour,
        .minute = (int)number(now->minute, binary),
        .second = (int)number(now->second, binary),
    };
    uint64_t seconds;
    if (year > YEAR_MAX || !wallclock_from_date(&date, &seconds))
        return -EIO;
    *unix_ns = seconds * 1000000000ull;
    return 0;
}

int cmos_rtc_read(uint64_t address, uint64_t *unix_ns)
{
    volatile uint8_t *base = machine_map_device(address, REGISTERS_SIZE);
    if (!base)
        return -EINVAL;

    struct reading now = {0}, before;
    for (unsigned tries = 0; tries < TRIES_MAX; tries++) {
        if (get(base, STATUS_A) & A_COUNTING)
            continue;
        before = now;
        now = read_all(base);
        if (tries > 0 && is_same(&before, &now))
            return to_unix_ns(&now, get(base, STATUS_B), unix_ns);
    }
    return -EIO;
}
