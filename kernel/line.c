// SPDX-License-Identifier: MIT
//
// The line editor: what each key does to the text.
//
//   line_start(&line, prompt, text, size)
//   while (line_feed(&line, bytes, count, &used) == LINE_MORE) ...
//   line_finish(&line)
//
// A key is a character, a control character, or an escape sequence (ECMA-48, 5.4: ESC [
// numbers letter). Bytes may come in any pieces, so a sequence that is not complete is
// kept. Sequences that mean nothing here are swallowed whole; a control character in
// the middle ends them.
// Chapter 13.
#include "line.h"

#include "heap.h"
#include "string.h"
#include "user/os.h"

#define CONTROL(letter) ((letter) & 0x1F)
enum { KEY_TAB = 9, KEY_ESCAPE = 27, KEY_DELETE = 127, PARAMETER_LIMIT = 9999 };

void line_start(struct line *line, const char *prompt, char *text, size_t size)
{
    line->prompt = prompt;
    line->text = text;
    line->size = size;
    line->length = line->cursor = 0;
    line->text[0] = 0;
    line->state = LINE_PLAIN;
    line->character_length = 0;
    line->back = 0;
    line->typed = NULL;
    line->after_tab = false;
    line_show_prompt(line);
}

void line_finish(struct line *line)
{
    heap_free(line->typed);
    line->typed = NULL;
}

void line_bell(struct line *line)
{
    line->write("\a", 1);
}

// ---- Changing the text ------------------------------------------------------------------
static void mark_changed(struct line *line, size_t from)
{
    if (from < line->changed_from)
        line->changed_from = from;
}

// At the cursor, which moves behind it. What does not fit is refused with a bell.
void line_insert(struct line *line, const char *bytes, size_t count)
{
    if (count >= line->size - line->length) {
        line_bell(line);
        return;
    }
    char *place = line->text + line->cursor;
    memmove(place + count, place, line->length - line->cursor + 1);
    memcpy(place, bytes, count);
    mark_changed(line, line->cursor);
    line->length += count;
    line->cursor += count;
}

// The cursor goes to where the text was taken out.
void line_remove(struct line *line, size_t from, size_t to)
{
    if (from >= to)
        return;
    memmove(line->text + from, line->text + to, line->length - to + 1);
    mark_changed(line, from);
    line->length -= to - from;
    line->cursor = from;
}

// The whole line becomes `text`, cut if it is too long, with the cursor at its end.
void line_replace(struct line *line, const char *text)
{
    line_remove(line, 0, line->length);
    size_t length = strlen(text);
    if (length >= line->size)
        length = line->size - 1;
    line_insert(line, text, length);
}

// ---- Moving: offsets of the neighbours of the cursor ----------------------------------------
static size_t character_before(const struct line *line)
{
    size_t offset = line->cursor;
    while (offset > 0 && utf8_is_continuation(line->text[--offset]))
        ;
    return offset;
}

static size_t character_after(const struct line *line)
{
    size_t offset = line->cursor;
    if (offset < line->length)
        offset++;
    while (offset < line->length && utf8_is_continuation(line->text[offset]))
        offset++;
    return offset;
}

// Back over the blanks, then over the word.
static size_t word_before(const struct line *line)
{
    size_t offset = line->cursor;
    while (offset > 0 && line->text[offset - 1] == ' ')
        offset--;
    while (offset > 0 && line->text[offset - 1] != ' ')
        offset--;
    return offset;
}

static size_t word_after(const struct line *line)
{
    size_t offset = line->cursor;
    while (offset < line->length && line->text[offset] == ' ')
        offset++;
    while (offset < line->length && line->text[offset] != ' ')
        offset++;
    return offset;
}

// ---- Keys -------------------------------------------------------------------------------
static enum line_event press_end_key(struct line *line)
{
    if (line->length == 0)
        return LINE_END;
    line_remove(line, line->cursor, character_after(line));
    return LINE_MORE;
}

// What it means takes the helper some time: not here, where keys wait to be looked at.
static enum line_event press_tab(struct line *line)
{
    if (line->helper && line->helper->complete)
        return LINE_TAB;
    line_bell(line);
    return LINE_MORE;
}

// The keys of every Unix prompt. A control character that means nothing is dropped.
static enum line_event press_control(struct line *line, char key)
{
    switch (key) {
    case '\r':
    case '\n': return LINE_DONE;
    case CONTROL('C'): return LINE_INTERRUPTED;
    case CONTROL('D'): return press_end_key(line);
    case CONTROL('A'): line->cursor = 0; break;
    case CONTROL('E'): line->cursor = line->length; break;
    case CONTROL('B'): line->cursor = character_before(line); break;
    case CONTROL('F'): line->cursor = character_after(line); break;
    case CONTROL('H'):
    case KEY_DELETE: line_remove(line, character_before(line), line->cursor); break;
    case CONTROL('W'): line_remove(line, word_before(line), line->cursor); break;
    case CONTROL('U'): line_remove(line, 0, line->cursor); break;
    case CONTROL('K'): line_remove(line, line->cursor, line->length); break;
    case CONTROL('L'): line_clear_screen(line); break;
    case CONTROL('P'): line_recall(line, 1); break;
    case CONTROL('N'): line_recall(line, -1); break;
    case KEY_TAB: return press_tab(line);
    case KEY_ESCAPE: line->state = LINE_ESCAPE; break;
    default: break; // the others mean nothing
    }
    return LINE_MORE;
}

// ESC and a letter: Alt with that key.
static void press_alt(struct line *line, char key)
{
    switch (key) {
    case 'b': line->cursor = word_before(line); break;
    case 'f': line->cursor = word_after(line); break;
    case 'd': line_remove(line, line->cursor, word_after(line)); break;
    case KEY_DELETE: line_remove(line, word_before(line), line->cursor); break;
    default: break;
    }
}

// ESC [ 3 ~ and its like.
static void press_numbered(struct line *line)
{
    switch (line->parameters[0]) {
    case 1:
    case 7: line->cursor = 0; break;
    case 4:
    case 8: line->cursor = line->length; break;
    case 3: line_remove(line, line->cursor, character_after(line)); break;
    default: break;
    }
}

// ESC [ numbers letter. A second number tells of Shift, Alt and Ctrl: with one of them
// the arrows go by words.
static void press_sequence(struct line *line, char letter)
{
    bool by_word = line->parameter_count > 1;
    switch (letter) {
    case 'A': line_recall(line, 1); break;
    case 'B': line_recall(line, -1); break;
    case 'C': line->cursor = by_word ? word_after(line) : character_after(line); break;
    case 'D': line->cursor = by_word ? word_before(line) : character_before(line); break;
    case 'H': line->cursor = 0; break;
    case 'F': line->cursor = line->length; break;
    case '~': press_numbered(line); break;
    case 'R': line_screen_resized(line, line->parameters[1], line->parameters[0]); break;
    default: break;
    }
}

// ---- Bytes to keys ----------------------------------------------------------------------
static void take_escape(struct line *line, char byte)
{
    line->state = LINE_PLAIN;
    if (byte == '[') {
        line->state = LINE_CONTROL;
        line->parameter_count = 0;
        memset(line->parameters, 0, sizeof(line->parameters));
    } else if (byte == 'O') {
        line->state = LINE_KEYPAD;
        line->parameter_count = 0;
    } else {
        press_alt(line, byte);
    }
}

// Only the first two numbers count; more are read and forgotten, and so is what is no
// digit.
static void take_parameter(struct line *line, char byte)
{
    if (line->parameter_count == 0)
        line->parameter_count = 1;
    if (byte == ';') {
        line->parameter_count++;
        return;
    }
    bool counts = byte >= '0' && byte <= '9' && line->parameter_count <= LINE_PARAMETERS_MAX;
    if (!counts)
        return;
    unsigned *parameter = &line->parameters[line->parameter_count - 1];
    if (*parameter < PARAMETER_LIMIT)
        *parameter = *parameter * 10 + (unsigned)(byte - '0');
}

static void take_sequence(struct line *line, unsigned char byte)
{
    if (line->state == LINE_CONTROL && byte < '@') {
        take_parameter(line, byte);
        return;
    }
    line->state = LINE_PLAIN;
    press_sequence(line, byte);
}

// A byte of a character: inserts it when it is complete, drops it when it is none.
static void take_character(struct line *line, char byte)
{
    if (line->character_length > 0 && !utf8_is_continuation(byte))
        line->character_length = 0; // what came before was cut off
    if (line->character_length == 0) {
        line->character_needed = utf8_length((unsigned char)byte);
        if (line->character_needed == 0)
            return;
    }
    line->character[line->character_length++] = byte;
    if (line->character_length < line->character_needed)
        return;

    line->character_length = 0;
    int32_t code_point = utf8_decode(line->character, line->character_needed);
    bool control = code_point < ' ' || (code_point >= 0x7F && code_point < 0xA0);
    if (!control)
        line_insert(line, line->character, line->character_needed);
}

// A control character counts in every state: whatever stood half done before it is
// given up.
static enum line_event take_byte(struct line *line, unsigned char byte)
{
    bool after_return = line->after_return;
    line->after_return = byte == '\r';
    if (byte == '\n' && after_return)
        return LINE_MORE;
    if (byte != KEY_TAB)
        line->after_tab = false;

    bool is_control = byte < ' ' || byte == KEY_DELETE;
    if (is_control && !(line->state == LINE_ESCAPE && byte == KEY_DELETE)) {
        line->state = LINE_PLAIN;
        line->character_length = 0;
        return press_control(line, byte);
    }
    switch (line->state) {
    case LINE_PLAIN: take_character(line, byte); break;
    case LINE_ESCAPE: take_escape(line, byte); break;
    case LINE_CONTROL:
    case LINE_KEYPAD: take_sequence(line, byte); break;
    }
    return LINE_MORE;
}

enum line_event line_feed(struct line *line, const char *bytes, size_t count, size_t *used)
{
    enum line_event event = LINE_MORE;
    size_t i = 0;
    while (i < count && event == LINE_MORE)
        event = take_byte(line, (unsigned char)bytes[i++]);
    *used = i;
    // The screen follows once, however many keys there were: a paste costs what it shows.
    if (event == LINE_DONE || event == LINE_INTERRUPTED)
        line->cursor = line->length;
    line_refresh(line);
    if (event == LINE_INTERRUPTED)
        line->write("^C", 2);
    if (event == LINE_DONE || event == LINE_INTERRUPTED)
        line_leave(line);
    return event;
}
