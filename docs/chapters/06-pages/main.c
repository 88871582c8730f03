// SPDX-License-Identifier: MIT
//
// Chapter 06: pages are taken and given back at random, and everything ends where it began.
//
//   make CHAPTER=06 qemu                          the seed is chosen by the clock, and printed
//   make CHAPTER=06 qemu APPEND=seed=42           the same again
//   make CHAPTER=06 qemu MEMORY=64M               a map of less memory
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "machine.h"
#include "page.h"
#include "print.h"
#include "trap.h"

enum { RUNS = 200, STEPS = 5000, CELLS = 64 };

static struct {
    unsigned char *pages;
    size_t count;
} runs[RUNS];

static uint64_t random_state;

// A linear congruential generator with Knuth's constants (MMIX). The upper bits are best.
static unsigned random_below(unsigned limit)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(random_state >> 33) % limit;
}

// One character for each of CELLS equal parts of a range: '.' free, '#' taken, '+' both.
static void print_range(const struct memory_range *range)
{
    print("0x%09llx [", (unsigned long long)range->start);
    uint64_t pages = range->size / PAGE_SIZE, step = (pages + CELLS - 1) / CELLS;
    for (uint64_t first = 0; first < pages; first += step) {
        unsigned used = 0, unused = 0;
        for (uint64_t i = first; i < first + step && i < pages; i++) {
            bool free;
            if (page_is_free(range->start + i * PAGE_SIZE, &free) && free)
                unused++;
            else
                used++; // the allocator's own pages are among these
        }
        print("%c", used == 0 ? '.' : unused == 0 ? '#' : '+');
    }
    print("] %llu pages each\n", (unsigned long long)step);
}

static size_t print_map(const char *when, const struct board *board)
{
    struct page_statistics statistics;
    page_statistics(&statistics);
    print("%s: %zu of %zu pages are free, at most %zu in a row\n", when, statistics.free,
          statistics.total, statistics.largest_free);
    for (unsigned i = 0; i < board->memory_count; i++)
        print_range(&board->memory[i]);
    return statistics.free;
}

// Takes or gives back one run of 1 to 64 pages. Each is marked at both ends, so that two
// owners of one page would notice.
static void take_step(unsigned i)
{
    unsigned char *pages = runs[i].pages;
    if (pages) {
        if (pages[0] != i % 251 || pages[runs[i].count * PAGE_SIZE - 1] != i % 251)
            print("somebody else wrote to the pages of run %u\n", i);
        page_free(pages, runs[i].count);
        runs[i].pages = NULL;
        return;
    }
    runs[i].count = 1 + random_below(64);
    runs[i].pages = page_alloc(runs[i].count);
    if (runs[i].pages)
        runs[i].pages[0] = runs[i].pages[runs[i].count * PAGE_SIZE - 1] = i % 251;
}

int kernel_main(const struct boot_info *boot)
{
    trap_init();
    cmdline_init(boot);
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);

    size_t before = print_map("at the start", board);
    uint64_t seed = cmdline_number("seed", machine_clock_ns());
    print("seed=%llu\n", (unsigned long long)seed);
    random_state = seed;
    for (unsigned i = 0; i < STEPS; i++)
        take_step(random_below(RUNS));
    print_map("in the middle", board);

    for (unsigned i = 0; i < RUNS; i++)
        if (runs[i].pages)
            take_step(i);
    size_t after = print_map("at the end", board);
    print("%s\n", after == before ? "every page came back" : "pages were lost");
    return after == before ? 0 : 1;
}
