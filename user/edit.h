// SPDX-License-Identifier: MIT
//
// Between the files of edit: edit.c (keys), edit_text.c (lines), edit_file.c (reading and
// saving), edit_screen.c (what is shown).
#pragma once

#include "os.h"

struct edit_line {
    char *text;
    size_t length, room;
};

enum { EDIT_MESSAGE = 128, EDIT_WORD = 64 };

struct edit {
    const char *path;
    // The text: there is always a line; between two of them is a newline.
    struct edit_line *lines;
    size_t count, room;
    bool changed;
    // The cursor: a line, and a byte of it where a character starts.
    size_t row, column;
    size_t wanted; // the screen column that up and down keep to
    // The screen:
    unsigned columns, rows; // of the terminal; the last row is the status line
    size_t top, left;       // the first line and the first screen column shown
    char **shown;           // what each row shows now, so that only others are drawn
    char message[EDIT_MESSAGE]; // in the status line, until the next key
    // Keys:
    bool leave, warned; // warned: Ctrl-Q was pressed with changes that are not saved
    bool finding;       // keys go to the word to look for
    char word[EDIT_WORD];
    size_t word_length;
    struct edit_line cut; // the line that Ctrl-K took, for Ctrl-U
};

// ---- edit_text.c: all at the cursor, which moves along. -ENOMEM: nothing has changed ----
int edit_set_text(struct edit *edit, const char *bytes, size_t length); // all of it
int edit_insert(struct edit *edit, const char *bytes, size_t count); // within a line
int edit_break_line(struct edit *edit);
void edit_delete(struct edit *edit); // the character behind it, or the end of the line
void edit_move(struct edit *edit, int characters); // over the ends of lines
int edit_cut_line(struct edit *edit);
int edit_paste_line(struct edit *edit);
bool edit_find(struct edit *edit); // the next place where edit->word is

// ---- edit_file.c ------------------------------------------------------------------------
int edit_load(struct edit *edit); // 1: there is no such file yet
int edit_save(struct edit *edit);

// ---- edit_screen.c ----------------------------------------------------------------------
int edit_screen_start(struct edit *edit, unsigned columns, unsigned rows); // draws anew
void edit_screen_show(struct edit *edit);
void edit_screen_end(struct edit *edit);
// Screen columns before a byte of a line, and the byte at a screen column.
size_t edit_column_of(const struct edit_line *line, size_t byte);
size_t edit_byte_at(const struct edit_line *line, size_t column);
