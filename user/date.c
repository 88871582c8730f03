// SPDX-License-Identifier: MIT
//
// date: shows the day and the time
#include "os.h"

int date_main(int argc, char **argv)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    if (argc != 1)
        return os_usage("date");
    uint64_t now_ns = os_wall_clock_ns();
    if (now_ns == 0) {
        os_fprintf(OS_ERROR, "date: this machine has no clock\n");
        return 1;
    }
    struct os_date date;
    os_date(now_ns / 1000000000, &date);
    return os_printf("%s %d-%02d-%02d %02d:%02d:%02d UTC\n", days[date.weekday], date.year,
                     date.month, date.day, date.hour, date.minute, date.second) < 0;
}
