// SPDX-License-Identifier: MIT
//
// The kernel tests itself: named functions that check what must hold, run on every machine.
//
//   static void adds_numbers(void) { CHECK(1 + 1 == 2); }
//   const struct test arithmetic_tests[] = {{"adds numbers", adds_numbers}, {0}};
//   test_run("arithmetic", arithmetic_tests, "*");
//
// On host the same tables are run by cmocka (tests/unit/), under the sanitizers.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct test {
    const char *name;
    void (*run)(void);
};

// Ends the function it stands in when the condition does not hold.
#define CHECK(condition)                                                                       \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            test_fail(__FILE__, __LINE__, #condition);                                         \
            return;                                                                            \
        }                                                                                      \
    } while (0)
#define CHECK_EQUAL(found, expected)                                                           \
    do {                                                                                       \
        long long found_ = (long long)(found), expected_ = (long long)(expected);              \
        if (found_ != expected_) {                                                             \
            test_fail_equal(__FILE__, __LINE__, #found, found_, expected_);                    \
            return;                                                                            \
        }                                                                                      \
    } while (0)
#define CHECK_STRING(found, expected)                                                          \
    do {                                                                                       \
        const char *found_ = (found), *expected_ = (expected);                                 \
        if (!test_same_string(found_, expected_)) {                                            \
            test_fail_string(__FILE__, __LINE__, #found, found_, expected_);                   \
            return;                                                                            \
        }                                                                                      \
    } while (0)

void test_fail(const char *file, int line, const char *condition);
void test_fail_equal(const char *file, int line, const char *what, long long found,
                     long long expected);
void test_fail_string(const char *file, int line, const char *what, const char *found,
                      const char *expected);
bool test_same_string(const char *a, const char *b);
unsigned test_failures(void); // how many checks have failed since the start

// Runs the tests of a table (it ends with {0}) whose "suite: name" contains `pattern` (""
// or "*": all), prints a line for each, and returns how many failed.
int test_run(const char *suite, const struct test *tests, const char *pattern);
