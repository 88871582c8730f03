// SPDX-License-Identifier: MIT
//
// What the tests of threads have in common: the way up to them, and what they must not
// lose.
#pragma once

#include "boot/board.h"
#include "heap.h"
#include "machine.h"
#include "page.h"
#include "stack.h"
#include "thread.h"
#include "timer.h"

// For unit_setup(): memory, and threads on it.
static inline void unit_start_threads(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    thread_init();
}

// The same, and time passes.
static inline void unit_start_time(const struct boot_info *boot)
{
    unit_start_threads(boot);
    timer_init();
    machine_interrupts_enable();
}

// Those in freed stacks counted.
static inline size_t unit_free_pages(void)
{
    struct page_statistics pages;
    stack_cache_drop();
    page_statistics(&pages);
    return pages.free;
}
