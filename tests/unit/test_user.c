// SPDX-License-Identifier: MIT
//
// What programs compute: SHA-256, regular expressions, sorting, sizes in short.
#include "heap.h"
#include "test.h"
#include "threads.h"
#include "process.h"
#include "terminal.h"
#include "unit.h"
#include "user/directory.h"
#include "user/regex.h"
#include "user/sha256.h"
#include "user/show.h"

void unit_setup(const struct boot_info *boot)
{
    unit_start_time(boot);
    terminal_init();
    process_init();
}

// ---- SHA-256 ----------------------------------------------------------------------------
// Of `text`, `times` times, added in pieces of these sizes in turn.
static const char *sum_of(const char *text, unsigned times)
{
    static char out[2 * SHA256_SIZE + 1];
    unsigned char digest[SHA256_SIZE];
    struct sha256 sum;
    sha256_start(&sum);
    for (unsigned i = 0; i < times; i++) {
        size_t length = strlen(text), first = i % (length + 1);
        sha256_add(&sum, text, first);
        sha256_add(&sum, text + first, length - first);
    }
    sha256_finish(&sum, digest);
    for (int i = 0; i < SHA256_SIZE; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
    return out;
}

// The examples of FIPS 180-2, appendix B; and where the padding just fits, or just does not.
static void sums_are_those_of_the_standard(void)
{
    CHECK_STRING(sum_of("", 1),
                 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK_STRING(sum_of("abc", 1),
                 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK_STRING(sum_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1),
                 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK_STRING(sum_of("aaaaaaaaaa", 100000),
                 "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    CHECK_STRING(sum_of("a", 55),
                 "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
    CHECK_STRING(sum_of("a", 56),
                 "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a");
    CHECK_STRING(sum_of("a", 64),
                 "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
}

// ---- Regular expressions ----------------------------------------------------------------
static bool matches(const char *expression, const char *line)
{
    const char *mistake;
    struct regex *regex = regex_compile(expression, false, &mistake);
    bool result = regex && regex_matches(regex, line);
    os_free(regex);
    return result;
}

static void expressions_match(void)
{
    CHECK(matches("", "") && matches("", "x") && matches("b", "abc") && !matches("d", "abc"));
    CHECK(matches("^a", "ab") && !matches("^b", "ab") && matches("b$", "ab"));
    CHECK(!matches("a$", "ab") && matches("^$", "") && !matches("^$", "a"));
    CHECK(matches("a.c", "xabcx") && !matches("a.c", "ac") && matches("a\\.c", "a.c"));
    CHECK(!matches("a\\.c", "abc") && matches("ab*c", "ac") && matches("ab*c", "abbbc"));
    CHECK(matches("ab\\+c", "abbc") && !matches("ab\\+c", "ac") && matches("ab\\?c", "ac"));
    CHECK(matches("[a-c]x", "bx") && !matches("[^a-c]x", "bx") && matches("[]]", "]"));
    CHECK(matches("[a-]", "-") && matches("[0-9][0-9]*$", "a42") && matches("a.*z", "abcz"));
    CHECK(matches("*a", "*a") && matches("a^b", "a^b") && matches("a$b", "a$b"));
    CHECK(matches("a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"));
    CHECK(!matches("a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

static void expressions_that_make_no_sense(void)
{
    static const char *const wrong[] = {"[a", "a\\", "\\(a\\)", "a\\{2\\}", "a\\|b", "[]"};
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *mistake = NULL;
        CHECK(regex_compile(wrong[i], false, &mistake) == NULL && mistake != NULL);
    }
}

static void random_expressions_do_no_harm(void)
{
    static const char signs[] = "ab.*[]^$\\-+?(";
    struct heap_statistics before, after;
    uint64_t state = 11;
    char text[16];
    heap_statistics(&before);
    for (int round = 0; round < 3000; round++) {
        size_t length = unit_random(&state) % sizeof(text);
        for (size_t i = 0; i < length; i++)
            text[i] = signs[unit_random(&state) % (sizeof(signs) - 1)];
        text[length] = 0;
        matches(text, "aab[a]^-$");
    }
    heap_statistics(&after);
    CHECK_EQUAL(after.allocations, before.allocations);
}

// ---- Sorting and sizes ------------------------------------------------------------------
static bool tens_are_before(const void *b, const void *a)
{
    return *(const unsigned *)b / 10 < *(const unsigned *)a / 10;
}

// Of any number of items; those that are equal keep their order.
static void sorting_keeps_the_order_of_equals(void)
{
    enum { COUNT = 100 };
    static unsigned values[COUNT];
    void *items[COUNT];
    uint64_t state = 5;
    for (unsigned count = 0; count <= COUNT; count++) {
        for (unsigned i = 0; i < count; i++) {
            values[i] = (unsigned)(unit_random(&state) % 20) * 10 + i % 10;
            items[i] = &values[i];
        }
        CHECK_EQUAL(sort_pointers(items, count, tens_are_before), 0);
        for (unsigned i = 1; i < count; i++) {
            const unsigned *a = items[i - 1], *b = items[i];
            CHECK(*a / 10 < *b / 10 || (*a / 10 == *b / 10 && a < b));
        }
    }
}

static const char *size_of(uint64_t bytes)
{
    static char text[SHOW_SIZE];
    show_size(text, bytes);
    return text;
}

static void sizes_in_short(void)
{
    CHECK_STRING(size_of(0), "0");
    CHECK_STRING(size_of(1023), "1023");
    CHECK_STRING(size_of(1024), "1.0K");
    CHECK_STRING(size_of(1025), "1.1K");
    CHECK_STRING(size_of(10 * 1024), "10K");
    CHECK_STRING(size_of(10 * 1024 - 1), "10K");
    CHECK_STRING(size_of(1024 * 1024 - 1), "1.0M");
    CHECK_STRING(size_of(3ull << 40), "3.0T");
    CHECK_STRING(size_of(UINT64_MAX), "16E");
}

const struct test unit_tests[] = {
    {"sums are those of the standard", sums_are_those_of_the_standard},
    {"expressions match", expressions_match},
    {"expressions that make no sense", expressions_that_make_no_sense},
    {"random expressions do no harm", random_expressions_do_no_harm},
    {"sorting keeps the order of equals", sorting_keeps_the_order_of_equals},
    {"sizes in short", sizes_in_short},
    {0},
};
