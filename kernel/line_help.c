// SPDX-License-Identifier: MIT
//
// The line editor's memory and foresight: older lines (arrow up), and words completed
// (Tab).
//
// Both ask the line's helper, who alone knows what lines there were and which words
// there are.
// Chapter 13.
#include "line.h"

#include "heap.h"
#include "string.h"
#include "user/os.h"

enum { LISTED_MAX = 200 };

// ---- History ----------------------------------------------------------------------------
void line_recall(struct line *line, int direction)
{
    bool can = line->helper && line->helper->history;
    unsigned back = line->back + (unsigned)direction;
    if (!can || (line->back == 0 && direction < 0)) {
        line_bell(line);
        return;
    }
    const char *text = back > 0 ? line->helper->history(line->helper->context, back) : "";
    if (!text) {
        line_bell(line);
        return;
    }
    if (line->back == 0) {
        heap_free(line->typed);
        line->typed = heap_copy_string(line->text); // without memory it is forgotten
    }
    line->back = back;
    if (back == 0 && line->typed)
        text = line->typed;
    line_replace(line, text);
}

// ---- Completion -------------------------------------------------------------------------
// Only text may get into the line.
static bool can_be_typed(const char *word)
{
    while (*word) {
        unsigned length = utf8_length((unsigned char)*word);
        bool whole = length > 0 && strnlen(word, length) == length;
        int32_t code_point = whole ? utf8_decode(word, length) : -1;
        if (code_point < ' ' || (code_point >= 0x7F && code_point < 0xA0))
            return false;
        word += length;
    }
    return true;
}

// How many bytes both begin with, at most `limit`, in whole characters.
static size_t common_length(const char *a, const char *b, size_t limit)
{
    size_t length = 0;
    while (length < limit && a[length] && a[length] == b[length])
        length++;
    while (length > 0 && utf8_is_continuation(a[length]))
        length--;
    return length;
}

// Of those that can be typed: how many there are, and what they all begin with.
struct choice {
    const char *first;
    size_t count, common;
};

static struct choice look_at(const struct os_candidates *candidates)
{
    struct choice choice = {0};
    for (size_t i = 0; i < candidates->count; i++) {
        const char *word = candidates->words[i];
        if (!can_be_typed(word))
            continue;
        if (choice.count++ == 0) {
            choice.first = word;
            choice.common = strlen(word);
        }
        choice.common = common_length(choice.first, word, choice.common);
    }
    return choice;
}

// Below the line, which is then shown again with its prompt. What stands before the last
// '/' of all of them is known.
static void list_candidates(struct line *line, const struct os_candidates *candidates,
                            const struct choice *choice)
{
    size_t cursor = line->cursor, known = choice->common, shown = 0;
    while (known > 0 && choice->first[known - 1] != '/')
        known--;
    line->cursor = line->length;
    line_refresh(line);
    line_leave(line);
    for (size_t i = 0; i < candidates->count && shown < LISTED_MAX; i++) {
        const char *word = candidates->words[i];
        if (!can_be_typed(word))
            continue;
        line->write(word + known, strlen(word + known));
        line->write("  ", 2);
        shown++;
    }
    if (shown < choice->count)
        line->write("...", 3);
    line->write("\n", 1);
    line_show_prompt(line);
    line->cursor = cursor;
}

// Puts what is sure in the place of what is typed. False when that is the same.
static bool put_common(struct line *line, const struct choice *choice, size_t typed)
{
    const char *place = line->text + line->cursor - typed;
    bool same = choice->common == typed && memcmp(place, choice->first, typed) == 0;
    if (same || line->length - typed + choice->common >= line->size)
        return false;
    line_remove(line, line->cursor - typed, line->cursor);
    line_insert(line, choice->first, choice->common);
    return true;
}

// A second Tab in a row lists what there is to choose from.
void line_complete(struct line *line, const struct os_candidates *candidates)
{
    struct choice choice = look_at(candidates);
    size_t typed = candidates->typed < line->cursor ? candidates->typed : line->cursor;
    bool changed = choice.count > 0 && put_common(line, &choice, typed);
    if (choice.count == 1 && choice.first[choice.common - 1] != '/')
        line_insert(line, " ", 1);
    else if (choice.count > 1 && !changed && line->after_tab)
        list_candidates(line, candidates, &choice);
    else if (!changed)
        line_bell(line);
    line->after_tab = true;
    line_refresh(line);
}
