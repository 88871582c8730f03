// SPDX-License-Identifier: MIT
//
// The page allocator: every test starts it anew, over ranges cut out of the board's memory.
#include "boot/board.h"
#include "cmdline.h"
#include "machine.h"
#include "page.h"
#include "print.h"
#include "string.h"
#include "unit.h"

enum { POOL_PAGES = 4096, RUNS = 300, STEPS = 4000, RANGES_MAX = 4 };

static struct memory_range pool; // memory that is ours for the tests: 16 MiB
static uint64_t random_state;

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    for (unsigned i = 0; i < board->memory_count; i++)
        if (board->memory[i].size > pool.size)
            pool = board->memory[i];
    random_state = cmdline_number("seed", machine_clock_ns() | 1);
    print("seed %llu\n", (unsigned long long)random_state);
}

static unsigned random_below(unsigned limit)
{
    return (unsigned)(unit_random(&random_state) >> 16) % limit;
}

// Starts over with these ranges; pages that an earlier test left free may be touched again.
static void start(const struct memory_range *ranges, unsigned count)
{
    machine_unpoison((void *)(uintptr_t)pool.start, POOL_PAGES * PAGE_SIZE);
    memset((void *)(uintptr_t)pool.start, 0xa7, 64 * PAGE_SIZE); // marks need not be clear
    page_init(ranges, count);
}

static void start_with(size_t pages)
{
    start(&(struct memory_range){pool.start, pages * PAGE_SIZE}, 1);
}

static struct page_statistics statistics(void)
{
    struct page_statistics result;
    page_statistics(&result);
    return result;
}

// ---- A model: who has which page of the pool

static uint8_t taken[POOL_PAGES];
static struct {
    uint8_t *pages;
    size_t count;
} runs[RUNS];
static size_t taken_total;

static size_t index_of(const void *page)
{
    return ((uintptr_t)page - pool.start) / PAGE_SIZE;
}

// Whether all pages of the run were (not) taken until now; then they are not (are).
static bool model_change(const void *pages, size_t count, bool take)
{
    size_t first = index_of(pages);
    for (size_t i = first; i < first + count; i++) {
        if (i >= POOL_PAGES || taken[i] == take)
            return false;
        taken[i] = take;
    }
    taken_total += take ? count : -count;
    return true;
}

static bool is_in_one_range(const void *pages, size_t count, const struct memory_range *ranges)
{
    uint64_t low = (uintptr_t)pages, high = low + count * PAGE_SIZE;
    for (unsigned i = 0; i < RANGES_MAX; i++)
        if (low >= ranges[i].start && high <= ranges[i].start + ranges[i].size)
            return true;
    return false;
}

// Between none and four ranges of any size, with holes of any size between them.
static unsigned make_ranges(struct memory_range *ranges)
{
    unsigned count = 1 + random_below(RANGES_MAX);
    size_t page = 0;
    for (unsigned i = 0; i < count; i++) {
        page += random_below(3) * random_below(40);
        size_t pages = 8 + random_below(random_below(2) ? 30 : 900);
        ranges[i] = (struct memory_range){pool.start + page * PAGE_SIZE, pages * PAGE_SIZE};
        page += pages;
    }
    return count;
}

static void change_one(const struct memory_range *ranges)
{
    unsigned i = random_below(RUNS);
    if (runs[i].pages) {
        CHECK_EQUAL(runs[i].pages[0], i % 251);
        CHECK_EQUAL(runs[i].pages[runs[i].count * PAGE_SIZE - 1], i % 251);
        CHECK(model_change(runs[i].pages, runs[i].count, false));
        page_free(runs[i].pages, runs[i].count);
        runs[i].pages = NULL;
        return;
    }
    size_t count = random_below(10) ? 1 + random_below(8) : 1 + random_below(2000);
    uint8_t *pages = page_alloc_dirty(count);
    if (!pages) {
        CHECK(statistics().largest_free < count);
        return;
    }
    CHECK(model_change(pages, count, true));
    CHECK(is_in_one_range(pages, count, ranges));
    pages[0] = pages[count * PAGE_SIZE - 1] = i % 251;
    runs[i].pages = pages;
    runs[i].count = count;
}

static void random_against_model(void)
{
    for (unsigned round = 0; round < 10; round++) {
        struct memory_range ranges[RANGES_MAX] = {0};
        start(ranges, make_ranges(ranges));
        memset(taken, 0, sizeof taken);
        memset(runs, 0, sizeof runs);
        taken_total = 0;
        struct page_statistics before = statistics();
        for (unsigned i = 0; i < STEPS; i++) {
            change_one(ranges);
            if (test_failures() > 0)
                return;
            if (i % 100 == 0)
                CHECK_EQUAL(statistics().free, before.total - taken_total);
        }
        for (unsigned i = 0; i < RUNS; i++)
            if (runs[i].pages)
                page_free(runs[i].pages, runs[i].count);
        CHECK_EQUAL(statistics().free, before.free);
        CHECK_EQUAL(statistics().largest_free, before.largest_free);
    }
}

// ---- Single cases

static void all_pages_then_none(void)
{
    start_with(1000);
    size_t total = statistics().total;
    CHECK_EQUAL(total, 999);
    void **chain = NULL; // each page points to the one before
    for (size_t i = 0; i < total; i++) {
        void **page = page_alloc(1);
        CHECK(page != NULL);
        *page = chain;
        chain = page;
    }
    CHECK(page_alloc(1) == NULL);
    CHECK_EQUAL(statistics().free, 0);
    CHECK_EQUAL(statistics().largest_free, 0);
    while (chain) {
        void *page = chain;
        chain = *chain;
        page_free(page, 1);
    }
    CHECK_EQUAL(statistics().largest_free, total);
}

static void longest_run_is_given(void)
{
    start_with(3000);
    void *hole = page_alloc(1), *between = page_alloc(700), *after = page_alloc(1);
    page_free(between, 700);
    size_t longest = statistics().largest_free;
    CHECK(page_alloc_dirty(longest + 1) == NULL);
    void *run = page_alloc_dirty(longest); // longer than the largest block
    CHECK(run != NULL);
    page_free(run, longest);
    page_free(hole, 1);
    page_free(after, 1);
    CHECK_EQUAL(statistics().largest_free, 2999);
}

static void holes_are_not_joined(void)
{
    const struct memory_range ranges[] = {
        {pool.start, 512 * PAGE_SIZE},
        {pool.start + 513 * PAGE_SIZE, 511 * PAGE_SIZE},
    };
    start(ranges, 2);
    CHECK_EQUAL(statistics().largest_free, 511);
    CHECK(page_alloc(512) == NULL);
    void *a = page_alloc(511), *b = page_alloc(511);
    CHECK(a && b);
    page_free(a, 511);
    page_free(b, 511);
    CHECK(page_alloc(512) == NULL);
}

static void eight_pages(void)
{
    start_with(8);
    CHECK_EQUAL(statistics().total, 7);
    void *all = page_alloc(7);
    CHECK(all != NULL);
    CHECK(page_alloc(1) == NULL);
    page_free(all, 7);
    CHECK_EQUAL(statistics().free, 7);
}

// Only what is handed out, the marks of that, and nothing else has to exist.
static void memory_is_not_touched_before_it_is_used(void)
{
    enum { FIRST = 640, GAP = 64, MARKS = 513 }; // the marks fill most of the first range
    const uint64_t huge = 8ull << 30;
    const struct memory_range ranges[] = {
        {pool.start, FIRST * PAGE_SIZE},
        {pool.start + (FIRST + GAP) * PAGE_SIZE, huge},
    };
    start(ranges, 2);
    CHECK_EQUAL(statistics().total, huge / PAGE_SIZE + FIRST - MARKS);
    uint8_t *pages = page_alloc(FIRST - MARKS + 1); // more than the first range has
    CHECK(pages != NULL);
    CHECK(index_of(pages) > FIRST && index_of(pages) < POOL_PAGES);
    CHECK_EQUAL(statistics().free, statistics().total - (FIRST - MARKS + 1));
    page_free(pages, FIRST - MARKS + 1);
}

static void pages_are_zero(void)
{
    start_with(64);
    for (size_t count = 1; count < 20; count += 6) {
        uint8_t *pages = page_alloc_dirty(count);
        memset(pages, 0xff, count * PAGE_SIZE);
        page_free(pages, count);
        pages = page_alloc(count);
        for (size_t i = 0; i < count * PAGE_SIZE; i++)
            CHECK_EQUAL(pages[i], 0);
        page_free(pages, count);
    }
}

static void knows_what_is_free(void)
{
    start_with(64);
    bool free;
    uint8_t *pages = page_alloc(3);
    CHECK(page_is_free((uintptr_t)pages + 2 * PAGE_SIZE + 17, &free) && !free);
    page_free(pages, 3);
    CHECK(page_is_free((uintptr_t)pages + 2 * PAGE_SIZE + 17, &free) && free);
    CHECK(page_is_free(pool.start + 62 * PAGE_SIZE, &free) && free);
    CHECK(!page_is_free(pool.start + 63 * PAGE_SIZE, &free)); // the marks
    CHECK(!page_is_free(pool.start + 64 * PAGE_SIZE, &free));
    CHECK(!page_is_free(0, &free));
}

const struct test unit_tests[] = {
    {"random against a model", random_against_model},
    {"all pages, then none", all_pages_then_none},
    {"the longest run is given", longest_run_is_given},
    {"holes are not joined", holes_are_not_joined},
    {"eight pages", eight_pages},
    {"memory is not touched before it is used", memory_is_not_touched_before_it_is_used},
    {"pages are zero", pages_are_zero},
    {"knows what is free", knows_what_is_free},
    {0},
};
