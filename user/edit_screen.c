// SPDX-License-Identifier: MIT
//
// What edit shows: a window on the text, and a status line below it.
//
// Each row is made as text first, and written to the terminal only when it is not what the
// row shows already: a key costs a line, not a screen.
#include "edit.h"
#include "path.h"

enum { TAB = 8, ROW_BYTES = 4 }; // bytes of a character at most

// ---- Columns ----------------------------------------------------------------------------
// How many bytes the character at `at` has, and how many columns when it stands in
// `column`. What is no character is shown as a ?.
static size_t measure(const struct edit_line *line, size_t at, size_t column, unsigned *width)
{
    unsigned length = utf8_length((unsigned char)line->text[at]);
    *width = line->text[at] == '\t' ? (unsigned)(TAB - column % TAB) : 1;
    if (length <= 1 || at + length > line->length)
        return 1;
    int32_t code_point = utf8_decode(line->text + at, length);
    if (code_point < 0xA0)
        return 1;
    *width = utf8_columns(code_point);
    return length;
}

size_t edit_column_of(const struct edit_line *line, size_t byte)
{
    size_t column = 0;
    unsigned width;
    for (size_t at = 0; at < byte; column += width)
        at += measure(line, at, column, &width);
    return column;
}

size_t edit_byte_at(const struct edit_line *line, size_t column)
{
    size_t at = 0, reached = 0;
    unsigned width;
    while (at < line->length) {
        size_t length = measure(line, at, reached, &width);
        if (reached + width > column)
            break;
        reached += width;
        at += length;
    }
    return at;
}

// ---- Rows -------------------------------------------------------------------------------
static bool is_printable(const struct edit_line *line, size_t at, size_t length)
{
    unsigned char byte = (unsigned char)line->text[at];
    return length > 1 || (byte >= ' ' && byte < 127);
}

// The part of a line that is in the window. A character that is cut by its edge, and a tab,
// is blanks.
static void make_row(const struct edit *edit, const struct edit_line *line, char *row)
{
    size_t column = 0, right = edit->left + edit->columns;
    const char *end = row + (size_t)edit->columns * ROW_BYTES; // marks without a width are many
    unsigned width;
    for (size_t at = 0, length; at < line->length && column < right; at += length) {
        length = measure(line, at, column, &width);
        bool whole = column >= edit->left && column + width <= right;
        if (row + length > end)
            break;
        if (whole && is_printable(line, at, length)) {
            memcpy(row, line->text + at, length);
            row += length;
        } else if (whole && line->text[at] != '\t') {
            *row++ = '?';
        } else {
            for (size_t i = column; i < column + width; i++) {
                if (i >= edit->left && i < right)
                    *row++ = ' ';
            }
        }
        column += width;
    }
    *row = 0;
}

static void make_status(const struct edit *edit, char *row, size_t size)
{
    char left[EDIT_MESSAGE + EDIT_WORD], right[48];
    if (edit->finding)
        snprintf(left, sizeof(left), "find: %.*s", (int)edit->word_length, edit->word);
    else if (edit->message[0])
        strlcpy(left, edit->message, sizeof(left));
    else
        snprintf(left, sizeof(left), "%s%s", path_base(edit->path),
                 edit->changed ? " (changed)" : "");
    size_t column = edit_column_of(&edit->lines[edit->row], edit->column);
    snprintf(right, sizeof(right), "line %zu of %zu, column %zu", edit->row + 1, edit->count,
             column + 1);
    size_t space = edit->columns > strlen(right) ? edit->columns - strlen(right) - 1 : 0;
    snprintf(row, size, "%-*.*s %s", (int)space, (int)space, left, right);
    if (strlen(row) > edit->columns)
        row[edit->columns] = 0;
}

// Rows count from 1 on a terminal.
static void draw_row(struct edit *edit, unsigned i, const char *row, size_t size)
{
    bool status = i + 1 == edit->rows;
    if (strcmp(edit->shown[i], row) == 0)
        return;
    strlcpy(edit->shown[i], row, size);
    os_printf("\033[%u;1H%s%s\033[K%s", i + 1, status ? "\033[7m" : "", row,
              status ? "\033[0m" : "");
}

// The cursor stays in the window.
static void scroll(struct edit *edit, size_t column)
{
    size_t height = edit->rows - 1;
    if (edit->row < edit->top)
        edit->top = edit->row;
    if (edit->row >= edit->top + height)
        edit->top = edit->row - height + 1;
    if (column < edit->left)
        edit->left = column - column % TAB;
    if (column + 1 >= edit->left + edit->columns)
        edit->left = column + TAB + 1 - edit->columns;
}

void edit_screen_show(struct edit *edit)
{
    static const struct edit_line behind = {0};
    size_t size = (size_t)edit->columns * ROW_BYTES + 1;
    size_t column = edit_column_of(&edit->lines[edit->row], edit->column);
    char *row = edit->shown[edit->rows]; // one more than there are, to work in
    scroll(edit, column);
    for (unsigned i = 0; i + 1 < edit->rows; i++) {
        bool there = edit->top + i < edit->count;
        make_row(edit, there ? &edit->lines[edit->top + i] : &behind, row);
        if (!there)
            strlcpy(row, "~", size);
        draw_row(edit, i, row, size);
    }
    make_status(edit, row, size);
    draw_row(edit, edit->rows - 1, row, size);
    os_printf("\033[%zu;%zuH", edit->row - edit->top + 1, column - edit->left + 1);
}

// ---- The terminal -----------------------------------------------------------------------
static void free_rows(struct edit *edit)
{
    for (unsigned i = 0; edit->shown && i <= edit->rows; i++)
        os_free(edit->shown[i]);
    os_free(edit->shown);
    edit->shown = NULL;
}

int edit_screen_start(struct edit *edit, unsigned columns, unsigned rows)
{
    enum { COLUMNS_LEAST = 20, ROWS_LEAST = 3 };
    free_rows(edit);
    edit->columns = columns > COLUMNS_LEAST ? columns : COLUMNS_LEAST;
    edit->rows = rows > ROWS_LEAST ? rows : ROWS_LEAST;
    edit->shown = os_alloc((edit->rows + 1) * sizeof(char *));
    for (unsigned i = 0; edit->shown && i <= edit->rows; i++) {
        edit->shown[i] = os_alloc((size_t)edit->columns * ROW_BYTES + 1);
        if (!edit->shown[i])
            free_rows(edit);
    }
    os_printf("\033[2J");
    return edit->shown ? 0 : -ENOMEM;
}

// The newline is for terminals that have only one screen.
void edit_screen_end(struct edit *edit)
{
    os_printf("\033[%u;1H\n\033[?1049l", edit->rows);
    free_rows(edit);
}
