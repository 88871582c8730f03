// SPDX-License-Identifier: MIT
//
// Memory for a fuzzer that has no heap of the kernel's: pieces of the C library's, so that the
// sanitizer knows the bounds of each. All that are left go at the end of a run.
#pragma once

#include "heap.h"
#include "machine.h"
#include "page.h"
#include "panic.h"
#include "string.h"

void *calloc(size_t count, size_t size); // of the C library
void *aligned_alloc(size_t alignment, size_t size);
void free(void *memory);

enum { PIECES_MAX = 4096 };

static struct {
    void *pieces[PIECES_MAX];
    unsigned count;
    unsigned left; // allocations until there is no more memory
} memory;

static void *keep(void *piece)
{
    ASSERT(piece && memory.count < PIECES_MAX);
    memory.pieces[memory.count++] = piece;
    return piece;
}

static bool is_out(void)
{
    return memory.left == 0 || memory.left-- == 0;
}

void *heap_alloc(size_t size)
{
    return is_out() ? NULL : keep(calloc(1, size));
}

void heap_free(void *piece)
{
    unsigned i = 0;
    if (!piece)
        return;
    while (i < memory.count && memory.pieces[i] != piece)
        i++;
    ASSERT(i < memory.count);
    memory.pieces[i] = memory.pieces[--memory.count];
    free(piece);
}

void *page_alloc(size_t count)
{
    return is_out() ? NULL
                    : memset(keep(aligned_alloc(PAGE_SIZE, count * PAGE_SIZE)), 0,
                             count * PAGE_SIZE);
}

void page_free(void *pages, size_t count)
{
    heap_free(pages);
}

static void free_everything(void)
{
    while (memory.count > 0)
        free(memory.pieces[--memory.count]);
}
