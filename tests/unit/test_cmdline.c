// SPDX-License-Identifier: MIT
//
// kernel/cmdline.c: words, quotes, and lines that are too long.
#include "cmdline.h"
#include "error.h"
#include "string.h"
#include "unit.h"

void unit_setup(const struct boot_info *boot)
{
}

static void take_line(const char *line)
{
    struct boot_info boot = {.command_line = line};
    cmdline_init(&boot);
}

// Checks one value of a line; `expected` NULL: there is none.
static void expect(int line_number, const char *line, const char *name, const char *expected)
{
    char value[64];
    take_line(line);
    int length = cmdline_value(name, value, sizeof value);
    if (!expected) {
        if (length != -ENOENT)
            test_fail_equal(__FILE__, line_number, line, length, -ENOENT);
        return;
    }
    if (length != (int)strlen(expected))
        test_fail_equal(__FILE__, line_number, line, length, (long long)strlen(expected));
    else if (strcmp(value, expected) != 0)
        test_fail_string(__FILE__, line_number, line, value, expected);
}
#define EXPECT(...) expect(__LINE__, __VA_ARGS__)

static void words(void)
{
    EXPECT("", "a", NULL);
    EXPECT("   ", "a", NULL);
    EXPECT("a", "a", "");
    EXPECT("a=", "a", "");
    EXPECT("a=1", "a", "1");
    EXPECT("  a=1\tb=2\n", "a", "1");
    EXPECT("  a=1\tb=2\n", "b", "2");
    EXPECT("a=b=c", "a", "b=c");
    EXPECT("ab=1", "a", NULL);
    EXPECT("a=1", "ab", NULL);
    EXPECT("ba=1", "a", NULL);
    EXPECT("=1", "a", NULL);
}

static void the_last_one_counts(void)
{
    EXPECT("a=1 b=2 a=3", "a", "3");
    EXPECT("a=1 a", "a", "");
    EXPECT("a=1 ab=3", "a", "1");
}

static void quotes(void)
{
    EXPECT("run=\"ps; free\"", "run", "ps; free");
    EXPECT("run=\"ps; free\" a=1", "a", "1");
    EXPECT("run=\"a=1 b\"", "a", NULL);
    EXPECT("a=x\"y z\"w", "a", "xy zw");
    EXPECT("\"a=y z\"", "a", "y z");
    EXPECT("a=\"\"", "a", "");
    EXPECT("a=\"say \\\"hi\\\"\"", "a", "say \"hi\"");
    EXPECT("a=\"back\\\\slash\"", "a", "back\\slash");
    EXPECT("a=\"other\\n\"", "a", "other\\n");
    EXPECT("a=out\\\"side x\"", "a", "out\\side x"); // outside of quotes: as it is
}

static void open_quotes(void)
{
    EXPECT("a=\"never closed b=1", "a", "never closed b=1");
    EXPECT("a=\"never closed b=1", "b", NULL);
    EXPECT("a=\"", "a", "");
    EXPECT("a=\"ends in \\", "a", "ends in \\");
    EXPECT("\"", "a", NULL);
}

static void too_small(void)
{
    char value[4];
    take_line("a=abcd b=abc");
    CHECK_EQUAL(cmdline_value("a", value, sizeof value), -E2BIG);
    CHECK_STRING(value, "abc");
    CHECK_EQUAL(cmdline_value("b", value, sizeof value), 3);
    CHECK_STRING(value, "abc");
    CHECK_EQUAL(cmdline_value("b", value, 1), -E2BIG);
    CHECK_STRING(value, "");
    CHECK_EQUAL(cmdline_value("b", NULL, 0), -E2BIG);
}

static void numbers(void)
{
    take_line("a=17 b=0x1F c=x d= e=0x f=99999999999999999999 g=-1 h=010");
    CHECK_EQUAL(cmdline_number("a", 5), 17);
    CHECK_EQUAL(cmdline_number("b", 5), 31);
    CHECK_EQUAL(cmdline_number("c", 5), 5);
    CHECK_EQUAL(cmdline_number("d", 5), 5);
    CHECK_EQUAL(cmdline_number("e", 5), 5);
    CHECK_EQUAL(cmdline_number("f", 5), 5);
    CHECK_EQUAL(cmdline_number("g", 5), 5);
    CHECK_EQUAL(cmdline_number("h", 5), 10);
    CHECK_EQUAL(cmdline_number("none", 5), 5);
}

static char long_line[CMDLINE_SIZE + 100];

static void exactly_full(void)
{
    memset(long_line, 'x', CMDLINE_SIZE - 1);
    long_line[CMDLINE_SIZE - 1] = '\0';
    take_line(long_line);
    CHECK_STRING(cmdline_text(), long_line);
}

static void too_long(void)
{
    char value[8];
    memset(long_line, '"', sizeof long_line - 1); // the last one stays open
    memcpy(long_line, "a=1 b=", 6);
    long_line[sizeof long_line - 1] = '\0';
    take_line(long_line);
    CHECK_EQUAL(strlen(cmdline_text()), CMDLINE_SIZE - 1);
    CHECK_EQUAL(cmdline_value("a", value, sizeof value), 1);
    CHECK_EQUAL(cmdline_value("b", value, sizeof value), 0);
}

static void no_line(void)
{
    struct boot_info boot = {0};
    cmdline_init(&boot);
    CHECK_STRING(cmdline_text(), "");
}

const struct test unit_tests[] = {
    {"words", words},
    {"the last one counts", the_last_one_counts},
    {"quotes", quotes},
    {"open quotes", open_quotes},
    {"too small", too_small},
    {"numbers", numbers},
    {"exactly full", exactly_full},
    {"too long", too_long},
    {"no line", no_line},
    {0},
};
