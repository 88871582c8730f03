// SPDX-License-Identifier: MIT
//
// Patterns for names.
//
// Only the last * ever has to be tried again: whatever an earlier one could take instead,
// the later one can take as well. So matching needs no recursion, and at most length times
// length steps.
// Chapter 13.
#include "pattern.h"

#include "os.h"

static bool is_continuation(char byte) // of a UTF-8 character
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

// The byte at *at, without the \ before it; moves on.
static unsigned char take_byte(const char **at)
{
    *at += **at == '\\' && (*at)[1];
    return (unsigned char)*(*at)++;
}

// The ] that ends the class at `open`, or NULL: then [ stands for itself. One that comes
// first belongs to the class.
static const char *class_end(const char *open)
{
    const char *at = open + 1;
    at += *at == '!' || *at == '^';
    do {
        if (!*at)
            return NULL;
        take_byte(&at);
    } while (*at != ']');
    return at;
}

static bool class_holds(const char *open, const char *end, unsigned char byte)
{
    const char *at = open + 1;
    bool negated = *at == '!' || *at == '^', found = false;
    at += negated;
    while (at < end) {
        unsigned char first = take_byte(&at), last = first;
        if (at[0] == '-' && at + 1 < end) {
            at++;
            last = take_byte(&at);
        }
        found = found || (first <= byte && byte <= last);
    }
    return found != negated;
}

// Matches one element of the pattern, not a *, with what is at *name; moves both on.
static bool match_one(const char **pattern, const char **name)
{
    if (!**name)
        return false;
    const char *end = **pattern == '[' ? class_end(*pattern) : NULL;
    if (end) {
        bool holds = class_holds(*pattern, end, (unsigned char)*(*name)++);
        *pattern = end + 1;
        return holds;
    }
    if (**pattern == '?') {
        (*pattern)++;
        do {
            (*name)++;
        } while (is_continuation(**name));
        return true;
    }
    return **pattern && take_byte(pattern) == (unsigned char)*(*name)++;
}

bool pattern_matches(const char *pattern, const char *name)
{
    const char *star = NULL, *star_name = NULL; // behind the last *, and where it ends
    for (;;) {
        if (*pattern == '*') {
            star = ++pattern;
            star_name = name;
            continue;
        }
        if (!*pattern && !*name)
            return true;
        if (match_one(&pattern, &name))
            continue;
        if (!star || !*star_name)
            return false;
        pattern = star; // the * takes one byte more
        name = ++star_name;
    }
}

bool pattern_is_plain(const char *pattern)
{
    for (; *pattern; pattern++) {
        if (strchr("*?[", *pattern))
            return false;
        pattern += *pattern == '\\' && pattern[1];
    }
    return true;
}

void pattern_unescape(char *pattern)
{
    const char *at = pattern;
    while (*at)
        *pattern++ = (char)take_byte(&at);
    *pattern = 0;
}
