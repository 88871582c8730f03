// SPDX-License-Identifier: MIT
//
// The tree of tables, in a format that no processor has, so that it can be looked at on every
// machine. What the processors make of theirs: test_vm.c.
#include "page_table.h"

#include "boot/board.h"
#include "cmdline.h"
#include "error.h"
#include "machine.h"
#include "page.h"
#include "print.h"
#include "unit.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

enum { DATA = MACHINE_READ | MACHINE_WRITE, CODE = MACHINE_READ | MACHINE_EXECUTE };

// An entry: what it is, the access, and an address shifted by as much as this has bits.
enum { LINK = 1, LEAF = 2, ACCESS_SHIFT = 2, SHIFT = 4 };

static unsigned flushes;

static uint64_t leaf_for(uintptr_t address, unsigned level, unsigned access)
{
    return address >> SHIFT | access << ACCESS_SHIFT | LEAF;
}

static unsigned access_of(uint64_t leaf)
{
    return leaf >> ACCESS_SHIFT & 7;
}

static uint64_t link_to(const uint64_t *table)
{
    return (uintptr_t)table | LINK;
}

static uint64_t *table_in(uint64_t entry)
{
    return entry & LINK ? (uint64_t *)(uintptr_t)(entry & ~(uint64_t)LINK) : NULL;
}

static void flush(uintptr_t start, uintptr_t end)
{
    flushes++;
}

static struct page_format format = {.root_level = 2,
                                    .leaf_level_max = 2,
                                    .address_shift = SHIFT,
                                    .leaf = leaf_for,
                                    .access = access_of,
                                    .link = link_to,
                                    .linked = table_in,
                                    .flush = flush};
static struct page_table table = {.format = &format};

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
}

static void begin(unsigned leaf_level_max)
{
    format.leaf_level_max = leaf_level_max;
    table.root = page_alloc(1);
    CHECK(table.root != NULL);
}

static void free_table(uint64_t *entries, unsigned level)
{
    for (unsigned i = 0; level > 0 && i < PAGE_TABLE_ENTRIES; i++)
        if (entries[i] & LINK)
            free_table(table_in(entries[i]), level - 1);
    page_free(entries, 1);
}

static void end(void)
{
    free_table(table.root, format.root_level);
    table.root = NULL;
}

static int map(uint64_t start, uint64_t end, unsigned access)
{
    return page_table_map(&table, (struct machine_mapping){start, end, access});
}

static int protect(uint64_t start, uint64_t end, unsigned access)
{
    return page_table_protect(&table, (struct machine_mapping){start, end, access});
}

static void leaves_are_as_large_as_they_can_be(void)
{
    begin(2);
    CHECK_EQUAL(map(GIB - PAGE_SIZE, 3 * GIB + 2 * MIB + PAGE_SIZE, DATA), 0);
    const uint64_t *root = table.root;
    CHECK_EQUAL(root[1], leaf_for(GIB, 2, DATA));
    CHECK_EQUAL(root[2], leaf_for(2 * GIB, 2, DATA));
    const uint64_t *last = table_in(root[3]), *first = table_in(root[0]);
    CHECK_EQUAL(last[0], leaf_for(3 * GIB, 1, DATA));
    CHECK_EQUAL(table_in(last[1])[0], leaf_for(3 * GIB + 2 * MIB, 0, DATA));
    CHECK_EQUAL(table_in(last[1])[1], 0);
    CHECK_EQUAL(table_in(first[511])[511], leaf_for(GIB - PAGE_SIZE, 0, DATA));
    CHECK(page_table_is_empty(&table, 0, GIB - PAGE_SIZE));
    CHECK(!page_table_is_empty(&table, 0, GIB));
    CHECK(page_table_is_empty(&table, 3 * GIB + 2 * MIB + PAGE_SIZE, 4 * GIB));
    end();

    begin(1);
    CHECK_EQUAL(map(GIB, 2 * GIB, DATA), 0);
    CHECK_EQUAL(table_in(table.root[1])[511], leaf_for(2 * GIB - 2 * MIB, 1, DATA));
    end();
}

static void what_is_split_says_the_same(void)
{
    begin(2);
    CHECK_EQUAL(map(GIB, 2 * GIB, CODE), 0);
    flushes = 0;
    CHECK_EQUAL(protect(GIB + 6 * MIB, GIB + 6 * MIB + PAGE_SIZE, MACHINE_NO_ACCESS), 0);
    CHECK_EQUAL(flushes, 3); // two splits, one change
    uint64_t *middle = table_in(table.root[1]), *low = table_in(middle[3]);
    for (unsigned i = 0; i < PAGE_TABLE_ENTRIES; i++) {
        if (i != 3)
            CHECK_EQUAL(middle[i], leaf_for(GIB + i * 2 * MIB, 1, CODE));
        CHECK_EQUAL(low[i], leaf_for(GIB + 6 * MIB + i * PAGE_SIZE, 0, i ? CODE : 0));
    }
    end();
}

static void impossible_wishes_change_nothing(void)
{
    begin(2);
    CHECK_EQUAL(page_table_access(&table, GIB), MACHINE_NO_ACCESS);
    CHECK_EQUAL(map(GIB, GIB + 2 * MIB, DATA), 0);
    CHECK_EQUAL(map(GIB + 4 * MIB, GIB + 6 * MIB, DATA), 0);
    CHECK_EQUAL(map(2 * GIB, 2 * GIB + PAGE_SIZE + 1, DATA), -EINVAL);
    CHECK_EQUAL(map(2 * GIB + PAGE_SIZE, 2 * GIB, DATA), -EINVAL);
    CHECK_EQUAL(protect(GIB + 1, GIB + PAGE_SIZE, CODE), -EINVAL);
    CHECK_EQUAL(protect(GIB, GIB + PAGE_SIZE - 1, CODE), -EINVAL);
    CHECK_EQUAL(protect(GIB + PAGE_SIZE, GIB, CODE), -EINVAL);
    CHECK_EQUAL(protect(GIB, GIB + 6 * MIB, CODE), -EINVAL); // a hole in it
    CHECK_EQUAL(protect(GIB, GIB, CODE), 0);
    CHECK_EQUAL(page_table_access(&table, GIB), DATA);
    // 39 bits count; the same entries would answer for these.
    CHECK_EQUAL(page_table_access(&table, GIB | 1ull << 39), MACHINE_NO_ACCESS);
    CHECK_EQUAL(page_table_access(&table, GIB | 1ull << 63), MACHINE_NO_ACCESS);
    end();
    CHECK_EQUAL(page_table_access(&table, GIB), DATA | CODE); // no translation
    CHECK_EQUAL(protect(GIB, GIB + PAGE_SIZE, DATA), -EINVAL);
}

// The tables of two levels are needed. With a page for one of them, the first split is made.
static void without_memory_nothing_changes(void)
{
    begin(2);
    CHECK_EQUAL(map(GIB, 2 * GIB, DATA), 0);
    void **pages = NULL, **page;
    while ((page = page_alloc_dirty(1))) {
        *page = pages;
        pages = page;
    }
    for (unsigned free = 0; free < 2; free++) {
        CHECK_EQUAL(protect(GIB, GIB + PAGE_SIZE, MACHINE_NO_ACCESS), -ENOMEM);
        CHECK_EQUAL(map(3 * GIB, 3 * GIB + PAGE_SIZE, DATA), -ENOMEM);
        CHECK_EQUAL(page_table_access(&table, GIB), DATA);
        page = pages;
        pages = *pages;
        page_free(page, 1);
    }
    CHECK_EQUAL(protect(GIB, GIB + PAGE_SIZE, MACHINE_NO_ACCESS), 0);
    while ((page = pages)) {
        pages = *page;
        page_free(page, 1);
    }
    end();
}

static void any_changes_are_as_page_by_page(void)
{
    enum { PAGES = 2048, ROUNDS = 60 };
    static uint8_t model[PAGES];
    const uint64_t base = 2 * GIB - 4 * MIB; // 8 MiB across the end of a root entry
    uint64_t random = cmdline_number("seed", machine_clock_ns() | 1);
    print("seed %llu\n", (unsigned long long)random);

    begin(2);
    CHECK_EQUAL(map(base, base + PAGES * PAGE_SIZE, DATA), 0);
    for (unsigned i = 0; i < PAGES; i++)
        model[i] = DATA;
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned first = unit_random(&random) % PAGES;
        unsigned count = unit_random(&random) % (PAGES - first) + 1;
        unsigned access = unit_random(&random) % 8;
        count = round % 2 ? count : count % 4;
        CHECK_EQUAL(protect(base + first * PAGE_SIZE, base + (first + count) * PAGE_SIZE,
                            access), 0);
        for (unsigned i = first; i < first + count; i++)
            model[i] = (uint8_t)access;
    }
    for (unsigned i = 0; i < PAGES; i++)
        CHECK_EQUAL(page_table_access(&table, base + i * PAGE_SIZE + i), model[i]);
    end();
}

const struct test unit_tests[] = {
    {"leaves are as large as they can be", leaves_are_as_large_as_they_can_be},
    {"what is split says the same", what_is_split_says_the_same},
    {"impossible wishes change nothing", impossible_wishes_change_nothing},
    {"without memory nothing changes", without_memory_nothing_changes},
    {"any changes are as page by page", any_changes_are_as_page_by_page},
    {0},
};
