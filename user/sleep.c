// SPDX-License-Identifier: MIT
//
// sleep: waits for some seconds, 0.2 of one too
#include "os.h"

enum { DIGITS_MAX = 9 };

// Decimal seconds as nanoseconds: "1", "0.25", ".5".
static bool parse_seconds(const char *text, uint64_t *ns)
{
    uint64_t value = 0, limit = UINT64_MAX / 20;
    int decimals = -1; // digits behind the point; -1: there is no point yet
    bool digits = false;
    for (; *text; text++) {
        if (*text == '.' && decimals < 0) {
            decimals = 0;
            continue;
        }
        if (*text < '0' || *text > '9' || value > limit)
            return false;
        digits = true;
        if (decimals >= DIGITS_MAX)
            continue; // finer than a nanosecond
        decimals += decimals >= 0;
        value = value * 10 + (uint64_t)(*text - '0');
    }
    for (int i = decimals < 0 ? 0 : decimals; i < DIGITS_MAX; i++) {
        if (value > limit)
            return false;
        value *= 10;
    }
    *ns = value;
    return digits;
}

int sleep_main(int argc, char **argv)
{
    uint64_t ns;
    if (argc != 2 || !parse_seconds(argv[1], &ns))
        return os_usage("sleep SECONDS");
    os_sleep_ns(ns);
    return 0;
}
