// SPDX-License-Identifier: MIT
//
// irqstat: counts interrupts by source
#include "os.h"

int irqstat_main(int argc, char **argv)
{
    if (argc != 1)
        return os_usage("irqstat");
    struct os_interrupt_info info;
    os_printf("SOURCE      COUNT  DEVICE\n");
    for (unsigned from = 0; os_interrupt_next(from, &info); from = info.source + 1)
        os_printf("%6u %10llu  %s\n", info.source, (unsigned long long)info.count, info.name);
    return 0;
}
