// SPDX-License-Identifier: MIT
//
// Chapter 06: pages are taken and given back at random, and everything ends where it began.
//
//   make CHAPTER=06 qemu                          the seed is chosen by the clock, and printed
//   make CHAPTER=06 qemu APPEND=seed=42           the same again
//   make CHAPTER=06 qemu APPEND=provoke=twice     a wrong page_free(); or inside, count, never
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "machine.h"
#include "page.h"
#include "print.h"
#include "string.h"
#include "trap.h"

enum { RUNS = 200, STEPS = 5000, CELLS = 64 };

// One character for each of CELLS equal parts of a range: '.' free, '#' taken, '+' both.
static void print_range(const struct memory_range *range)
{
    uint64_t pages = range->size / PAGE_SIZE, step = (pages + CELLS - 1) / CELLS, used = 0;
    print("0x%09llx [", (unsigned long long)range->start);
    for (uint64_t i = 0; i < pages; i++) {
        bool free;
        if (!page_is_free(range->start + i * PAGE_SIZE, &free) || !free)
            used++; // the allocator's own pages are among these
        if (i % step < step - 1 && i < pages - 1)
            continue;
        print("%c", used == 0 ? '.' : used == step ? '#' : '+');
        used = 0;
    }
    print("] %llu pages each\n", (unsigned long long)step);
}

static size_t print_map(const char *when, const struct board *board)
{
    struct page_statistics now;
    page_statistics(&now);
    print("%s: %zu of %zu pages are free, at most %zu in a row\n", when, now.free, now.total,
          now.largest_free);
    for (unsigned i = 0; i < board->memory_count; i++)
        print_range(&board->memory[i]);
    return now.free;
}

// Takes run i, of 1 to 64 pages, or gives it back.
static void take_step(void **runs, unsigned i)
{
    size_t count = 1 + i % 64;
    if (runs[i])
        page_free(runs[i], count);
    runs[i] = runs[i] ? NULL : page_alloc(count);
}

static int walk_through(const struct board *board, uint64_t seed)
{
    void *runs[RUNS] = {NULL};
    size_t before = print_map("at the start", board);
    print("seed=%llu\n", (unsigned long long)seed);
    for (unsigned i = 0; i < STEPS; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u; // Knuth's constants (MMIX)
        take_step(runs, (seed >> 33) % RUNS);
    }
    print_map("in the middle", board);
    for (unsigned i = 0; i < RUNS; i++)
        if (runs[i])
            take_step(runs, i);
    size_t after = print_map("at the end", board);
    print("%s\n", after == before ? "every page came back" : "pages were lost");
    return after == before ? 0 : 1;
}

static void provoke(const char *what)
{
    char *pages = page_alloc(8);
    size_t count = strcmp(what, "count") == 0 ? 4 : 8;
    if (strcmp(what, "inside") == 0)
        pages += PAGE_SIZE;
    if (strcmp(what, "never") == 0)
        pages += 64 << 20;
    page_free(pages, count);
    if (strcmp(what, "twice") == 0)
        page_free(pages, count);
}

int kernel_main(const struct boot_info *boot)
{
    trap_init();
    cmdline_init(boot);
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);

    char what[16];
    if (cmdline_value("provoke", what, sizeof what) <= 0)
        return walk_through(board, cmdline_number("seed", machine_clock_ns()));
    print("now: %s\n", what);
    provoke(what);
    print("nobody noticed\n");
    return 0;
}
