// SPDX-License-Identifier: MIT
//
// FAT's dates: a day in 16 bits, and two seconds in 16 more. They say nothing of a time
// zone; we read and write them as UTC. 1980 to 2107.
// Chapter 19.
#include "endian.h"
#include "fs/fat_parts.h"
#include "wallclock.h"

enum { FIRST_YEAR = 1980, LAST_YEAR = 2107 };
#define SECOND_NS 1000000000ull

// 0: not known.
uint64_t fat_time_read(const uint8_t *entry, enum fat_field date, enum fat_field time)
{
    unsigned days = le16_read(entry + date);
    unsigned seconds = time ? le16_read(entry + time) : 0; // 0 is no time's field
    const struct wallclock_date d = {
        .year = FIRST_YEAR + (int)(days >> 9),
        .month = days >> 5 & 15,
        .day = days & 31,
        .hour = (int)(seconds >> 11),
        .minute = seconds >> 5 & 63,
        .second = (seconds & 31) * 2,
    };
    uint64_t unix_seconds;
    return wallclock_from_date(&d, &unix_seconds) ? unix_seconds * SECOND_NS : 0;
}

void fat_time_write(uint8_t *entry, enum fat_field date, enum fat_field time, uint64_t ns)
{
    struct wallclock_date d;
    wallclock_to_date(ns / SECOND_NS, &d);
    if (d.year < FIRST_YEAR)
        d = (struct wallclock_date){.year = FIRST_YEAR, .month = 1, .day = 1};
    if (d.year > LAST_YEAR)
        d = (struct wallclock_date){LAST_YEAR, 12, 31, 23, 59, 58, 0};
    le16_write(entry + date, (uint16_t)((d.year - FIRST_YEAR) << 9 | d.month << 5 | d.day));
    if (time)
        le16_write(entry + time, (uint16_t)(d.hour << 11 | d.minute << 5 | d.second / 2));
}
