// SPDX-License-Identifier: MIT
//
// Page frames: who owns each 4 KiB page of memory.
//
//   page_init(memory, count)     once, with the ranges that the board found
//   page_alloc(n)                n pages in a row, zeroed, or NULL
//   page_alloc_dirty(n)          the same with whatever the last owner left in them
//   page_free(p, n)              gives them back
//
// Which pages are free is written down in buddy.c. Here runs are cut to the length that was
// asked for, marked as taken, and checked when they come back: a run has to be given back
// whole, once, and by its first page.
//
// Most pages come and go one at a time. A few single pages are therefore kept at hand when
// they are freed, which saves joining and splitting blocks.
// Chapter 06.
#include "page.h"

#include "buddy.h"
#include "machine.h"
#include "panic.h"
#include "string.h"
#include "symbol.h"

enum { RECENT_MAX = 16 };

struct recent {
    void *address;
    uint8_t *mark;
};

static struct {
    size_t total, free;               // pages
    struct recent recent[RECENT_MAX]; // single pages at hand, counted as free
    unsigned recent_count;
    size_t (*reclaim)(size_t pages);  // or NULL
} page;

void page_init(const struct memory_range *memory, unsigned count)
{
    page.total = page.free = buddy_init(memory, count);
    page.recent_count = 0;
}

// Takes the page that was freed last.
static void *take_recent(void)
{
    struct recent *recent = &page.recent[--page.recent_count];
    *recent->mark = TAKEN;
    page.free--;
    machine_unpoison(recent->address, PAGE_SIZE);
    return recent->address;
}

// The pages at hand become ordinary free blocks, which may join.
static void release_recent(void)
{
    while (page.recent_count > 0) {
        size_t number = buddy_number_of(page.recent[--page.recent_count].address);
        buddy_free(buddy_find_range(number), number, 1);
    }
}

void page_set_reclaim(size_t (*reclaim)(size_t pages))
{
    page.reclaim = reclaim;
}

// Takes at least `count` pages.
static bool take_run(size_t count, struct buddy_run *run)
{
    if (count > page.free)
        return false;
    if (buddy_take(count, run))
        return true;
    release_recent();
    return buddy_take(count, run);
}

void *page_alloc_dirty(size_t count)
{
    ASSERT(count > 0);
    if (count == 1 && page.recent_count > 0)
        return take_recent();
    struct buddy_run run;
    while (!take_run(count, &run)) {
        if (count > page.total || !page.reclaim || page.reclaim(count) == 0)
            return NULL;
    }

    buddy_free(run.range, run.first + count, run.count - count);
    *buddy_mark_of(run.range, run.first) = TAKEN;
    memset(buddy_mark_of(run.range, run.first) + 1, TAKEN_INSIDE, count - 1);
    page.free -= count;
    void *pages = (void *)(run.first * PAGE_SIZE);
    machine_unpoison(pages, count * PAGE_SIZE);
    return pages;
}

void *page_alloc(size_t count)
{
    void *pages = page_alloc_dirty(count);
    return pages ? memset(pages, 0, count * PAGE_SIZE) : NULL;
}

// How many pages the run has that was taken with its first page here; 0 when none was.
static size_t taken_count(const struct buddy_range *range, size_t first)
{
    if (!range || first >= range->frontier || *buddy_mark_of(range, first) != TAKEN)
        return 0;
    size_t end = first + 1;
    while (end < range->frontier && *buddy_mark_of(range, end) == TAKEN_INSIDE)
        end++;
    return end - first;
}

// Says what is wrong with a page_free(), and who called it.
static _Noreturn void refuse(const void *pages, size_t count, const void *caller)
{
    size_t first = buddy_number_of(pages);
    const struct buddy_range *range = buddy_find_range(first);
    const char *fault = "it was taken with another count";
    if ((uintptr_t)pages % PAGE_SIZE != 0)
        fault = "this is not the start of a page";
    else if (!range)
        fault = "this is not memory that pages come from";
    else if (first >= range->frontier)
        fault = "this page was never handed out";
    else if (*buddy_mark_of(range, first) < TAKEN)
        fault = "this page is free already";
    else if (*buddy_mark_of(range, first) == TAKEN_INSIDE)
        fault = "this page lies inside a run";

    char name[128];
    symbol_describe_call(caller, name, sizeof name);
    panic("page_free(%p, %zu) by %s: %s", pages, count, name, fault);
}

__attribute__((noinline)) void page_free(void *pages, size_t count)
{
    size_t first = buddy_number_of(pages);
    struct buddy_range *range = buddy_find_range(first);
    if ((uintptr_t)pages % PAGE_SIZE != 0 || count == 0 || taken_count(range, first) != count)
        refuse(pages, count, __builtin_return_address(0));

    machine_poison(pages, count * PAGE_SIZE);
    page.free += count;
    if (count == 1 && page.recent_count < RECENT_MAX) {
        uint8_t *mark = buddy_mark_of(range, first);
        *mark = FREE_RECENT;
        page.recent[page.recent_count++] = (struct recent){pages, mark};
        return;
    }
    buddy_free(range, first, count);
}

void page_statistics(struct page_statistics *statistics)
{
    release_recent();
    statistics->total = page.total;
    statistics->free = page.free;
    statistics->largest_free = buddy_longest_run();
}

bool page_is_free(uintptr_t address, bool *free)
{
    size_t number = address / PAGE_SIZE;
    const struct buddy_range *range = buddy_find_range(number);
    if (!range)
        return false;
    *free = number >= range->frontier || *buddy_mark_of(range, number) < TAKEN;
    return true;
}
