// SPDX-License-Identifier: MIT
//
// Runs a unit test's table on a bare machine; test=WORD on the command line chooses.
#include "cmdline.h"
#include "print.h"
#include "run.h"
#include "trap.h"

int kernel_main(const struct boot_info *boot)
{
    trap_init();
    cmdline_init(boot);
    char pattern[64] = "*";
    cmdline_value("test", pattern, sizeof pattern);

    const struct unit *unit = unit_chosen();
    unit->setup(boot);
    int failed = test_run("unit", unit->tests, pattern);
    print("%d failed\n", failed);
    return failed == 0 ? 0 : 1;
}
