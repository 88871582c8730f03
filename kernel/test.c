// SPDX-License-Identifier: MIT
//
// The kernel tests itself: runs tables of tests and prints a verdict for each.
//
// A check that fails is counted and printed where it happens, with what was found; the
// test's function then returns. So nothing has to be undone, and a test of threads may fail
// in any of them.
// Chapter 04.
#include "test.h"

#include "format.h"
#include "print.h"
#include "string.h"

enum { TEST_NAME_SIZE = 96 }; // "suite: name"

static struct {
    unsigned failures; // checks that failed, since the start
} test;

unsigned test_failures(void)
{
    return test.failures;
}

void test_fail(const char *file, int line, const char *condition)
{
    test.failures++;
    print("\n  %s:%d: does not hold: %s", file, line, condition);
}

void test_fail_equal(const char *file, int line, const char *what, long long found,
                     long long expected)
{
    test.failures++;
    print("\n  %s:%d: %s is %lld (0x%llx), not %lld (0x%llx)", file, line, what, found, found,
          expected, expected);
}

void test_fail_string(const char *file, int line, const char *what, const char *found,
                      const char *expected)
{
    test.failures++;
    print("\n  %s:%d: %s is\n    \"%s\", not\n    \"%s\"", file, line, what, found, expected);
}

bool test_same_string(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_wanted(const char *name, const char *pattern)
{
    return strcmp(pattern, "*") == 0 || strstr(name, pattern);
}

int test_run(const char *suite, const struct test *tests, const char *pattern)
{
    int failed = 0;
    for (const struct test *each = tests; each->name; each++) {
        char name[TEST_NAME_SIZE];
        snprintf(name, sizeof name, "%s: %s", suite, each->name);
        if (!is_wanted(name, pattern))
            continue;

        // Before it runs, so that a test that never comes back is known.
        print("%s ...", name);
        unsigned before = test.failures;
        each->run();
        bool passed = test.failures == before;
        print(passed ? " ok\n" : "\n  FAILED\n");
        failed += !passed;
    }
    return failed;
}
