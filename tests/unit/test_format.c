// SPDX-License-Identifier: MIT
//
// kernel/format.c: the printf family at its edges. What is expected follows C11, 7.21.6.1.
#include <limits.h>

#include "format.h"
#include "string.h"
#include "unit.h"

void unit_setup(const struct boot_info *boot)
{
}

// Without the compiler's look at the format: some of them are wrong on purpose.
static void expect(int line, const char *expected, const char *format, ...)
{
    char text[160];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);

    if (strcmp(text, expected) != 0)
        test_fail_string(__FILE__, line, format, text, expected);
    if (length != (int)strlen(expected))
        test_fail_equal(__FILE__, line, format, length, (long long)strlen(expected));
}
#define EXPECT(...) expect(__LINE__, __VA_ARGS__)

static void plain_text(void)
{
    EXPECT("", "");
    EXPECT("no conversion", "no conversion");
    EXPECT("100%", "100%%");
    EXPECT("a1b2", "a%db%d", 1, 2);
}

static void decimal(void)
{
    EXPECT("0", "%d", 0);
    EXPECT("-1", "%d", -1);
    EXPECT("2147483647", "%i", INT_MAX);
    EXPECT("-2147483648", "%d", INT_MIN);
    EXPECT("4294967295", "%u", UINT_MAX);
    EXPECT("-9223372036854775808", "%lld", LLONG_MIN);
    EXPECT("9223372036854775807", "%ld", LONG_MAX);
    EXPECT("18446744073709551615", "%llu", ULLONG_MAX);
}

static void other_bases(void)
{
    EXPECT("0", "%x", 0);
    EXPECT("deadbeef DEADBEEF", "%x %X", 0xdeadbeef, 0xdeadbeef);
    EXPECT("ffffffffffffffff", "%llx", ULLONG_MAX);
    EXPECT("1777777777777777777777", "%llo", ULLONG_MAX);
    EXPECT("0xff 0XFF 0", "%#x %#X %#x", 255, 255, 0);
    EXPECT("010 0 0", "%#o %#o %#.0o", 8, 0, 0);
    EXPECT("00010 010", "%#.5o %#.2o", 8, 8);
    EXPECT("101 0b101 0", "%b %#b %#b", 5, 5, 0);
    EXPECT("10000000000000000000000000000000" "00000000000000000000000000000000", "%llb",
           1ull << 63);
}

static void flags(void)
{
    EXPECT("+5 -5 +0", "%+d %+d %+d", 5, -5, 0);
    EXPECT(" 5 -5", "% d % d", 5, -5);
    EXPECT("+5 +5", "%+ d % +d", 5, 5); // + wins
    EXPECT("5", "%+u", 5);             // for signed conversions only
    EXPECT("[ff      ]", "[%-08x]", 255); // - wins
    EXPECT("[   +5] [+5   ] [+0005]", "[%+5d] [%-+5d] [%+05d]", 5, 5, 5);
    EXPECT("[0x00ff] [  0xff] [0xff  ]", "[%#06x] [%#6x] [%-#6x]", 255, 255, 255);
    EXPECT("-00005", "%06d", -5);
}

static void width_and_precision(void)
{
    EXPECT("[]", "[%.0d]", 0);
    EXPECT("[] [] []", "[%.d] [%.0u] [%.0x]", 0, 0, 0);
    EXPECT("[     ] [+]", "[%5.0d] [%+.0d]", 0, 0);
    EXPECT("[007] [     007] [007     ]", "[%.3d] [%8.3d] [%-8.3d]", 7, 7, 7);
    EXPECT("[     007]", "[%08.3d]", 7); // a precision turns 0 off
    EXPECT("[-007]", "[%.3d]", -7);
    EXPECT("[12345]", "[%2d]", 12345);
    EXPECT("[   42] [42   ] [042]", "[%*d] [%*d] [%.*d]", 5, 42, -5, 42, 3, 42);
    EXPECT("[0]", "[%.*d]", -1, 0); // a negative precision counts as none
    EXPECT("0000000000000000000000000000000000000001", "%040d", 1);
}

static void lengths(void)
{
    EXPECT("-1 255", "%hhd %hhu", 0x1ff, 0x1ff);
    EXPECT("ff", "%hhx", -1);
    EXPECT("-1 65535", "%hd %hu", 0x1ffff, 0x1ffff);
    EXPECT("4294967296", "%lu", 1ul << 32);
    EXPECT("4294967296", "%zu", (size_t)1 << 32);
    EXPECT("-4294967296", "%jd", -((intmax_t)1 << 32));
    EXPECT("-3", "%td", (ptrdiff_t)-3);
    EXPECT("1", "%d", (int)0x100000001); // the upper half is no part of an int
}

static void strings_and_characters(void)
{
    static const char unterminated[3] = {'a', 'b', 'c'};
    EXPECT("[abc] [  abc] [abc  ]", "[%s] [%5s] [%-5s]", "abc", "abc", "abc");
    EXPECT("[ab] [   ab] []", "[%.2s] [%5.2s] [%.0s]", "abc", "abc", "abc");
    EXPECT("[abc] [ab]", "[%.3s] [%.*s]", unterminated, 2, unterminated);
    EXPECT("[     ab] [ab     ]", "[%*.*s] [%-*.*s]", 7, 2, "abc", 7, 2, "abc");
    EXPECT("(null)", "%s", (char *)NULL);
    EXPECT("[k] [  k] [k  ]", "[%c] [%3c] [%-3c]", 'k', 'k', 'k');
}

static void pointers(void)
{
    EXPECT("0x0000000000000000", "%p", NULL);
    EXPECT("0x0000000080200000", "%p", (void *)0x80200000);
    EXPECT("[  0x0000000000000001]", "[%20p]", (void *)1);
}

static void unknown_conversions(void)
{
    EXPECT("%y", "%y", 1);
    EXPECT("%-5.3q", "%-5.3q", 1);
    EXPECT("50%", "50%");
    EXPECT("%5", "%5");
    EXPECT("%ll", "%ll");
    EXPECT("%n", "%n"); // never writes through its argument
}

static void a_zero_byte(void)
{
    char text[4];
    memset(text, 'x', sizeof text);
    CHECK_EQUAL(snprintf(text, sizeof text, "%c%c", 0, 'b'), 2);
    CHECK(memcmp(text, "\0b\0x", 4) == 0);
}

static void cut_to_size(void)
{
    char text[8] = "-------";
    CHECK_EQUAL(snprintf(text, 4, "%d", 123456), 6);
    CHECK_STRING(text, "123");
    CHECK_EQUAL(text[4], '-'); // nothing behind is touched
    CHECK_EQUAL(snprintf(text, 1, "%s", "abc"), 3);
    CHECK_STRING(text, "");
    CHECK_EQUAL(snprintf(NULL, 0, "%d", 123456), 6);
    CHECK_EQUAL(snprintf(text, sizeof text, "%7d", 1), 7);
    CHECK_STRING(text, "      1");
    CHECK_EQUAL(snprintf(text, sizeof text, "%8d", 1), 8);
    CHECK_STRING(text, "       ");
}

// Counts and forgets.
static void count_bytes(void *context, const char *bytes, size_t count)
{
    *(size_t *)context += count;
    if (count == 0)
        *(size_t *)context = SIZE_MAX / 2; // an empty piece is against the contract
}

static int format_and_count(size_t *total, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = format_to(count_bytes, total, format, arguments);
    va_end(arguments);
    return length;
}

static void pieces(void)
{
    size_t total = 0;
    CHECK_EQUAL(format_and_count(&total, "%s%d%s%5s|%.0d", "", 1, "", "", 0), 7);
    CHECK_EQUAL(total, 7);
}

static void very_long(void)
{
    size_t total = 0;
    CHECK_EQUAL(format_and_count(&total, "%1000000d", 1), 1000000);
    CHECK_EQUAL(total, 1000000);
}

const struct test unit_tests[] = {
    {"plain text", plain_text},
    {"decimal", decimal},
    {"other bases", other_bases},
    {"flags", flags},
    {"width and precision", width_and_precision},
    {"lengths", lengths},
    {"strings and characters", strings_and_characters},
    {"pointers", pointers},
    {"unknown conversions", unknown_conversions},
    {"a zero byte", a_zero_byte},
    {"cut to size", cut_to_size},
    {"pieces", pieces},
    {"very long", very_long},
    {0},
};
