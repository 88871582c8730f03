// SPDX-License-Identifier: MIT
//
// Chapter 03: a null pointer is followed, three calls deep, and the kernel says so in words.
#include <stdint.h>

#include "boot/boot.h"
#include "print.h"
#include "trap.h"

struct book {
    uint32_t shelf;
    uint32_t pages;
};

// Not inlined, so that the call chain shows them.
static __attribute__((noinline)) uint32_t count_pages(const volatile struct book *book)
{
    return book->pages;
}

static __attribute__((noinline)) uint32_t read_book(const volatile struct book *book)
{
    uint32_t pages = count_pages(book);
    print("the book has %u pages\n", pages);
    return pages;
}

static const volatile struct book *volatile lost_book; // nobody ever found it

int kernel_main(const struct boot_info *boot)
{
    trap_init();
    print("hart %llu reads a book that is not there\n", (unsigned long long)boot->hart);
    read_book(lost_book);
    print("this line is never reached\n");
    return 0;
}
