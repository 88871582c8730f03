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
static bool ends_word(char byte)
{
    return byte == ' ' || byte == ';' || byte == '|' || byte == '&';
}

// The word before the cursor, copied; NULL when it is too long to be a name.
static const char *word_at_cursor(const struct line *line, char *word, size_t size, bool *first)
{
    size_t start = line->cursor;
    while (start > 0 && !ends_word(line->text[start - 1]))
        start--;
    size_t before = start;
    while (before > 0 && line->text[before - 1] == ' ')
        before--;
    *first = before == 0 || ends_word(line->text[before - 1]);

    size_t length = line->cursor - start;
    if (length >= size)
        return NULL;
    memcpy(word, line->text + start, length);
    word[length] = 0;
    return word;
}

// How many bytes both begin with, at most `limit`.
static size_t common_length(const char *a, const char *b, size_t limit)
{
    size_t length = 0;
    while (length < limit && a[length] && a[length] == b[length])
        length++;
    return length;
}

static const char *candidate_for(const struct line *line, const char *word, bool first,
                                 unsigned i)
{
    return line->helper->complete(line->helper->context, word, first, i);
}

// Below the line, which is then shown again with its prompt.
static void list_candidates(struct line *line, const char *word, bool first)
{
    line->cursor = line->length;
    line_refresh(line);
    line_leave(line);
    const char *candidate;
    for (unsigned i = 0; (candidate = candidate_for(line, word, first, i)); i++) {
        line->write(candidate, strlen(candidate));
        line->write("  ", 2);
    }
    line->write("\n", 1);
    line_show_prompt(line);
}

// A second Tab in a row lists what there is to choose from.
void line_complete(struct line *line)
{
    char word[64];
    bool first;
    bool can = line->helper && line->helper->complete;
    if (!can || !word_at_cursor(line, word, sizeof(word), &first))
        return;

    // What all candidates have in common, beyond what is typed, can be typed for them.
    const char *candidate = candidate_for(line, word, first, 0), *other;
    size_t length = strlen(word), common = candidate ? strlen(candidate) : 0;
    unsigned count = candidate != NULL;
    while (count > 0 && (other = candidate_for(line, word, first, count))) {
        common = common_length(candidate, other, common);
        count++;
    }
    if (count > 0 && common > length)
        line_insert(line, candidate + length, common - length);
    if (count == 1)
        line_insert(line, " ", 1);
    else if (common <= length && count > 1 && line->after_tab) {
        size_t cursor = line->cursor;
        list_candidates(line, word, first);
        line->cursor = cursor;
    } else if (common <= length)
        line_bell(line);
    line->after_tab = true;
}
