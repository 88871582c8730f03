// SPDX-License-Identifier: MIT
//
// Regular expressions without brackets and alternatives: a row of elements, each a set of
// bytes that may stand there, and how often.
//
// All ways to match are followed at the same time (Thompson, 1968): a set of the elements
// that may come next is carried along the line. So a line of n bytes and an expression of m
// elements take n times m steps, whatever they are.
// Chapter 17.
#include "regex.h"

enum { BYTES = 256, WORD_BITS = 32 };

struct element {
    uint32_t bytes[BYTES / WORD_BITS]; // a bit for each that may stand there
    bool optional, repeated;           // * is both
};

struct regex {
    bool at_start, at_end; // ^ $
    unsigned count;
    bool *current, *next; // count + 1 each: the elements that may come next, or the end
    struct element elements[];
};

// ---- Compiling --------------------------------------------------------------------------
static void add_byte(struct element *element, unsigned char byte, bool ignore_case)
{
    element->bytes[byte / WORD_BITS] |= 1u << byte % WORD_BITS;
    bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    if (letter && ignore_case)
        add_byte(element, byte ^ ('a' ^ 'A'), false);
}

static bool has_byte(const struct element *element, unsigned char byte)
{
    return element->bytes[byte / WORD_BITS] >> byte % WORD_BITS & 1;
}

static void turn_around(struct element *element)
{
    for (unsigned i = 0; i < BYTES / WORD_BITS; i++)
        element->bytes[i] = ~element->bytes[i];
}

// [...]; a ] that comes first belongs to it. False: it is never closed.
static bool take_class(struct element *element, const char **at, bool ignore_case)
{
    const char *text = *at + 1;
    bool negated = *text == '^';
    text += negated;
    const char *first = text;
    for (; *text && (*text != ']' || text == first); text++) {
        unsigned low = (unsigned char)*text, high = low;
        if (text[1] == '-' && text[2] && text[2] != ']') {
            high = (unsigned char)text[2];
            text += 2;
        }
        for (unsigned byte = low; byte <= high; byte++)
            add_byte(element, (unsigned char)byte, ignore_case);
    }
    if (negated)
        turn_around(element);
    bool closed = *text == ']';
    *at = text + closed;
    return closed;
}

// What may stand behind an element.
static void take_repetition(struct element *element, const char **at)
{
    for (;;) {
        bool escaped = **at == '\\' && (*at)[1] && strchr("?+", (*at)[1]);
        char sign = escaped ? (*at)[1] : **at;
        if (!escaped && sign != '*')
            return;
        element->optional = element->optional || sign != '+';
        element->repeated = element->repeated || sign != '?';
        *at += escaped ? 2 : 1;
    }
}

// NULL, or why it makes no sense.
static const char *take_element(struct element *element, const char **at, bool ignore_case)
{
    if (**at == '[')
        return take_class(element, at, ignore_case) ? NULL : "a [ is not closed";
    if (**at == '.') {
        turn_around(element);
        (*at)++;
        return NULL;
    }
    bool escaped = **at == '\\';
    *at += escaped;
    if (!**at)
        return "nothing follows the last \\";
    if (escaped && strchr("(){}|", **at))
        return "groups, counts and alternatives are not known here";
    add_byte(element, (unsigned char)*(*at)++, ignore_case);
    return NULL;
}

struct regex *regex_compile(const char *text, bool ignore_case, const char **mistake)
{
    size_t length = strlen(text); // as many elements at most
    struct regex *regex = os_alloc(sizeof(*regex) + length * sizeof(regex->elements[0]) +
                                   2 * (length + 1) * sizeof(bool));
    *mistake = "out of memory";
    if (!regex)
        return NULL;
    *mistake = NULL;
    regex->at_start = *text == '^';
    text += regex->at_start;
    while (*text && !*mistake && !(text[0] == '$' && !text[1])) {
        struct element *element = &regex->elements[regex->count++];
        *mistake = take_element(element, &text, ignore_case);
        take_repetition(element, &text);
    }
    regex->at_end = *text == '$';
    regex->current = (bool *)(regex->elements + regex->count);
    regex->next = regex->current + regex->count + 1;
    if (!*mistake)
        return regex;
    os_free(regex);
    return NULL;
}

// ---- Matching ---------------------------------------------------------------------------
// Element i may come next, and those behind it as far as they can be left out.
static void add_state(const struct regex *regex, bool *states, unsigned i)
{
    states[i] = true;
    while (i < regex->count && regex->elements[i].optional)
        states[++i] = true;
}

// From regex->current to regex->next, over one byte.
static void step(const struct regex *regex, unsigned char byte)
{
    memset(regex->next, 0, regex->count + 1);
    for (unsigned i = 0; i < regex->count; i++) {
        const struct element *element = &regex->elements[i];
        if (!regex->current[i] || !has_byte(element, byte))
            continue;
        add_state(regex, regex->next, i + 1);
        regex->next[i] = regex->next[i] || element->repeated;
    }
}

bool regex_matches(struct regex *regex, const char *line)
{
    memset(regex->current, 0, regex->count + 1);
    add_state(regex, regex->current, 0);
    for (; *line; line++) {
        if (regex->current[regex->count] && !regex->at_end)
            return true;
        step(regex, (unsigned char)*line);
        bool *swap = regex->current;
        regex->current = regex->next;
        regex->next = swap;
        if (!regex->at_start)
            add_state(regex, regex->current, 0); // or it begins here
    }
    return regex->current[regex->count];
}
