// SPDX-License-Identifier: MIT
//
// time: runs a program and says how long it took
#include "os.h"

int time_main(int argc, char **argv)
{
    static const int handles[3] = {OS_INPUT, OS_OUTPUT, OS_ERROR};
    if (argc < 2)
        return os_usage("time PROGRAM [ARGUMENT...]");
    uint64_t start_ns = os_clock_ns();
    int id = os_run(argv + 1, handles, false);
    if (id < 0)
        return os_print_error(argv[1], id);
    int status = 0;
    os_wait(id, &status, OS_NEVER);
    uint64_t us = (os_clock_ns() - start_ns) / 1000;
    os_fprintf(OS_ERROR, "%llu.%06llu s\n", (unsigned long long)(us / 1000000),
               (unsigned long long)(us % 1000000));
    return status;
}
