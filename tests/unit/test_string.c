// SPDX-License-Identifier: MIT
//
// kernel/bytes.c and string.c: every alignment and size of copies and fills, and nothing read
// or written outside.
#include <limits.h>

#include "cmdline.h"
#include "error.h"
#include "machine.h"
#include "print.h"
#include "string.h"
#include "unit.h"

enum {
    AREA = 700,    // bytes in each of the areas below
    ALIGNMENTS = 9, // one more than there are
    SIZE_MAX_DENSE = 70,
};

// What the functions under test work on, what it should be, and where it comes from.
static uint8_t found[AREA] __attribute__((aligned(8)));
static uint8_t expected[AREA] __attribute__((aligned(8)));
static uint8_t source[AREA] __attribute__((aligned(8)));
static uint64_t random_state;

void unit_setup(const struct boot_info *boot)
{
    random_state = cmdline_number("seed", machine_clock_ns() | 1);
    print("seed=%llu\n", (unsigned long long)random_state);
}

static void fill_randomly(uint8_t *area)
{
    for (unsigned i = 0; i < AREA; i++)
        area[i] = (uint8_t)unit_random(&random_state);
}

// The plainest possible copy that gets overlaps right: through a third area.
static void copy_plainly(uint8_t *to, const uint8_t *from, size_t count)
{
    static uint8_t between[AREA];
    for (size_t i = 0; i < count; i++)
        between[i] = from[i];
    for (size_t i = 0; i < count; i++)
        to[i] = between[i];
}

static bool is_as_expected(void)
{
    for (unsigned i = 0; i < AREA; i++)
        if (found[i] != expected[i])
            return false;
    return true;
}

static bool copies_right(size_t to, size_t from, size_t size)
{
    copy_plainly(expected, found, AREA);
    copy_plainly(expected + to, source + from, size);
    return memcpy(found + to, source + from, size) == found + to && is_as_expected();
}

static bool moves_right(size_t to, size_t from, size_t size)
{
    copy_plainly(expected, found, AREA);
    copy_plainly(expected + to, expected + from, size);
    return memmove(found + to, found + from, size) == found + to && is_as_expected();
}

static bool fills_right(size_t to, int byte, size_t size)
{
    copy_plainly(expected, found, AREA);
    for (size_t i = 0; i < size; i++)
        expected[to + i] = (uint8_t)byte;
    return memset(found + to, byte, size) == found + to && is_as_expected();
}

static void every_alignment(void)
{
    fill_randomly(source);
    fill_randomly(found);
    for (size_t to = 0; to < ALIGNMENTS; to++)
        for (size_t from = 0; from < ALIGNMENTS; from++)
            for (size_t size = 0; size < SIZE_MAX_DENSE; size += 1 + size / 16) {
                CHECK(copies_right(to, from, size));
                CHECK(moves_right(to, from, size));
            }
    for (size_t to = 0; to < ALIGNMENTS; to++)
        for (size_t size = 0; size < SIZE_MAX_DENSE; size++)
            CHECK(fills_right(to, (int)(size * 37 - 300), size));
}

static void random_sizes(void)
{
    fill_randomly(source);
    fill_randomly(found);
    for (unsigned i = 0; i < 1000; i++) {
        size_t size = unit_random(&random_state) % (AREA / 2);
        size_t to = unit_random(&random_state) % (AREA - size);
        size_t from = unit_random(&random_state) % (AREA - size);
        CHECK(copies_right(to, from, size));
        CHECK(moves_right(to, from, size));
        CHECK(fills_right(to, (int)i, size));
    }
}

// Where the machine checks accesses (host), one byte too many is caught.
static void stays_inside(void)
{
    enum { GUARD = 64 };
    for (size_t size = 0; size < 200; size++) {
        size_t shift = size % 8;
        machine_poison(source + GUARD + shift + size, GUARD);
        machine_poison(found + GUARD + size, GUARD);
        memcpy(found + GUARD, source + GUARD + shift, size);
        memmove(found + GUARD, source + GUARD + shift, size);
        memset(found + GUARD, 1, size);
        memcmp(found + GUARD, source + GUARD + shift, size);
        machine_unpoison(source + GUARD + shift + size, GUARD);
        machine_unpoison(found + GUARD + size, GUARD);
    }
}

static int sign(int number)
{
    return (number > 0) - (number < 0);
}

static void comparing_memory(void)
{
    fill_randomly(source);
    for (size_t at = 0; at < 40; at++) {
        for (size_t shift = 0; shift < ALIGNMENTS * ALIGNMENTS; shift++) {
            uint8_t *one = source + shift % ALIGNMENTS, *other = found + shift / ALIGNMENTS;
            memcpy(other, one, 40);
            CHECK_EQUAL(memcmp(one, other, 40), 0);
            one[at] = 0x7f, other[at] = 0x80; // as unsigned bytes
            CHECK_EQUAL(sign(memcmp(one, other, 40)), -1);
            CHECK_EQUAL(sign(memcmp(other, one, 40)), 1);
            CHECK_EQUAL(memcmp(one, other, at), 0);
        }
    }
}

static void searching_memory(void)
{
    static const char text[] = "a\0b\xff";
    CHECK(memchr(text, 'b', 4) == text + 2);
    CHECK(memchr(text, 'b', 2) == NULL);
    CHECK(memchr(text, 0, 4) == text + 1);
    CHECK(memchr(text, 0xff, 4) == text + 3);
    CHECK(memchr(text, 0x100 + 'b', 4) == text + 2); // taken as a byte
}

static void lengths(void)
{
    CHECK_EQUAL(strlen(""), 0);
    CHECK_EQUAL(strlen("seven  "), 7);
    CHECK_EQUAL(strnlen("seven", 3), 3);
    CHECK_EQUAL(strnlen("seven", 30), 5);
    CHECK_EQUAL(strnlen("seven", 0), 0);
}

static void comparing_strings(void)
{
    CHECK_EQUAL(strcmp("", ""), 0);
    CHECK_EQUAL(sign(strcmp("ab", "abc")), -1);
    CHECK_EQUAL(sign(strcmp("b", "abc")), 1);
    CHECK_EQUAL(sign(strcmp("\x7f", "\x80")), -1);
    CHECK_EQUAL(strncmp("abcd", "abxy", 2), 0);
    CHECK_EQUAL(sign(strncmp("abcd", "abxy", 3)), -1);
    CHECK_EQUAL(strncmp("ab", "ab", 99), 0);
    CHECK_EQUAL(strncmp("a", "b", 0), 0);
}

static void searching_strings(void)
{
    static const char text[] = "/soc/serial";
    CHECK(strchr(text, '/') == text);
    CHECK(strrchr(text, '/') == text + 4);
    CHECK(strchr(text, '\0') == text + 11);
    CHECK(strrchr(text, '\0') == text + 11);
    CHECK(strchr(text, 'x') == NULL);
    CHECK(strrchr(text, 'x') == NULL);
    CHECK(strstr(text, "serial") == text + 5);
    CHECK(strstr(text, "") == text);
    CHECK(strstr(text, "serials") == NULL);
    CHECK(strstr("aab", "ab") != NULL);
    CHECK(strstr("", "a") == NULL);
}

static void cutting_copies(void)
{
    char to[4] = "xyz";
    CHECK_EQUAL(strlcpy(to, "ab", sizeof to), 2);
    CHECK_STRING(to, "ab");
    CHECK_EQUAL(strlcpy(to, "abcdef", sizeof to), 6);
    CHECK_STRING(to, "abc");
    CHECK_EQUAL(strlcpy(to, "abcdef", 1), 6);
    CHECK_STRING(to, "");
}

static void numbers(void)
{
    static const struct {
        const char *text;
        unsigned base;
        int error;
        uint64_t value;
    } cases[] = {
        {"0", 10, 0, 0},
        {"42", 10, 0, 42},
        {"18446744073709551615", 10, 0, UINT64_MAX},
        {"18446744073709551616", 10, -ERANGE, 0},
        {"99999999999999999999999", 10, -ERANGE, 0},
        {"99999999999999999999999x", 10, -EINVAL, 0},
        {"ffffffffffffffff", 16, 0, UINT64_MAX},
        {"10000000000000000", 16, -ERANGE, 0},
        {"zZ", 36, 0, 35 * 36 + 35},
        {"102", 2, -EINVAL, 0},
        {"", 10, -EINVAL, 0},
        {" 1", 10, -EINVAL, 0},
        {"1 ", 10, -EINVAL, 0},
        {"-1", 10, -EINVAL, 0},
        {"0x1F", 0, 0, 31},
        {"0b101", 0, 0, 5},
        {"017", 0, 0, 15},
        {"0", 0, 0, 0},
        {"19", 0, 0, 19},
        {"0x", 0, -EINVAL, 0},
        {"0b", 0, -EINVAL, 0},
        {"08", 0, -EINVAL, 0},
        {"0x1f", 16, -EINVAL, 0},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t value = 0;
        int error = string_to_u64(cases[i].text, cases[i].base, &value);
        if (error != cases[i].error)
            test_fail_equal(__FILE__, __LINE__, cases[i].text, error, cases[i].error);
        CHECK_EQUAL(value, cases[i].value);
    }
}

static void errors_in_words(void)
{
    CHECK_STRING(error_text(ENOENT), "no such file or directory");
    CHECK_STRING(error_text(-ENOENT), "no such file or directory");
    CHECK_STRING(error_text(-ETIMEDOUT), "timed out");
    CHECK_STRING(error_text(15), "unknown error");
    CHECK_STRING(error_text(INT_MAX), "unknown error");
    CHECK_STRING(error_text(INT_MIN), "unknown error");
}

const struct test unit_tests[] = {
    {"every alignment", every_alignment},
    {"random sizes", random_sizes},
    {"stays inside", stays_inside},
    {"comparing memory", comparing_memory},
    {"searching memory", searching_memory},
    {"lengths", lengths},
    {"comparing strings", comparing_strings},
    {"searching strings", searching_strings},
    {"cutting copies", cutting_copies},
    {"numbers", numbers},
    {"errors in words", errors_in_words},
    {0},
};
