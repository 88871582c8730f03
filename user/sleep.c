// SPDX-License-Identifier: MIT
//
// sleep: waits for some seconds, 0.2 of one too
#include "options.h"

int sleep_main(int argc, char **argv)
{
    uint64_t ns;
    if (argc != 2 || !options_seconds(argv[1], &ns))
        return os_usage("sleep SECONDS");
    os_sleep_ns(ns);
    return 0;
}
