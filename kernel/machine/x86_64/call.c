// SPDX-License-Identifier: MIT
//
// Calls, as they stand in the code: whether an address is where one returns to. A word on the
// stack that is one may be a return address; of a trapped function whose frame is not there
// yet, nothing else tells where that lies.
// Chapter 03.
#include "call.h"

#include "image.h"
#include "symbol.h"

// Whether what comes before `address` is a call through a pointer: ff, and 2 in the middle of
// the next byte, which also says how many more there are (Intel 64 manual, vol. 2, 2.1.5).
static bool follows_indirect_call(const uint8_t *address)
{
    enum { CALL = 0xff, CALL_FIELD = 2, LENGTH_MAX = 7 };
    for (unsigned length = 2; length <= LENGTH_MAX; length++) {
        uint8_t form = address[1 - (int)length];
        unsigned mode = form >> 6, base = form & 7;
        unsigned more = mode == 1 ? 1 : mode == 2 || (mode == 0 && base == 5) ? 4 : 0;
        more += mode != 3 && base == 4;
        if (address[-(int)length] == CALL && (form >> 3 & 7) == CALL_FIELD &&
            length == 2 + more)
            return true;
    }
    return false;
}

// Whether a call of the function at `pc` returns to `address`: one that names it (e8 and the
// distance), or one through a pointer, which cannot be told from a call of another function
// once that has begun.
bool call_returns_to(uintptr_t address, uintptr_t pc)
{
    enum { NEAR_CALL = 0xe8, NEAR_SIZE = 5 };
    const uint8_t *at = (const uint8_t *)address;
    struct symbol self;
    if (!image_has_code(address - 8) || !image_has_code(address))
        return false;
    uintptr_t start = symbol_find(pc, &self) ? self.start : pc; // no function: a bad pointer
    if (pc == start && follows_indirect_call(at))
        return true;
    if (at[-NEAR_SIZE] != NEAR_CALL)
        return false;
    uint32_t distance = (uint32_t)at[-4] | (uint32_t)at[-3] << 8 | (uint32_t)at[-2] << 16 |
                        (uint32_t)at[-1] << 24;
    return address + (uintptr_t)(int32_t)distance == start;
}
