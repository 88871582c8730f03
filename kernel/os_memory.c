// SPDX-License-Identifier: MIT
//
// os.h: memory that belongs to a program.
//
// Each block has a head that links it to the program, so that nothing stays behind when
// it ends. The heap below finds damage; a block that is not what os_alloc() gave is
// handed to the heap all the same, which says in words what is wrong with it.
// The heap is told who called: so what is called from elsewhere is never inlined there.
// Chapter 13.
#include "heap.h"
#include "list.h"
#include "panic.h"
#include "process.h"
#include "user/os.h"

enum { LIVE = 0x4C495645 };

struct block {
    struct owned owned;
    size_t live; // LIVE until it is freed
};

_Static_assert(sizeof(struct block) % 16 == 0, "what follows is aligned to 16 bytes");

static void release_block(struct owned *owned)
{
    heap_free(container_of(owned, struct block, owned));
}

static const struct owned_kind memory_kind = {.release = release_block};

static struct block *block_of(void *memory)
{
    return (struct block *)memory - 1;
}

// The block goes on the program's list.
// Reports are to name the program's code, not ours.
static void *allocate(size_t size, const void *caller)
{
    struct block *block = size < SIZE_MAX / 2 ? heap_alloc(sizeof(*block) + size) : NULL;
    if (!block)
        return NULL;
    heap_set_owner(block, caller);
    block->live = LIVE;
    process_own(&block->owned, &memory_kind);
    return block + 1;
}

__attribute__((noinline)) void *os_alloc(size_t size)
{
    return allocate(size, __builtin_return_address(0));
}

// Keeps the block's place on the list, wherever it moves.
__attribute__((noinline)) void *os_resize(void *memory, size_t size)
{
    const void *caller = __builtin_return_address(0);
    if (!memory)
        return allocate(size, caller);
    struct block *block = block_of(memory);
    if (size >= SIZE_MAX / 2)
        return NULL;
    if (block->live != LIVE)
        heap_free(block); // panics, and says what is wrong with it
    // The neighbours on the list point at it: off it, whether or not it moves.
    struct list *place = block->owned.link.next;
    list_remove(&block->owned.link);
    struct block *moved = heap_resize(block, sizeof(*block) + size);
    list_insert_before(place, moved ? &moved->owned.link : &block->owned.link);
    if (moved)
        heap_set_owner(moved, caller);
    return moved ? moved + 1 : NULL;
}

// A block that is not alive is left to the heap, which says what is wrong.
void os_free(void *memory)
{
    if (!memory)
        return;
    struct block *block = block_of(memory);
    if (block->live == LIVE) {
        block->live = 0;
        process_disown(&block->owned);
    }
    heap_free(block); // panics for one that was freed before
}

_Noreturn void os_assert_failed(const char *file, int line, const char *condition)
{
    panic_at(file, line, "assertion failed: %s", condition);
}
