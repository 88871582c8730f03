// SPDX-License-Identifier: MIT
//
// A terminal as a model: what it shows after some bytes. It knows the sequences that the line
// editor sends, and the last column's habit: the step to the next row comes only with the next
// character.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/string.h"
#include "kernel/utf8.h"

enum { ROWS = 40, COLUMNS_MAX = 120 };

struct screen {
    unsigned columns, row, column;
    bool pending; // the last column was written, the step to the next row is still to come
    int32_t cells[ROWS][COLUMNS_MAX];
    unsigned saved_row, saved_column;
    bool asked_size, overflow;
    char sequence[32];
    unsigned sequence_length;
};

static inline void clear_from(struct screen *s, unsigned row, unsigned column)
{
    for (; row < ROWS; row++, column = 0) {
        for (; column < COLUMNS_MAX; column++)
            s->cells[row][column] = 0;
    }
}

static inline void screen_reset(struct screen *s, unsigned columns)
{
    memset(s, 0, sizeof(*s));
    s->columns = columns;
}

static inline void step_down(struct screen *s)
{
    s->pending = false;
    s->column = 0;
    if (++s->row < ROWS)
        return;
    s->row = ROWS - 1;
    s->overflow = true;
}

static inline void show_character(struct screen *s, int32_t code_point)
{
    unsigned width = utf8_columns(code_point);
    if (width == 0)
        return;
    if (s->pending || s->column + width > s->columns)
        step_down(s);
    s->cells[s->row][s->column] = code_point;
    s->column += width;
    s->pending = s->column == s->columns;
    if (s->pending)
        s->column--;
}

static inline void obey_sequence(struct screen *s, char letter)
{
    unsigned number = 0;
    for (unsigned i = 2;
         i < s->sequence_length && s->sequence[i] <= '9' && s->sequence[i] >= '0'; i++)
        number = number * 10 + (unsigned)(s->sequence[i] - '0');
    unsigned count = number ? number : 1;
    if (letter != 'n')
        s->pending = letter == 'J' && s->pending;
    switch (letter) {
    case 'A': s->row -= count < s->row ? count : s->row; break;
    case 'B': s->row = s->row + count < ROWS ? s->row + count : ROWS - 1; break;
    case 'C':
        s->column = s->column + count < s->columns ? s->column + count : s->columns - 1;
        break;
    case 'H': s->row = number ? ROWS - 1 : 0, s->column = number ? s->columns - 1 : 0; break;
    case 'J': clear_from(s, number ? 0 : s->row, number ? 0 : s->column); break;
    case 'n': s->asked_size = true; break;
    default: break;
    }
}

static inline void take_sequence_byte(struct screen *s, char byte)
{
    if (s->sequence_length < sizeof(s->sequence))
        s->sequence[s->sequence_length++] = byte;
    if (s->sequence_length == 2 && byte == '[')
        return;
    bool done = s->sequence_length == 2 || (byte >= '@' && byte <= '~');
    if (!done)
        return;
    if (s->sequence_length == 2 && byte == '7') {
        s->saved_row = s->row;
        s->saved_column = s->column;
    } else if (s->sequence_length == 2 && byte == '8') {
        s->row = s->saved_row;
        s->column = s->saved_column;
    } else {
        obey_sequence(s, byte);
    }
    s->sequence_length = 0;
}

static inline void screen_show(struct screen *s, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count;) {
        unsigned length = utf8_length((unsigned char)bytes[i]);
        if (s->sequence_length > 0 || bytes[i] == '\033')
            take_sequence_byte(s, bytes[i]);
        else if (bytes[i] == '\r')
            s->column = 0, s->pending = false;
        else if (bytes[i] == '\n')
            step_down(s);
        else if (bytes[i] != '\a')
            show_character(s, utf8_decode(bytes + i, length));
        i += length ? length : 1;
    }
}
