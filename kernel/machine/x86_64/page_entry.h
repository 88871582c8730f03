// SPDX-License-Identifier: MIT
//
// What an entry of a page table is made of (Intel 64 manual, vol. 3, 4.5).
#pragma once

#include <stdint.h>

enum page_entry {
    ENTRY_PRESENT = 1 << 0,
    ENTRY_WRITE = 1 << 1,
    ENTRY_UNCACHED = 1 << 3 | 1 << 4,
    ENTRY_ACCESSED = 1 << 5, // with DIRTY: the processor has no need to set them
    ENTRY_DIRTY = 1 << 6,
    ENTRY_LARGE = 1 << 7,    // above the lowest level: memory, not a table
    ENTRY_GLOBAL = 1 << 8,
};
#define ENTRY_NO_EXECUTE (1ull << 63)
#define ENTRY_ADDRESS 0x000ffffffffff000ull

#define LARGE_PAGE (1ull << 21)
#define GIGABYTE (1ull << 30)
