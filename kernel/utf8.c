// SPDX-License-Identifier: MIT
//
// UTF-8: characters of one to four bytes. The first byte says how many there are, all
// others begin with the bits 10, so a reader that falls into the middle finds its way
// out.
//
//   utf8_length(first)          utf8_decode(bytes, length)          utf8_columns(code_point)
//
// Chapter 13.
#include "utf8.h"

unsigned utf8_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first < 0xE0)
        return 2;
    if (first >= 0xE0 && first < 0xF0)
        return 3;
    if (first >= 0xF0 && first < 0xF5)
        return 4;
    return 0;
}

int32_t utf8_decode(const char *bytes, unsigned length)
{
    // By length: the bits of the first byte that count, and the least code point that
    // needs it.
    static const struct {
        uint8_t mask;
        int32_t least;
    } forms[] = {{0, 0}, {0x7F, 0}, {0x1F, 0x80}, {0x0F, 0x800}, {0x07, 0x10000}};

    if (length == 0 || length != utf8_length((unsigned char)bytes[0]))
        return -1;
    int32_t code_point = (unsigned char)bytes[0] & forms[length].mask;
    for (unsigned i = 1; i < length; i++) {
        if (!utf8_is_continuation(bytes[i]))
            return -1;
        code_point = code_point << 6 | (bytes[i] & 0x3F);
    }
    bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    if (code_point < forms[length].least || code_point > 0x10FFFF || surrogate)
        return -1;
    return code_point;
}

struct code_point_range {
    int32_t first, last;
};

static bool is_in(int32_t code_point, const struct code_point_range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (code_point >= ranges[i].first && code_point <= ranges[i].last)
            return true;
    }
    return false;
}

// The blocks that matter in practice, after Unicode's tables of widths (UAX 11).
unsigned utf8_columns(int32_t code_point)
{
    static const struct code_point_range combining[] = {
        {0x0300, 0x036F}, {0x200B, 0x200F}, {0x20D0, 0x20FF},
        {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
    };
    static const struct code_point_range wide[] = {
        {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xAC00, 0xD7A3},
        {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
        {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
    };
    if (code_point < 0x300)
        return 1;
    if (is_in(code_point, combining, sizeof(combining) / sizeof(combining[0])))
        return 0;
    return is_in(code_point, wide, sizeof(wide) / sizeof(wide[0])) ? 2 : 1;
}
