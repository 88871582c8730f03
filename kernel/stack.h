// SPDX-License-Identifier: MIT
//
// Stacks with a guard page below: an overflow is a fault that names the thread, not
// silent damage.
//
// A few freed stacks are kept, guard and all, so that a thread that comes and goes
// costs no page table change.
// Chapter 09.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STACK_CACHE_MAX = 16 };

// The lowest usable byte of THREAD_STACK_SIZE bytes with no access below, or NULL.
void *stack_alloc(void);
void stack_free(void *stack);
size_t stack_cached_pages(void); // pages that freed stacks hold: memory that is only lent
void stack_cache_drop(void);     // gives them back
// The guard page is only set once vm_init() has run; before that (chapters 09 to 12 may
// do without) stacks have none.
void stack_set_guard(int (*guard)(void *page), void (*unguard)(void *page));
