// SPDX-License-Identifier: MIT
//
// The text that is edited: an array of lines, each with some room to grow.
#include "edit.h"

enum { ROOM_LINE = 32, ROOM_LINES = 64 };

// ---- Lines ------------------------------------------------------------------------------
static int grow_line(struct edit_line *line, size_t length)
{
    if (length <= line->room)
        return 0;
    size_t room = line->room * 2 > length ? line->room * 2 : length + ROOM_LINE;
    char *larger = os_resize(line->text, room);
    if (!larger)
        return -ENOMEM;
    line->text = larger;
    line->room = room;
    return 0;
}

// Bytes in the place of `count` others.
static int replace(struct edit_line *line, size_t at, size_t count, const char *bytes,
                   size_t length)
{
    int error = grow_line(line, line->length - count + length);
    if (error)
        return error;
    char *place = line->text + at;
    if (line->length > at + count)
        memmove(place + length, place + count, line->length - at - count);
    if (length > 0)
        memcpy(place, bytes, length);
    line->length = line->length - count + length;
    return 0;
}

// A new line before line number `at`, with these bytes.
static int add_line(struct edit *edit, size_t at, const char *bytes, size_t length)
{
    struct edit_line line = {0};
    if (edit->count == edit->room) {
        size_t room = edit->room * 2 + ROOM_LINES;
        struct edit_line *larger = os_resize(edit->lines, room * sizeof(line));
        if (!larger)
            return -ENOMEM;
        edit->lines = larger;
        edit->room = room;
    }
    int error = replace(&line, 0, 0, bytes, length);
    if (error)
        return error;
    memmove(edit->lines + at + 1, edit->lines + at, (edit->count - at) * sizeof(line));
    edit->lines[at] = line;
    edit->count++;
    return 0;
}

static void remove_line(struct edit *edit, size_t at)
{
    os_free(edit->lines[at].text);
    edit->count--;
    memmove(edit->lines + at, edit->lines + at + 1,
            (edit->count - at) * sizeof(edit->lines[0]));
}

// What lies between newlines: a text that ends with one has an empty last line.
int edit_set_text(struct edit *edit, const char *bytes, size_t length)
{
    const char *end = bytes + length;
    for (;;) {
        const char *newline = bytes < end ? memchr(bytes, '\n', (size_t)(end - bytes)) : NULL;
        const char *stop = newline ? newline : end;
        int error = add_line(edit, edit->count, bytes, (size_t)(stop - bytes));
        if (error || !newline)
            return error;
        bytes = newline + 1;
    }
}

// ---- At the cursor ----------------------------------------------------------------------
static struct edit_line *current(struct edit *edit)
{
    return &edit->lines[edit->row];
}

int edit_insert(struct edit *edit, const char *bytes, size_t count)
{
    int error = replace(current(edit), edit->column, 0, bytes, count);
    if (error)
        return error;
    edit->column += count;
    edit->changed = true;
    return 0;
}

int edit_break_line(struct edit *edit)
{
    const struct edit_line *line = current(edit);
    const char *rest = line->length > edit->column ? line->text + edit->column : NULL;
    int error = add_line(edit, edit->row + 1, rest, line->length - edit->column);
    if (error)
        return error;
    current(edit)->length = edit->column;
    edit->row++;
    edit->column = 0;
    edit->changed = true;
    return 0;
}

static size_t next_character(const struct edit_line *line, size_t at)
{
    at += at < line->length;
    while (at < line->length && utf8_is_continuation(line->text[at]))
        at++;
    return at;
}

static size_t character_before(const struct edit_line *line, size_t at)
{
    at -= at > 0;
    while (at > 0 && utf8_is_continuation(line->text[at]))
        at--;
    return at;
}

void edit_delete(struct edit *edit)
{
    struct edit_line *line = current(edit);
    if (edit->column < line->length) {
        size_t end = next_character(line, edit->column);
        replace(line, edit->column, end - edit->column, NULL, 0);
    } else if (edit->row + 1 < edit->count) {
        struct edit_line *next = line + 1;
        if (replace(line, line->length, 0, next->text, next->length))
            return; // no memory: the lines stay two
        remove_line(edit, edit->row + 1);
    } else {
        return;
    }
    edit->changed = true;
}

void edit_move(struct edit *edit, int characters)
{
    const struct edit_line *line = current(edit);
    if (characters > 0 && edit->column < line->length) {
        edit->column = next_character(line, edit->column);
    } else if (characters > 0 && edit->row + 1 < edit->count) {
        edit->row++;
        edit->column = 0;
    } else if (characters < 0 && edit->column > 0) {
        edit->column = character_before(line, edit->column);
    } else if (characters < 0 && edit->row > 0) {
        edit->row--;
        edit->column = current(edit)->length;
    }
}

// The last line of the text stays, empty.
int edit_cut_line(struct edit *edit)
{
    struct edit_line *line = current(edit);
    int error = replace(&edit->cut, 0, edit->cut.length, line->text, line->length);
    if (error)
        return error;
    edit->changed = edit->changed || line->length > 0 || edit->row + 1 < edit->count;
    if (edit->row + 1 < edit->count)
        remove_line(edit, edit->row);
    else
        line->length = 0;
    edit->column = 0;
    return 0;
}

int edit_paste_line(struct edit *edit)
{
    int error = add_line(edit, edit->row, edit->cut.text, edit->cut.length);
    if (error)
        return error;
    edit->row++;
    edit->column = 0;
    edit->changed = true;
    return 0;
}

// ---- Finding ----------------------------------------------------------------------------
// The first place of the word in a line, from a byte on; SIZE_MAX: there is none.
static size_t find_in(const struct edit_line *line, size_t from, const char *word,
                      size_t length)
{
    for (size_t at = from; at + length <= line->length; at++) {
        if (memcmp(line->text + at, word, length) == 0)
            return at;
    }
    return SIZE_MAX;
}

// Behind the cursor, and from the start of the text again up to it.
bool edit_find(struct edit *edit)
{
    for (size_t i = 0; i <= edit->count; i++) {
        size_t row = (edit->row + i) % edit->count;
        size_t from = i == 0 ? edit->column + 1 : 0;
        size_t at = find_in(&edit->lines[row], from, edit->word, edit->word_length);
        if (at == SIZE_MAX)
            continue;
        edit->row = row;
        edit->column = at;
        return true;
    }
    return false;
}
