// SPDX-License-Identifier: MIT
//
// The board's list of usable memory: ranges are added, and what is taken already is
// removed. It is in order of address and without overlaps at any time.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "boot/board.h"

// What is on the list already stays as it is; bytes beyond the end of the address space
// do not count. Ranges that the list has no room for are left out, with a warning.
void memory_add(struct board *board, uint64_t start, uint64_t size);
void memory_remove(struct board *board, uint64_t start, uint64_t size);
bool memory_overlaps(const struct board *board, uint64_t start, uint64_t size);
// Shrinks all ranges to whole pages. To be called last.
void memory_round_to_pages(struct board *board);
