// SPDX-License-Identifier: MIT
//
// The options of a program. Operands may stand between them: they are moved to the front
// of argv as they are met, so that they stand together in the end.
// Chapter 13.
#include "options.h"

// The value is the rest of the word, or the next word.
static bool take_value(struct options *options)
{
    if (!*options->at && options->next >= options->argc)
        return false;
    options->value = *options->at ? options->at : options->argv[options->next++];
    options->at = NULL;
    return true;
}

static int take_letter(struct options *options)
{
    char letter = *options->at++;
    const char *known = letter == ':' ? NULL : strchr(options->letters, letter);
    if (!known || (known[1] == ':' && !take_value(options)))
        return -1;
    if (options->at && !*options->at)
        options->at = NULL;
    return letter;
}

struct options options_start(int argc, char **argv, const char *letters)
{
    return (struct options){
        .argc = argc, .argv = argv, .letters = letters, .operands = argv + 1, .next = 1};
}

int options_next(struct options *options)
{
    while (!options->at && options->next < options->argc) {
        char *word = options->argv[options->next++];
        if (!options->no_more && strcmp(word, "--") == 0)
            options->no_more = true;
        else if (!options->no_more && word[0] == '-' && word[1])
            options->at = word + 1;
        else
            options->operands[options->count++] = word;
    }
    return options->at ? take_letter(options) : 0;
}

bool options_wrong(const struct options *options, int letter, const char *expected)
{
    os_fprintf(OS_ERROR, "%s: -%c %s: expected %s\n", options->argv[0], letter, options->value,
               expected);
    return false;
}

bool options_number(const char *text, uint64_t *value)
{
    static const char units[] = "kMG";
    char digits[24];
    size_t length = strlen(text);
    unsigned shift = 0;
    const char *unit = length > 0 ? strchr(units, text[length - 1]) : NULL;
    if (length > 0 && text[length - 1] == 'K')
        unit = units;
    if (unit) {
        shift = 10 * (unsigned)(unit - units + 1);
        length--;
    }
    if (length >= sizeof(digits))
        return false;
    strlcpy(digits, text, length + 1);
    if (string_to_u64(digits, 10, value) || *value > UINT64_MAX >> shift)
        return false;
    *value <<= shift;
    return true;
}

bool options_seconds(const char *text, uint64_t *ns)
{
    enum { DIGITS_MAX = 9 };
    uint64_t value = 0, limit = UINT64_MAX / 20;
    int decimals = -1; // digits behind the point; -1: there is no point yet
    bool digits = false;
    for (; *text; text++) {
        if (*text == '.' && decimals < 0) {
            decimals = 0;
            continue;
        }
        if (*text < '0' || *text > '9' || value > limit)
            return false;
        digits = true;
        if (decimals >= DIGITS_MAX)
            continue; // finer than a nanosecond
        decimals += decimals >= 0;
        value = value * 10 + (uint64_t)(*text - '0');
    }
    for (int i = decimals < 0 ? 0 : decimals; i < DIGITS_MAX; i++) {
        if (value > limit)
            return false;
        value *= 10;
    }
    *ns = value;
    return digits;
}
