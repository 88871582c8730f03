// SPDX-License-Identifier: MIT
//
// Chapter 04: the kernel tests itself, and the command line chooses what runs.
//
//   make CHAPTER=04 qemu                          all tests
//   make CHAPTER=04 qemu APPEND=test=format       those with "format" in their name
//   make CHAPTER=04 qemu APPEND=broken            one more, which fails: see verdict and status
#include <limits.h>
#include <stdint.h>

#include "boot/boot.h"
#include "cmdline.h"
#include "error.h"
#include "format.h"
#include "print.h"
#include "string.h"
#include "test.h"
#include "trap.h"

static void smallest_number(void)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", LLONG_MIN);
    CHECK_STRING(text, "-9223372036854775808");
}

static void cut_to_size(void)
{
    char text[4];
    CHECK_EQUAL(snprintf(text, sizeof text, "%d", 123456), 6);
    CHECK_STRING(text, "123");
}

static void copy_odd_sizes(void)
{
    char from[67], to[67];
    for (size_t size = 0; size < sizeof from; size++) {
        memset(from, (int)size, sizeof from);
        memset(to, 0xff, sizeof to);
        memcpy(to, from, size);
        CHECK(memcmp(to, from, size) == 0);
        CHECK_EQUAL((unsigned char)to[size], 0xff);
    }
}

static void read_numbers(void)
{
    uint64_t value;
    CHECK_EQUAL(string_to_u64("0x1f", 0, &value), 0);
    CHECK_EQUAL(value, 31);
    CHECK_EQUAL(string_to_u64("12 monkeys", 10, &value), -EINVAL);
}

static void wrong_on_purpose(void)
{
    CHECK_EQUAL(6 * 9, 42);
}

static const struct test format_tests[] = {
    {"smallest number", smallest_number},
    {"cut to size", cut_to_size},
    {0},
};
static const struct test string_tests[] = {
    {"copy odd sizes", copy_odd_sizes},
    {"read numbers", read_numbers},
    {0},
};
static const struct test broken_tests[] = {
    {"wrong on purpose", wrong_on_purpose},
    {0},
};

int kernel_main(const struct boot_info *boot)
{
    trap_init();
    cmdline_init(boot);
    print("command line: \"%s\"\n", cmdline_text());

    char pattern[32] = "*", unused[1];
    cmdline_value("test", pattern, sizeof pattern);
    int failed = test_run("format", format_tests, pattern);
    failed += test_run("string", string_tests, pattern);
    if (cmdline_value("broken", unused, sizeof unused) != -ENOENT)
        failed += test_run("broken", broken_tests, "*");

    print("%d failed\n", failed);
    return failed == 0 ? 0 : 1;
}
