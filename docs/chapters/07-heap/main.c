// SPDX-License-Identifier: MIT
//
// Chapter 07: memory in any size, and what happens to those who misuse it.
//
//   make CHAPTER=07 qemu                                   a walk through the statistics
//   make CHAPTER=07 qemu APPEND=provoke=double-free        the same block freed twice
//   make CHAPTER=07 qemu APPEND=provoke=overrun            one byte too many
//   make CHAPTER=07 qemu APPEND=provoke=use-after-free     a pointer that outlived its block
#include "boot/board.h"
#include "boot/boot.h"
#include "cmdline.h"
#include "heap.h"
#include "page.h"
#include "print.h"
#include "string.h"
#include "trap.h"

static void print_statistics(const char *when)
{
    struct heap_statistics heap;
    struct page_statistics pages;
    heap_statistics(&heap);
    page_statistics(&pages);
    print("%-26s %6zu blocks %8zu bytes %5zu pages; %zu pages are free\n", when,
          heap.allocations, heap.bytes, heap.pages, pages.free);
}

static void walk_through(void)
{
    print_statistics("at the start");
    char *blocks[1000];
    for (size_t i = 0; i < 1000; i++)
        blocks[i] = heap_alloc(i);
    print_statistics("blocks of 0 to 999 bytes");
    for (size_t i = 0; i < 1000; i++)
        heap_free(blocks[i]);
    print_statistics("all freed");

    char *name = heap_copy_string("tsumiki");
    print("a copy of a string: \"%s\" at %p\n", name, (void *)name);
    name = heap_resize(name, 100000);
    print("grown to 100,000 bytes: \"%s\" at %p\n", name, (void *)name);
    print_statistics("with one large block");
    heap_free(name);
    print_statistics("at the end");
}

// The culprit's name is to be in the report, so these are not inlined.
static __attribute__((noinline)) char *make_greeting(void)
{
    char *greeting = heap_alloc(6);
    memcpy(greeting, "hello", 6);
    return greeting;
}

static __attribute__((noinline)) void write_at(volatile char *text, size_t i)
{
    text[i] = '!';
}

static void provoke(const char *what)
{
    char *greeting = make_greeting();
    if (strcmp(what, "overrun") == 0)
        write_at(greeting, 6);
    heap_free(greeting);
    if (strcmp(what, "use-after-free") == 0)
        write_at(greeting, 4);
    if (strcmp(what, "double-free") == 0)
        heap_free(greeting);
    heap_check();
}

int kernel_main(const struct boot_info *boot)
{
    trap_init();
    cmdline_init(boot);
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();

    char what[20];
    if (cmdline_value("provoke", what, sizeof what) > 0) {
        print("now: %s\n", what);
        provoke(what);
        print("nobody noticed\n");
        return 0;
    }
    walk_through();
    return 0;
}
