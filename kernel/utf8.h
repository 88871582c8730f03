// SPDX-License-Identifier: MIT
//
// UTF-8 (RFC 3629): how long a character is in bytes, and how wide on the screen.
// Chapter 13.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UTF8_BYTES_MAX = 4 };

// How many bytes a character has that begins with this one: 1 to 4, or 0 when none
// begins so.
unsigned utf8_length(unsigned char first);
static inline bool utf8_is_continuation(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}
// The code point in `length` bytes, or -1 when they are no valid character: cut off,
// written longer than need be, a surrogate, or above U+10FFFF.
int32_t utf8_decode(const char *bytes, unsigned length);
// Columns on a terminal: 0 for combining marks, 2 for the wide ones of East Asia and
// for emoji.
unsigned utf8_columns(int32_t code_point);
