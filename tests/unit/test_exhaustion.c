// SPDX-License-Identifier: MIT
//
// No memory left: taken until there is none, everything is refused in good order, and all is
// back when it was given back. tests/system/test_units.py runs this with 8 MiB as well.
#include "boot/board.h"
#include "heap.h"
#include "machine.h"
#include "page.h"
#include "panic.h"
#include "stack.h"
#include "thread.h"
#include "unit.h"
#include "vm.h"

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    vm_init(board);
    thread_init();
    stack_set_guard(vm_guard, vm_unguard);
}

// Pages that are free, or only lent to the heap and to the cache of stacks.
static size_t pages_left(void)
{
    struct page_statistics pages;
    struct heap_statistics heap;
    stack_cache_drop();
    page_statistics(&pages);
    heap_statistics(&heap);
    ASSERT(heap.allocations == 0);
    return pages.free + heap.pages;
}

// What was taken, each linked to the one before.
struct piece {
    struct piece *next;
    size_t size;
};

static struct piece *take(struct piece *pieces, void *(*alloc)(size_t size), size_t size)
{
    struct piece *piece;
    while ((piece = alloc(size)) != NULL) {
        *piece = (struct piece){pieces, size};
        pieces = piece;
    }
    return pieces;
}

static void give_back_pages(struct piece *pieces)
{
    while (pieces) {
        struct piece *piece = pieces;
        pieces = piece->next;
        page_free(piece, piece->size);
    }
}

static void give_back_blocks(struct piece *pieces)
{
    while (pieces) {
        struct piece *piece = pieces;
        pieces = piece->next;
        heap_free(piece);
    }
}

static void do_nothing(void *argument)
{
}

// Returns how many there were room for.
static unsigned start_and_join_threads(void)
{
    struct thread *newest = NULL, *thread;
    unsigned count = 0;
    while ((thread = thread_create("one more", do_nothing, newest)) != NULL) {
        newest = thread;
        count++;
    }
    while (newest) {
        thread = newest;
        newest = thread->argument;
        int error = thread_join(thread, NULL, MACHINE_NEVER);
        ASSERT(!error);
    }
    return count;
}

static void pages_until_none_is_left(void)
{
    size_t before = pages_left();
    for (unsigned round = 0; round < 3; round++) {
        struct piece *pieces = NULL;
        for (size_t size = 729; size > 0; size /= 3) // down to 1
            pieces = take(pieces, page_alloc, size);
        CHECK(page_alloc(1) == NULL);
        give_back_pages(pieces);
        CHECK_EQUAL(pages_left(), before);
    }
}

static void blocks_until_none_is_left(void)
{
    size_t before = pages_left();
    for (unsigned round = 0; round < 3; round++) {
        struct piece *pieces = NULL;
        for (size_t size = 100000; size >= sizeof *pieces; size /= 5)
            pieces = take(pieces, heap_alloc, size);
        CHECK(heap_alloc(20) == NULL);
        heap_check();
        give_back_blocks(pieces);
        CHECK_EQUAL(pages_left(), before);
    }
}

static void threads_until_none_is_left(void)
{
    start_and_join_threads(); // the tables that guard pages took stay for the next ones
    size_t before = pages_left();
    unsigned count = start_and_join_threads();
    CHECK(count > 100);
    CHECK_EQUAL(pages_left(), before);
    CHECK_EQUAL(start_and_join_threads(), count);
    CHECK_EQUAL(pages_left(), before);
}

static void nothing_works_without_memory_and_nothing_is_lost(void)
{
    size_t before = pages_left();
    struct piece *pieces = take(take(NULL, page_alloc, 100), page_alloc, 1);
    CHECK(thread_create("no room", do_nothing, NULL) == NULL);
    CHECK(heap_alloc(10000) == NULL);
    CHECK_EQUAL(start_and_join_threads(), 0);
    struct piece *blocks = take(NULL, heap_alloc, 100); // what the heap had left over
    give_back_blocks(blocks);
    give_back_pages(pieces);
    CHECK_EQUAL(pages_left(), before);
}

const struct test unit_tests[] = {
    {"pages until none is left", pages_until_none_is_left},
    {"blocks until none is left", blocks_until_none_is_left},
    {"threads until none is left", threads_until_none_is_left},
    {"nothing works without memory, and nothing is lost",
     nothing_works_without_memory_and_nothing_is_lost},
    {0},
};
