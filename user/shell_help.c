// SPDX-License-Identifier: MIT
//
// What helps at the prompt: the names there are, the lines there were, and what a
// mistyped name may have meant.
#include "shell.h"

enum { NAME_MAX = 24, DISTANCE_MAX = 2 };

// ---- Names ------------------------------------------------------------------------------
const char *shell_command_name(unsigned i)
{
    struct os_program program;
    for (unsigned count = 0;; count++) {
        if (!os_program_next(count, &program))
            return shell_builtin_name(i - count);
        if (count == i)
            return program.name;
    }
}

bool shell_knows(const char *name)
{
    const char *known;
    for (unsigned i = 0; (known = shell_command_name(i)); i++) {
        if (strcmp(known, name) == 0)
            return true;
    }
    return false;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

// How many letters must be put in, left out or changed to make one of the other
// (Levenshtein).
static unsigned distance(const char *a, const char *b)
{
    unsigned row[NAME_MAX + 1];
    size_t length = strlen(b);
    for (unsigned j = 0; j <= length; j++)
        row[j] = j;
    for (unsigned i = 0; a[i]; i++) {
        unsigned diagonal = row[0];
        row[0] = i + 1;
        for (unsigned j = 0; j < length; j++) {
            unsigned above = row[j + 1];
            row[j + 1] = least(diagonal + (a[i] != b[j]), least(above, row[j]) + 1);
            diagonal = above;
        }
    }
    return row[length];
}

// The nearest name, when it is near at all.
const char *shell_suggest(const char *name)
{
    const char *known, *best = NULL;
    unsigned best_distance = DISTANCE_MAX + 1;
    size_t length = strlen(name);
    if (length > NAME_MAX)
        return NULL;
    for (unsigned i = 0; (known = shell_command_name(i)); i++) {
        unsigned found = strlen(known) > NAME_MAX ? best_distance : distance(name, known);
        if (found < best_distance && found < length) {
            best = known;
            best_distance = found;
        }
    }
    return best;
}

// ---- History ----------------------------------------------------------------------------
static const char *line_back(const struct shell *shell, unsigned back)
{
    bool kept = back >= 1 && back <= shell->line_count && back <= SHELL_HISTORY_LINES;
    return kept ? shell->lines[(shell->line_count - back) % SHELL_HISTORY_LINES] : NULL;
}

// A line that is typed again is not kept twice.
void shell_remember(struct shell *shell, const char *line)
{
    const char *last = line_back(shell, 1);
    if (last && strcmp(last, line) == 0)
        return;
    size_t size = strlen(line) + 1;
    char *copy = os_alloc(size);
    if (!copy)
        return; // forgotten: the prompt works without
    strlcpy(copy, line, size);
    char **place = &shell->lines[shell->line_count % SHELL_HISTORY_LINES];
    os_free(*place);
    *place = copy;
    shell->line_count++;
}

void shell_print_history(const struct shell *shell)
{
    unsigned kept = least(shell->line_count, SHELL_HISTORY_LINES);
    for (unsigned back = kept; back > 0; back--)
        os_printf("%4u  %s\n", shell->line_count - back + 1, line_back(shell, back));
}

// ---- At the prompt ---------------------------------------------------------------------
// For the arrow keys.
static const char *history(void *context, unsigned back)
{
    return line_back(context, back);
}

struct os_line_helper shell_line_helper(struct shell *shell)
{
    return (struct os_line_helper){shell, history, shell_complete};
}
