// SPDX-License-Identifier: MIT
//
// A line being edited: keys go in as bytes, what to show comes out as bytes.
//
//   line_start(&line, prompt, text, size)       shows the prompt
//   line_feed(&line, bytes, count, &used)       LINE_MORE, until the line is done
//   line_complete(&line, &candidates)           after LINE_TAB
//   line_finish(&line)
//
// It knows nothing of consoles or threads. line.c turns keys into changes of the text,
// line_screen.c brings the screen up to date after them, line_help.c is history and
// completion. The text is always valid UTF-8 without control characters: every other
// byte is dropped.
// Chapter 13.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "utf8.h"

struct os_candidates;
struct os_line_helper;

enum line_event {
    LINE_MORE,        // still being edited
    LINE_TAB,         // the same, and the helper is to be asked for candidates
    LINE_DONE,        // Enter: text and length are the line
    LINE_END,         // Ctrl-D on an empty line
    LINE_INTERRUPTED, // Ctrl-C
};

enum { LINE_PARAMETERS_MAX = 2 };

// Where the screen's cursor is, counted from the start of the prompt.
struct line_place {
    unsigned row, column;
    // The last column of the row above was just written: terminals go to the next row
    // only with the next character, until then the cursor stands on that last column.
    bool pending;
};

struct line {
    // Set by the caller, after line_start() and before the first line_feed():
    const struct os_line_helper *helper; // or NULL
    void (*write)(const char *bytes, size_t count);
    unsigned columns, rows; // of the screen; changed when the terminal answers
    bool size_known;        // the terminal has been asked for its size
    // The text:
    const char *prompt;
    char *text;    // the caller's, terminated
    size_t size;   // bytes that fit, with the terminator
    size_t length; // bytes
    size_t cursor; // byte offset, on the start of a character
    // Bytes of an unfinished character or escape sequence:
    enum { LINE_PLAIN, LINE_ESCAPE, LINE_CONTROL, LINE_KEYPAD } state;
    char character[UTF8_BYTES_MAX];
    unsigned character_length, character_needed;
    unsigned parameters[LINE_PARAMETERS_MAX], parameter_count;
    bool after_return; // Enter came as \r: a \n right behind it belongs to it
    // History and completion:
    unsigned back; // how many lines back the text is from, 0: the one being typed
    char *typed;   // that one, while older ones are shown
    bool after_tab;
    // The screen:
    struct line_place at; // its cursor
    size_t at_offset;     // the text offset it stands at
    size_t changed_from;  // the text from here on is not what the screen shows; SIZE_MAX: it is
    size_t shown_length;  // how much text it shows
};

// `size` > 0. Everything else of *line is kept from the last line or must be zero.
void line_start(struct line *line, const char *prompt, char *text, size_t size);
// Takes bytes until the line is done or there are no more. *used: how many were taken.
enum line_event line_feed(struct line *line, const char *bytes, size_t count, size_t *used);
// The text becomes what all candidates have in common, or, the second time, they are shown.
void line_complete(struct line *line, const struct os_candidates *candidates);
void line_finish(struct line *line); // gives back what line_start() and line_feed() took

// ---- Between the three files ------------------------------------------------------------
// At the cursor, if it fits.
void line_insert(struct line *line, const char *bytes, size_t count);
void line_remove(struct line *line, size_t from, size_t to);
void line_replace(struct line *line, const char *text); // all of it
void line_bell(struct line *line);
void line_recall(struct line *line, int direction); // 1: an older line, -1: a newer one
void line_show_prompt(struct line *line);           // at the start of an empty row
void line_refresh(struct line *line);               // makes the screen show the text
void line_leave(struct line *line);                 // moves below the text
void line_clear_screen(struct line *line);
void line_screen_resized(struct line *line, unsigned columns, unsigned rows);
