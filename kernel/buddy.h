// SPDX-License-Identifier: MIT
//
// The books of the page allocator: which pages are free, kept in blocks of 1, 2, 4 ...
// 1024.
//
// Only page.c uses this. Pages are named by their number: address / PAGE_SIZE. Chapter 06.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/board.h"
#include "machine.h"

enum { BUDDY_ORDER_MAX = 10 }; // the largest block has 2^10 pages: 4 MiB

// What a page is, one byte each. The first page of a free block is marked with the block's
// order, 0 to BUDDY_ORDER_MAX.
enum buddy_mark {
    FREE_INSIDE = 0x20, // the other pages of a free block
    FREE_RECENT,        // free, but in no block: page.c has it at hand
    TAKEN,              // the first page of a run that somebody has; all free marks are less
    TAKEN_INSIDE,       // the other pages of that run
};

struct buddy_range {
    size_t start, frontier, end; // from the frontier on all is free and untouched
    uint8_t *marks;              // of the pages from `start` on
};

// Pages in a row of one range.
struct buddy_run {
    struct buddy_range *range;
    size_t first, count;
};

static inline size_t buddy_number_of(const void *address)
{
    return (uintptr_t)address / PAGE_SIZE;
}

static inline uint8_t *buddy_mark_of(const struct buddy_range *range, size_t number)
{
    return &range->marks[number - range->start];
}

// Returns how many pages there are. Panics when there is no room for a single one.
size_t buddy_init(const struct memory_range *memory, unsigned count);
// The range that a page belongs to, or NULL.
struct buddy_range *buddy_find_range(size_t number);
// Takes a run of at least `count` pages out of the books: it may be longer, what is too
// much goes back with buddy_free(). False when no run is long enough. All are marked
// FREE_INSIDE.
bool buddy_take(size_t count, struct buddy_run *run);
// Any number of pages of one range, also none.
void buddy_free(struct buddy_range *range, size_t first, size_t count);
size_t buddy_longest_run(void); // pages
