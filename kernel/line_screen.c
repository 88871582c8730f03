// SPDX-License-Identifier: MIT
//
// The line editor's screen: after each change, the least that makes it right again.
//
//   line_show_prompt(line)     on an empty row
//   line_refresh(line)         from the first change on, then the cursor
//
// Text that is only appended goes out as it came in. For everything else we must know
// where on the screen the text lies, and a long line wraps: so places are counted in
// rows and columns from the prompt on, and the terminal is asked for its width (once,
// when a line gets long enough for it to matter). Its answer comes as a key that line.c
// hands to line_screen_resized(); without one it is taken to be 80. Chapter 13.
#include "line.h"

#include <stdint.h>

#include "format.h"
#include "string.h"

enum {
    ASK_FROM_COLUMN = 40,
    COLUMNS_LEAST = 20, // an answer below this is no terminal's
    COLUMNS_MOST = 1000,
};

// Save the cursor, go as far right and down as there is, ask where that is, and return.
#define ASK_SIZE "\0337\033[999;999H\033[6n\0338"

static void write_string(struct line *line, const char *string)
{
    line->write(string, strlen(string));
}

// Writes a sequence ESC [ number letter; nothing for 0.
static void write_move(struct line *line, unsigned number, char letter)
{
    char sequence[16];
    if (number > 0)
        line->write(sequence,
                    (size_t)snprintf(sequence, sizeof(sequence), "\033[%u%c", number, letter));
}

// ---- Places -----------------------------------------------------------------------------
// Where the cursor is after `bytes` have been written at `place`.
static void advance(const struct line *line, struct line_place *place, const char *bytes,
                    size_t count)
{
    for (size_t i = 0; i < count;) {
        unsigned length = utf8_length((unsigned char)bytes[i]);
        if (length == 0 || length > count - i)
            length = 1;
        int32_t code_point = utf8_decode(bytes + i, length);
        unsigned width = code_point < 0 ? 1 : utf8_columns(code_point);
        i += length;
        if (width == 0)
            continue;
        if (place->column + width > line->columns)
            *place = (struct line_place){.row = place->row + 1};
        place->column += width;
        place->pending = place->column == line->columns;
        if (place->pending) {
            place->row++;
            place->column = 0;
        }
    }
}

// Where text[offset] is shown, counted through from the prompt.
static struct line_place place_of(const struct line *line, size_t offset)
{
    struct line_place place = {0};
    advance(line, &place, line->prompt, strlen(line->prompt));
    advance(line, &place, line->text, offset);
    return place;
}

// From the start of the row, so that only rows have to be counted from where we are.
static void move_to(struct line *line, size_t offset)
{
    if (offset == line->at_offset)
        return;
    struct line_place to = place_of(line, offset);
    unsigned row = line->at.row - line->at.pending; // where the terminal thinks it is
    line->write("\r", 1);
    if (to.row < row)
        write_move(line, row - to.row, 'A');
    else
        write_move(line, to.row - row, 'B');
    write_move(line, to.column, 'C');
    to.pending = false;
    line->at = to;
    line->at_offset = offset;
}

// Makes a pending step to the next row, so that what is done next does not touch the
// last column.
static void settle(struct line *line)
{
    if (line->at.pending)
        write_string(line, " \r");
    line->at.pending = false;
}

// ---- Showing ----------------------------------------------------------------------------
static void write_text_from(struct line *line, size_t offset)
{
    line->write(line->text + offset, line->length - offset);
    advance(line, &line->at, line->text + offset, line->length - offset);
    line->at_offset = line->length;
}

// Whether the row that text[offset] begins may not be there yet: then it is made by
// writing the character before it again.
static bool row_may_be_missing(const struct line *line, size_t offset)
{
    return offset > 0 && offset != line->at_offset && place_of(line, offset).pending;
}

static size_t character_start_before(const struct line *line, size_t offset)
{
    while (offset > 0 && utf8_is_continuation(line->text[--offset]))
        ;
    return offset;
}

// A terminal that does not answer (a pipe, a test) costs nothing: nobody waits for it.
static void ask_size(struct line *line)
{
    if (line->size_known || line->at.row > 0 || line->at.column < ASK_FROM_COLUMN)
        return;
    line->size_known = true;
    write_string(line, ASK_SIZE);
}

// Writes the text from its first change on, clears what the longer old one has left,
// and puts the cursor in its place.
void line_refresh(struct line *line)
{
    size_t from = line->changed_from;
    if (from > line->length && line->cursor == line->length)
        from = line->length; // nothing has changed, but the end may be a row that is missing
    if (from <= line->length) {
        if (row_may_be_missing(line, from))
            from = character_start_before(line, from);
        move_to(line, from);
        bool shrunk = line->length < line->shown_length || from < line->shown_length;
        if (shrunk && line->changed_from != SIZE_MAX) {
            settle(line);
            write_string(line, "\033[J");
        }
        if (from < line->length)
            write_text_from(line, from);
        line->shown_length = line->length;
        line->changed_from = SIZE_MAX;
    }
    ask_size(line);
    move_to(line, line->cursor);
}

void line_show_prompt(struct line *line)
{
    write_string(line, line->prompt);
    line->at = place_of(line, 0);
    line->at_offset = 0;
    line->shown_length = 0;
    line->changed_from = line->length > 0 ? 0 : SIZE_MAX;
}

void line_leave(struct line *line)
{
    move_to(line, line->length);
    line->write("\n", 1);
}

void line_clear_screen(struct line *line)
{
    write_string(line, "\033[H\033[2J");
    line->size_known = true;
    write_string(line, ASK_SIZE);
    line_show_prompt(line);
}

// An answer that no terminal gives is taken for garbage among the keys.
void line_screen_resized(struct line *line, unsigned columns, unsigned rows)
{
    if (columns < COLUMNS_LEAST || columns > COLUMNS_MOST || rows == 0)
        return;
    line->columns = columns;
    line->rows = rows;
    line->at = place_of(line, line->at_offset);
}
