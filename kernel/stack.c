// SPDX-License-Identifier: MIT
//
// Stacks: where threads keep their calls, each with a page below that nobody may touch.
//
//   stack_alloc()                     THREAD_STACK_SIZE bytes, or NULL
//   stack_free(stack)                 into the cache, or back to the page allocator
//   stack_set_guard(guard, unguard)   how a page loses and regains its access rights
//
// A stack grows downwards; one that grows too far hits the guard page, which is a fault
// with a name instead of damage to whatever lies there. A few freed stacks are kept as
// they are, guard and all: changing page tables costs more than all the rest of
// creating a thread.
// Chapter 09.
#include "stack.h"

#include "machine.h"
#include "page.h"
#include "panic.h"
#include "thread.h"

enum { STACK_PAGES = 1 + THREAD_STACK_SIZE / PAGE_SIZE }; // the guard page is the lowest

static struct {
    int (*guard)(void *page);
    void (*unguard)(void *page);
    size_t in_use; // stacks that threads have
    unsigned cached_count;
    void *cached[STACK_CACHE_MAX];
} stacks;

void stack_set_guard(int (*guard)(void *page), void (*unguard)(void *page))
{
    // Later than the first thread there would be stacks of both kinds.
    ASSERT(stacks.in_use == 0);

    stack_cache_drop();
    stacks.guard = guard;
    stacks.unguard = unguard;
}

// A stack straight from the page allocator. NULL when there is no memory for it or for
// its guard.
static void *make_stack(void)
{
    unsigned char *pages = page_alloc_dirty(STACK_PAGES);
    if (!pages)
        return NULL;
    if (stacks.guard && stacks.guard(pages) != 0) {
        page_free(pages, STACK_PAGES);
        return NULL;
    }
    return pages + PAGE_SIZE;
}

static void destroy_stack(void *stack)
{
    void *pages = (unsigned char *)stack - PAGE_SIZE;

    if (stacks.unguard)
        stacks.unguard(pages);
    page_free(pages, STACK_PAGES);
}

void *stack_alloc(void)
{
    void *stack = stacks.cached_count > 0 ? stacks.cached[--stacks.cached_count] : make_stack();
    if (!stack)
        return NULL;

    stacks.in_use++;
    // The last thread's frames went without being left: the memory checker still has
    // their marks.
    machine_unpoison(stack, THREAD_STACK_SIZE);
    return stack;
}

void stack_free(void *stack)
{
    ASSERT(stacks.in_use > 0);

    stacks.in_use--;
    if (stacks.cached_count == STACK_CACHE_MAX) {
        machine_unpoison(stack, THREAD_STACK_SIZE);
        destroy_stack(stack);
        return;
    }
    machine_poison(stack, THREAD_STACK_SIZE);
    stacks.cached[stacks.cached_count++] = stack;
}

size_t stack_cached_pages(void)
{
    return (size_t)stacks.cached_count * STACK_PAGES;
}

void stack_cache_drop(void)
{
    while (stacks.cached_count > 0) {
        void *stack = stacks.cached[--stacks.cached_count];
        machine_unpoison(stack, THREAD_STACK_SIZE);
        destroy_stack(stack);
    }
}
