// SPDX-License-Identifier: MIT
//
// Runs a unit test's table as a process, by cmocka. This file is on the process's side: it
// sees the C library.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "cmdline.h"
#include "run.h"
#include "trap.h"

enum { TESTS_MAX = 128 };

// One test of the table, told by cmocka's state: what it checked has failed when the count
// of failures grew.
static void run_one(void **state)
{
    const struct test *test = *state;
    unsigned before = test_failures();
    test->run();
    if (test_failures() != before)
        fail_msg("%u checks failed, see above", test_failures() - before);
}

int kernel_main(const struct boot_info *boot)
{
    trap_init();
    cmdline_init(boot);
    const struct unit *unit = unit_chosen();
    unit->setup(boot);

    struct CMUnitTest tests[TESTS_MAX];
    size_t count = 0;
    for (const struct test *test = unit->tests; test->name && count < TESTS_MAX; test++)
        tests[count++] =
            (struct CMUnitTest){test->name, run_one, NULL, NULL, (void *)(uintptr_t)test};
    return _cmocka_run_group_tests("unit", tests, count, NULL, NULL) == 0 ? 0 : 1;
}
