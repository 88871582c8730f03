// SPDX-License-Identifier: MIT
//
// A piece of memory: requests to devices carry lists of them, so that what is scattered
// need not be copied together. Chapter 14.
#pragma once

#include <stddef.h>

struct segment {
    void *data;
    size_t size; // bytes
};
