// SPDX-License-Identifier: MIT
//
// The heap: memory in any size.
//
//   heap_alloc(size)            zeroed, aligned to 16 bytes, or NULL
//   heap_free(p)                p may be NULL
//   heap_resize(p, size)        like realloc
//
// A double free, a free of something that is no allocation, a write past the end and a write
// after the free are found at the latest when the memory is freed or handed out again, and
// reported with the name of the function that had allocated it. Under AddressSanitizer they are
// found at the access. (Only a 0 that is written to freed memory goes unnoticed elsewhere: free
// memory holds zeros.)
// Chapter 07.
#pragma once

#include <stddef.h>

#define HEAP_GUARD 0xa5          // what the bytes behind the end of a block hold
#define HEAP_SIZE_MAX (1u << 30) // larger things are made of pages

void heap_init(void);
// Never sleep. NULL when memory is out, or the size is more than HEAP_SIZE_MAX.
void *heap_alloc(size_t size) __attribute__((malloc, alloc_size(1)));
void *heap_resize(void *memory, size_t size);
void heap_free(void *memory);
char *heap_copy_string(const char *string); // or NULL
// For those who allocate on behalf of others: reports name this code as a live block's owner.
void heap_set_owner(void *memory, const void *owner);

struct heap_statistics {
    size_t allocations;   // live ones
    size_t bytes;         // that their callers asked for
    size_t pages;         // that the heap holds
};
void heap_statistics(struct heap_statistics *statistics);
// Walks over everything the heap holds and panics at the first damage: for tests.
void heap_check(void);
