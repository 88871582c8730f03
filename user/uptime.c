// SPDX-License-Identifier: MIT
//
// uptime: says how long the system has been running
#include "os.h"

int uptime_main(int argc, char **argv)
{
    if (argc != 1)
        return os_usage("uptime");
    uint64_t ms = os_uptime_ns() / 1000000;
    unsigned seconds = (unsigned)(ms / 1000 % 60), minutes = (unsigned)(ms / 60000 % 60);
    return os_printf("up %llu:%02u:%02u.%03u\n", (unsigned long long)(ms / 3600000), minutes,
                     seconds, (unsigned)(ms % 1000)) < 0;
}
