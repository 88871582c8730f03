// SPDX-License-Identifier: MIT
//
// Stacks: what happens when memory is out or a guard cannot be set, and what is kept
// for the next thread.
#include "error.h"
#include "machine.h"
#include "page.h"
#include "stack.h"
#include "test.h"
#include "thread.h"
#include "threads.h"
#include "unit.h"

void unit_setup(const struct boot_info *boot)
{
    unit_start_threads(boot);
}

static void do_nothing(void *argument)
{
}

// Takes all memory, in the longest runs there are, but for less than a stack needs.
static void creating_without_memory_loses_nothing(void)
{
    static struct { void *pages; size_t count; } taken[256];
    struct page_statistics pages;
    size_t before = unit_free_pages(), threads = thread_count();
    unsigned runs = 0;

    for (; runs < 256; runs++) {
        page_statistics(&pages);
        taken[runs].count = pages.largest_free;
        if (pages.largest_free <= THREAD_STACK_SIZE / PAGE_SIZE)
            break;
        taken[runs].pages = page_alloc_dirty(pages.largest_free);
        CHECK(taken[runs].pages);
    }
    size_t without = unit_free_pages();
    struct thread *thread = thread_create("too many", do_nothing, NULL);
    size_t after = unit_free_pages();
    while (runs-- > 0)
        page_free(taken[runs].pages, taken[runs].count);

    CHECK(!thread);
    CHECK_EQUAL(after, without);
    CHECK_EQUAL(thread_count(), threads);
    CHECK_EQUAL(unit_free_pages(), before);
}

static int refuse_guard(void *page)
{
    return -ENOMEM;
}

static unsigned guards, unguards;

static int count_guard(void *page)
{
    guards++;
    return 0;
}

static void count_unguard(void *page)
{
    unguards++;
}

static void a_guard_that_fails_loses_nothing(void)
{
    size_t before = unit_free_pages();

    stack_set_guard(refuse_guard, count_unguard);
    struct thread *thread = thread_create("unguarded", do_nothing, NULL);
    stack_set_guard(NULL, NULL);
    CHECK(!thread);
    CHECK_EQUAL(unguards, 0);
    CHECK_EQUAL(unit_free_pages(), before);
}

static void keeps_guards_in_the_cache(void)
{
    stack_set_guard(count_guard, count_unguard);
    for (int i = 0; i < 10; i++)
        thread_join(thread_create("guarded", do_nothing, NULL), NULL, MACHINE_NEVER);
    stack_set_guard(NULL, NULL); // drops the cache of the old kind
    CHECK_EQUAL(guards, 1);
    CHECK_EQUAL(unguards, 1);
}

const struct test unit_tests[] = {
    {"no memory for a thread: nothing is lost", creating_without_memory_loses_nothing},
    {"no guard for a stack: nothing is lost", a_guard_that_fails_loses_nothing},
    {"cached stacks keep their guards", keeps_guards_in_the_cache},
    {0},
};
