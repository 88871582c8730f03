// SPDX-License-Identifier: MIT
//
// Runs a unit test's table on a bare machine; test=WORD on the command line chooses.
#include "cmdline.h"
#include "print.h"
#include "trap.h"
#include "unit.h"

int kernel_main(const struct boot_info *boot)
{
    trap_init();
    cmdline_init(boot);
    char pattern[64] = "*";
    cmdline_value("test", pattern, sizeof pattern);

    unit_setup(boot);
    int failed = test_run("unit", unit_tests, pattern);
    print("%d failed\n", failed);
    return failed == 0 ? 0 : 1;
}
