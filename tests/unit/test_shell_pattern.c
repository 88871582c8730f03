// SPDX-License-Identifier: MIT
//
// Patterns for names, and options of programs.
#include "test.h"
#include "unit.h"
#include "user/options.h"
#include "user/pattern.h"

void unit_setup(const struct boot_info *boot)
{
}

static void stars_and_marks(void)
{
    CHECK(pattern_matches("", ""));
    CHECK(!pattern_matches("", "a"));
    CHECK(pattern_matches("*", "") && pattern_matches("*", "abc"));
    CHECK(pattern_matches("a*", "a") && pattern_matches("a*c", "abbc"));
    CHECK(!pattern_matches("a*c", "abcd") && !pattern_matches("a*", "ba"));
    CHECK(pattern_matches("*.c", "x.c.c") && !pattern_matches("*.c", "x.cc"));
    CHECK(pattern_matches("**a**b**", "xaxbx") && !pattern_matches("*a*b*", "ba"));
    CHECK(pattern_matches("?b?", "abc") && !pattern_matches("?", ""));
    CHECK(!pattern_matches("?", "ab") && !pattern_matches("a?", "a"));
    CHECK(pattern_matches("?.txt", "\xe7\xa9\x8d.txt")); // one character of three bytes
    CHECK(pattern_matches("*aaaaaaaab", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"));
}

static void classes(void)
{
    CHECK(pattern_matches("[abc]", "b") && !pattern_matches("[abc]", "d"));
    CHECK(pattern_matches("[a-cx]", "b") && pattern_matches("[a-cx]", "x"));
    CHECK(!pattern_matches("[a-cx]", "d") && !pattern_matches("[a-c]", ""));
    CHECK(pattern_matches("[!a-c]", "d") && !pattern_matches("[!a-c]", "a"));
    CHECK(pattern_matches("[^a]", "b") && !pattern_matches("[^a]", "a"));
    CHECK(pattern_matches("[]]", "]") && pattern_matches("[!]]", "a"));
    CHECK(pattern_matches("[a-]", "-") && pattern_matches("[-a]", "-"));
    CHECK(pattern_matches("x[0-9]*[0-9]", "x1y2") && !pattern_matches("x[0-9]", "xy"));
    CHECK(pattern_matches("[", "[") && pattern_matches("[a", "[a")); // never closed
    CHECK(pattern_matches("*[a", "x[a") && !pattern_matches("[a", "a"));
}

static void quoted_signs_stand_for_themselves(void)
{
    char text[] = "\\*a\\?\\\\";
    CHECK(pattern_matches("\\*", "*") && !pattern_matches("\\*", "a"));
    CHECK(pattern_matches("a\\?", "a?") && !pattern_matches("a\\?", "ab"));
    CHECK(pattern_matches("[\\]a]", "]") && pattern_matches("[a\\-z]", "-"));
    CHECK(!pattern_matches("[a\\-z]", "b"));
    CHECK(pattern_matches("\\", "\\") && pattern_matches("\\\\", "\\"));
    CHECK(pattern_is_plain("ab\\*\\[") && pattern_is_plain("") && pattern_is_plain("\\"));
    CHECK(!pattern_is_plain("a*") && !pattern_is_plain("\\\\?") && !pattern_is_plain("["));
    pattern_unescape(text);
    CHECK_STRING(text, "*a?\\");
}

// Letters, =values, and the operands behind a colon.
static const char *read_options(const char *letters, int argc, const char *const *words)
{
    static char out[128];
    char *argv[8];
    for (int i = 0; i < argc; i++)
        argv[i] = (char *)(uintptr_t)words[i];
    struct options options = options_start(argc, argv, letters);
    int letter;
    out[0] = 0;
    while ((letter = options_next(&options)) > 0) {
        size_t length = strlen(out);
        if (options.value)
            snprintf(out + length, sizeof(out) - length, "%c=%s ", letter, options.value);
        else
            snprintf(out + length, sizeof(out) - length, "%c ", letter);
        options.value = NULL;
    }
    strlcpy(out + strlen(out), letter < 0 ? "wrong" : ":", sizeof(out) - strlen(out));
    for (int i = 0; i < options.count && letter == 0; i++) {
        size_t length = strlen(out);
        snprintf(out + length, sizeof(out) - length, " %s", options.operands[i]);
    }
    return out;
}

#define READ(letters, ...)                                                                     \
    read_options(letters, (int)(sizeof((const char *[]){"x", __VA_ARGS__}) / sizeof(char *)),  \
                 (const char *[]){"x", __VA_ARGS__})

static void options_as_hands_type_them(void)
{
    CHECK_STRING(read_options("a", 1, (const char *[]){"x", NULL}), ":");
    CHECK_STRING(READ("al", "-la"), "l a :");
    CHECK_STRING(READ("rf", "dir", "-rf", "b"), "r f : dir b");
    CHECK_STRING(READ("rf", "--", "-rf", "--"), ": -rf --");
    CHECK_STRING(READ("n:v", "-n5", "-vn", "6", "-"), "n=5 v n=6 : -");
    CHECK_STRING(READ("n:", "-n", "-1", "--", "a"), "n=-1 : a");
    CHECK_STRING(READ("n:", "a", "-n"), "wrong");
    CHECK_STRING(READ("n:", "-:"), "wrong");
    CHECK_STRING(READ("a", "--help"), "wrong");
    CHECK_STRING(READ("a", "-ab"), "a wrong");
}

static void numbers_with_units(void)
{
    uint64_t value = 0;
    CHECK(options_number("17", &value) && value == 17);
    CHECK(options_number("4k", &value) && value == 4096);
    CHECK(options_number("3M", &value) && value == 3u << 20);
    CHECK(options_number("2G", &value) && value == 2ull << 30);
    CHECK(!options_number("", &value) && !options_number("k", &value));
    CHECK(!options_number("-1", &value) && !options_number("1x", &value));
    CHECK(!options_number("99999999999999999999G", &value));
    CHECK(!options_number("18446744073709551615k", &value));
}

const struct test unit_tests[] = {
    {"stars and marks", stars_and_marks},
    {"classes", classes},
    {"quoted signs stand for themselves", quoted_signs_stand_for_themselves},
    {"options as hands type them", options_as_hands_type_them},
    {"numbers with units", numbers_with_units},
    {0},
};
