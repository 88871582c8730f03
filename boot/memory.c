// SPDX-License-Identifier: MIT
//
// The board's list of usable memory: ranges are added, and what is taken already is
// removed.
// Chapter 05.
#include "boot/memory.h"

#include "machine.h"
#include "print.h"

static uint64_t end_of(uint64_t start, uint64_t size)
{
    return start + size < start ? UINT64_MAX : start + size;
}

// Puts [start, end) before the range that is number `at` now.
static void insert(struct board *board, unsigned at, uint64_t start, uint64_t end)
{
    if (start >= end)
        return;
    if (board->memory_count == BOARD_MEMORY_MAX) {
        log_warning("board: memory at 0x%llx is left out, it is in too many parts",
                    (unsigned long long)start);
        return;
    }
    for (unsigned i = board->memory_count++; i > at; i--)
        board->memory[i] = board->memory[i - 1];
    board->memory[at] = (struct memory_range){start, end - start};
}

static void take_out(struct board *board, unsigned at)
{
    board->memory_count--;
    for (unsigned i = at; i < board->memory_count; i++)
        board->memory[i] = board->memory[i + 1];
}

void memory_add(struct board *board, uint64_t start, uint64_t size)
{
    uint64_t end = end_of(start, size);
    unsigned i = 0;

    // What lies in the gap before each range that is there already.
    for (; i < board->memory_count && start < end; i++) {
        uint64_t there = board->memory[i].start;
        if (start < there) {
            insert(board, i, start, end < there ? end : there);
            i++;
        }
        there = end_of(there, board->memory[i].size);
        if (start < there)
            start = there;
    }
    insert(board, i, start, end);
}

void memory_remove(struct board *board, uint64_t start, uint64_t size)
{
    uint64_t end = end_of(start, size);

    for (unsigned i = board->memory_count; i-- > 0;) {
        uint64_t low = board->memory[i].start, high = end_of(low, board->memory[i].size);
        if (start >= high || end <= low || start == end)
            continue;
        take_out(board, i);
        insert(board, i, end, high);
        insert(board, i, low, start);
    }
}

bool memory_overlaps(const struct board *board, uint64_t start, uint64_t size)
{
    uint64_t end = end_of(start, size);

    for (unsigned i = 0; i < board->memory_count; i++) {
        const struct memory_range *range = &board->memory[i];
        if (start < end_of(range->start, range->size) && end > range->start)
            return true;
    }
    return false;
}

void memory_round_to_pages(struct board *board)
{
    const uint64_t mask = PAGE_SIZE - 1;

    for (unsigned i = board->memory_count; i-- > 0;) {
        struct memory_range *range = &board->memory[i];
        uint64_t end = end_of(range->start, range->size) & ~mask;
        uint64_t start = end_of(range->start, mask) & ~mask;
        if (start < end)
            *range = (struct memory_range){start, end - start};
        else
            take_out(board, i);
    }
}
