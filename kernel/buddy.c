// SPDX-License-Identifier: MIT
//
// The books of the page allocator: which pages are free (a buddy allocator).
//
// Free pages are kept in blocks of 1, 2, 4 ... 1024, one list for each size. A block lies
// at a multiple of its size, so that its buddy, the other half of the next larger block, is
// found by flipping one bit of its page number: splitting and joining cost O(log n).
//
// One byte a page, its mark, says what the page is. Nobody fills in these bytes at boot.
// Each range of memory has a frontier; beyond it neither pages nor marks have ever been
// touched. When the lists run dry the frontier moves on by one block, and only then are
// that block's marks written. So boot costs the same with 8 MiB and with 8 GiB.
// Chapter 06.
#include "buddy.h"

#include "list.h"
#include "machine.h"
#include "panic.h"
#include "string.h"

static struct {
    struct buddy_range ranges[BOARD_MEMORY_MAX];
    unsigned range_count;
    struct list blocks[BUDDY_ORDER_MAX + 1]; // by order, linked through their first bytes
} buddy;

static void *address_of(size_t number)
{
    return (void *)(number * PAGE_SIZE);
}

static size_t pages_in(unsigned order)
{
    return (size_t)1 << order;
}

struct buddy_range *buddy_find_range(size_t number)
{
    for (unsigned i = 0; i < buddy.range_count; i++)
        if (number >= buddy.ranges[i].start && number < buddy.ranges[i].end)
            return &buddy.ranges[i];
    return NULL;
}

// The order of the largest block that may start at this page and has at most `limit` pages,
// of which there is at least one.
static unsigned order_at(size_t number, size_t limit)
{
    unsigned order = BUDDY_ORDER_MAX;
    while (number % pages_in(order) != 0 || pages_in(order) > limit)
        order--;
    return order;
}

// The order of the smallest block that has `count` pages; more than BUDDY_ORDER_MAX when no
// block has.
static unsigned order_for(size_t count)
{
    unsigned order = 0;
    while (order <= BUDDY_ORDER_MAX && pages_in(order) < count)
        order++;
    return order;
}

// ---- Free blocks --------------------------------------------------------------------
// Under a memory checker, free pages may not be touched, except for the links at the start
// of each block.

static void add_block(struct buddy_range *range, size_t number, unsigned order)
{
    struct list *link = address_of(number);
    *buddy_mark_of(range, number) = (uint8_t)order;
    machine_unpoison(link, sizeof *link);
    list_prepend(&buddy.blocks[order], link);
}

static void remove_block(struct buddy_range *range, size_t number)
{
    struct list *link = address_of(number);
    if (link->next->previous != link || link->previous->next != link)
        panic("page: %p was written to after page_free()", (void *)link);
    list_remove(link);
    machine_poison(link, sizeof *link);
    *buddy_mark_of(range, number) = FREE_INSIDE;
}

// Frees a block whose pages are marked FREE_INSIDE. It is joined with its buddy as long as
// that is free as well; a buddy outside the range or beyond the frontier has no mark to
// look at.
static void free_block(struct buddy_range *range, size_t number, unsigned order)
{
    while (order < BUDDY_ORDER_MAX) {
        size_t other = number ^ pages_in(order);
        if (other < range->start || other >= range->frontier)
            break;
        if (*buddy_mark_of(range, other) != order)
            break;
        remove_block(range, other);
        number &= ~pages_in(order);
        order++;
    }
    add_block(range, number, order);
}

// The largest blocks that fit, one after the other.
void buddy_free(struct buddy_range *range, size_t first, size_t count)
{
    memset(buddy_mark_of(range, first), FREE_INSIDE, count);
    while (count > 0) {
        unsigned order = order_at(first, count);
        free_block(range, first, order);
        first += pages_in(order);
        count -= pages_in(order);
    }
}

// Moves the range's frontier on by one block. False when nothing is left behind it.
static bool cross_frontier(struct buddy_range *range)
{
    size_t first = range->frontier;
    if (first == range->end)
        return false;
    size_t count = pages_in(order_at(first, range->end - first));
    machine_poison(address_of(first), count * PAGE_SIZE);
    range->frontier += count;
    buddy_free(range, first, count);
    return true;
}

static bool cross_any_frontier(void)
{
    unsigned i = 0;
    while (i < buddy.range_count && !cross_frontier(&buddy.ranges[i]))
        i++;
    return i < buddy.range_count;
}

// ---- Taking --------------------------------------------------------------------------

// Takes a block of that order out of the lists, splitting a larger one where needed.
static bool take_block(unsigned order, struct buddy_run *run)
{
    unsigned found = order;
    while (found <= BUDDY_ORDER_MAX && list_is_empty(&buddy.blocks[found]))
        found++;
    if (found > BUDDY_ORDER_MAX)
        return false;

    size_t number = buddy_number_of(buddy.blocks[found].next);
    struct buddy_range *range = buddy_find_range(number);
    remove_block(range, number);
    while (found > order) {
        found--;
        add_block(range, number + pages_in(found), found);
    }
    *run = (struct buddy_run){range, number, pages_in(order)};
    return true;
}

// The first run of free pages in a range that has `enough`, or the longest when none has.
static struct buddy_run find_run(struct buddy_range *range, size_t enough)
{
    struct buddy_run best = {range, 0, 0};
    size_t first = range->start;
    while (first < range->end && best.count < enough) {
        size_t next = first;
        while (next < range->frontier && *buddy_mark_of(range, next) <= BUDDY_ORDER_MAX)
            next += pages_in(*buddy_mark_of(range, next));
        if (next == range->frontier)
            next = range->end;
        if (next - first > best.count)
            best = (struct buddy_run){range, first, next - first};
        first = next + 1;
    }
    return best;
}

// Takes neighbouring blocks: for runs longer than the largest block, and when memory is so
// scattered that no single block is long enough. Looks at every mark up to the first fit,
// so the lists are asked first.
static bool take_neighbours(size_t count, struct buddy_run *run)
{
    unsigned i = 0;
    do {
        if (i == buddy.range_count)
            return false;
        *run = find_run(&buddy.ranges[i++], count);
    } while (run->count < count);

    while (run->range->frontier < run->first + count)
        cross_frontier(run->range);
    for (run->count = 0; run->count < count;) {
        size_t number = run->first + run->count;
        run->count += pages_in(*buddy_mark_of(run->range, number));
        remove_block(run->range, number);
    }
    return true;
}

bool buddy_take(size_t count, struct buddy_run *run)
{
    do {
        if (take_block(order_for(count), run))
            return true;
    } while (count <= pages_in(BUDDY_ORDER_MAX) && cross_any_frontier());
    return take_neighbours(count, run);
}

size_t buddy_longest_run(void)
{
    size_t longest = 0;
    for (unsigned i = 0; i < buddy.range_count; i++) {
        size_t count = find_run(&buddy.ranges[i], SIZE_MAX).count;
        longest = count > longest ? count : longest;
    }
    return longest;
}

// ---- Starting ------------------------------------------------------------------------

// Takes room for a mark a page from the end of the first range that has it and a page more.
// (From the end, so that the first pages to be handed out lie beside the image however much
// memory there is: there the page tables are split already.) What the marks are now does not
// matter: all lie beyond a frontier. Returns how many pages they fill.
static size_t place_marks(size_t size)
{
    size_t pages = (size + PAGE_SIZE - 1) / PAGE_SIZE;
    unsigned i = 0;
    while (i < buddy.range_count && buddy.ranges[i].end - buddy.ranges[i].start <= pages)
        i++;
    if (i == buddy.range_count)
        panic("page: no memory for %zu bytes of marks and one page more", size);

    buddy.ranges[i].end -= pages;
    uint8_t *marks = address_of(buddy.ranges[i].end);
    for (i = 0; i < buddy.range_count; i++) {
        struct buddy_range *range = &buddy.ranges[i];
        range->marks = marks;
        range->frontier = range->start;
        marks += range->end - range->start;
    }
    return pages;
}

size_t buddy_init(const struct memory_range *memory, unsigned count)
{
    ASSERT(count <= BOARD_MEMORY_MAX);
    for (unsigned order = 0; order <= BUDDY_ORDER_MAX; order++)
        list_init(&buddy.blocks[order]);

    size_t total = 0;
    for (unsigned i = 0; i < count; i++) {
        size_t start = memory[i].start / PAGE_SIZE, pages = memory[i].size / PAGE_SIZE;
        buddy.ranges[i] = (struct buddy_range){.start = start, .end = start + pages};
        total += pages;
    }
    buddy.range_count = count;
    return total - place_marks(total);
}
