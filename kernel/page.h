// SPDX-License-Identifier: MIT
//
// Page frames: who owns each 4 KiB page of memory.
//
//   page_init(memory, count)     once, with the ranges that the board found
//   page_alloc(n)                n pages in a row, zeroed, or NULL
//   page_alloc_dirty(n)          the same with whatever the last owner left in them
//   page_free(p, n)              gives them back
//
// Chapter 06.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/board.h"

// The cost does not depend on how much memory there is. Panics when not even one page can
// be managed.
void page_init(const struct memory_range *memory, unsigned count);

// Never sleep. The result is aligned to a page. count > 0; NULL when no run is long enough.
void *page_alloc(size_t count);
void *page_alloc_dirty(size_t count);
// Panics, naming the caller, on pages that are free already or were never handed out, and
// on a count that is not the one they were taken with.
void page_free(void *pages, size_t count);

// Who has pages that can be had again: asked for at least so many when there are not enough,
// gives back as many with page_free() as it can, never sleeps, and says how many. One only:
// the block cache.
void page_set_reclaim(size_t (*reclaim)(size_t pages));

struct page_statistics {
    size_t total, free;     // pages
    size_t largest_free;    // the longest run that page_alloc() can give now, in pages
};
void page_statistics(struct page_statistics *statistics);
// What a page is now: for maps and debuggers. False when the address is not in managed memory.
bool page_is_free(uintptr_t address, bool *free);
