// SPDX-License-Identifier: MIT
//
// Names for addresses: which function, and which line, an address in the image belongs to.
//
// tools/symbols writes the table after a first link and the second link puts it behind
// everything else, so that no address moves. An image that does not reach this file carries
// no table.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Where the table lies: defined by linker.ld, or by the table itself where the machine has
// no layout of its own. NULL both when there is no table.
extern const char symbols_start[] __attribute__((weak));
extern const char symbols_end[] __attribute__((weak));

enum { SYMBOL_NAME_MAX = 63 }; // of a longer one the start

struct symbol {
    char name[SYMBOL_NAME_MAX + 1];
    const char *file; // path in the tree, "" when not known
    unsigned line;    // 0 when not known
    uintptr_t start;  // the function's first address
    // Where functions keep no frame pointer, in bytes; 0: not known.
    unsigned frame_size, return_distance; // its frame; from that's end to the return address
};

// False when the address is not inside any function, or there is no table.
bool symbol_find(uintptr_t address, struct symbol *symbol);
// Where the function returns to, whose stack pointer is `sp`. 0: not known, or not kept within
// [low, high). A frame that is too large for its stack may begin below that.
uintptr_t symbol_return_address(const struct symbol *symbol, uintptr_t sp, uintptr_t low,
                                uintptr_t high);
// "page_free+0x1c (kernel/page.c:120)", or the bare address; for print.
// Writes at most `size` bytes with the terminating 0; returns buffer.
char *symbol_describe(uintptr_t address, char *buffer, unsigned size);
// The same for the call that returns there. A return address is behind its call: it may belong
// to the next line already, or to the next function when the call never returns.
char *symbol_describe_call(const void *return_address, char *buffer, unsigned size);
