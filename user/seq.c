// SPDX-License-Identifier: MIT
//
// seq: counts, a number a line
#include "os.h"

int seq_main(int argc, char **argv)
{
    uint64_t first = 1, last, step = 1;
    bool fits =
        argc >= 2 && argc <= 4 && string_to_u64(argv[argc > 3 ? 3 : argc - 1], 10, &last) == 0;
    if (fits && argc > 2)
        fits = string_to_u64(argv[1], 10, &first) == 0;
    if (fits && argc > 3)
        fits = string_to_u64(argv[2], 10, &step) == 0 && step > 0;
    if (!fits)
        return os_usage("seq [FIRST [STEP]] LAST");

    for (uint64_t i = first; i <= last; i += step) {
        if (os_printf("%llu\n", (unsigned long long)i) < 0)
            return 1;
        if (last - i < step)
            break; // the next one would be beyond, or wrap around
    }
    return 0;
}
