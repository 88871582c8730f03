// SPDX-License-Identifier: MIT
//
// os.h: time.
// Chapter 13.
#include "machine.h"
#include "process.h"
#include "timer.h"
#include "user/os.h"
#include "wallclock.h"

uint64_t os_clock_ns(void)
{
    return machine_clock_ns();
}

uint64_t os_uptime_ns(void)
{
    return machine_clock_ns() - process_start_ns();
}

uint64_t os_wall_clock_ns(void)
{
    return wallclock_now_ns();
}

void os_wall_clock_set(uint64_t unix_ns)
{
    wallclock_set(unix_ns);
}

void os_sleep_ns(uint64_t duration_ns)
{
    timer_sleep(duration_ns);
    process_check_interrupt();
}

void os_date(uint64_t unix_seconds, struct os_date *date)
{
    struct wallclock_date found;
    wallclock_to_date(unix_seconds, &found);
    *date = (struct os_date){
        .year = found.year,
        .month = found.month,
        .day = found.day,
        .hour = found.hour,
        .minute = found.minute,
        .second = found.second,
        .weekday = found.weekday,
    };
}

bool os_date_to_seconds(const struct os_date *date, uint64_t *unix_seconds)
{
    const struct wallclock_date wanted = {
        .year = date->year,
        .month = date->month,
        .day = date->day,
        .hour = date->hour,
        .minute = date->minute,
        .second = date->second,
    };
    return wallclock_from_date(&wanted, unix_seconds);
}
