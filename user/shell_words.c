// SPDX-License-Identifier: MIT
//
// The shell's words.
//
//   'as it stands'   "$? and \" inside"   \c   # comment
//   $? status   $1 .. $9 arguments   $# how many   $@ all   $0 the script
//
// Quoted and plain pieces side by side are one word. What becomes of it is a pattern
// (pattern.h): the signs in it that were quoted are escaped.
#include "shell_parser.h"

int shell_fail(struct shell_parser *parser, const char *what, const char *where)
{
    parser->pipeline->mistake = what;
    parser->pipeline->mistake_at = where;
    return -EINVAL;
}

static bool ends_word(char byte)
{
    return byte == 0 || strchr(" \t\n;|&<>", byte) != NULL;
}

// Blanks, and a line that goes on behind a \ at its end.
void shell_skip_blanks(struct shell_parser *parser)
{
    for (;;) {
        const char *at = parser->at;
        if (at[0] == '\\' && at[1] == '\n')
            parser->at += 2;
        else if (*at == ' ' || *at == '\t')
            parser->at++;
        else
            return;
    }
}

void shell_skip_comment(struct shell_parser *parser)
{
    while (*parser->at && *parser->at != '\n')
        parser->at++;
}

// Lines without a command, too: behind what cannot be the end.
void shell_skip_lines(struct shell_parser *parser)
{
    for (;;) {
        shell_skip_blanks(parser);
        if (*parser->at == '#')
            shell_skip_comment(parser);
        if (*parser->at != '\n')
            return;
        parser->at++;
    }
}

// ---- Words ------------------------------------------------------------------------------
static void put(struct shell_parser *parser, char byte)
{
    if (parser->pipeline->text)
        parser->pipeline->text[parser->bytes] = byte;
    parser->bytes++;
}

// A byte that only stands for itself.
static void put_quoted(struct shell_parser *parser, char byte)
{
    if (byte && strchr("*?[]!^-\\", byte))
        put(parser, '\\');
    put(parser, byte);
}

static void put_text(struct shell_parser *parser, const char *text)
{
    while (*text)
        put_quoted(parser, *text++);
}

static void put_number(struct shell_parser *parser, int number)
{
    char digits[12];
    snprintf(digits, sizeof(digits), "%d", number);
    put_text(parser, digits);
}

static void begin_word(struct shell_parser *parser)
{
    if (parser->pipeline->words)
        parser->pipeline->words[parser->words] = parser->pipeline->text + parser->bytes;
    parser->words++;
    parser->word_start = parser->bytes;
}

// All arguments, each a word of its own.
static void expand_all(struct shell_parser *parser)
{
    for (unsigned i = 1; i <= parser->shell->count; i++) {
        put_text(parser, parser->shell->arguments[i]);
        parser->keep_empty = true;
        if (i == parser->shell->count)
            break;
        put(parser, 0);
        begin_word(parser);
    }
}

// What begins with $. Returns false when it stands for itself.
static bool expand(struct shell_parser *parser)
{
    const struct shell *shell = parser->shell;
    char name = parser->at[1];
    unsigned number = (unsigned)(name - '0');
    if (name == '?')
        put_number(parser, shell->status);
    else if (name == '#')
        put_number(parser, (int)shell->count);
    else if (name == '@')
        expand_all(parser);
    else if (number > 9)
        return false;
    else if (shell->arguments && number <= shell->count)
        put_text(parser, shell->arguments[number]);
    parser->at += 2;
    return true;
}

// Everything up to the next one stands for itself.
static int take_single_quoted(struct shell_parser *parser)
{
    const char *open = parser->at++;
    while (*parser->at && *parser->at != '\'')
        put_quoted(parser, *parser->at++);
    if (!*parser->at)
        return shell_fail(parser, "no ' closes the one", open);
    parser->at++;
    return 0;
}

// $ keeps its meaning; \ takes it, and those of " and itself.
static int take_double_quoted(struct shell_parser *parser)
{
    const char *open = parser->at++;
    while (*parser->at && *parser->at != '"') {
        if (*parser->at == '$' && expand(parser))
            continue;
        if (parser->at[0] == '\\' && parser->at[1] && strchr("\"\\$", parser->at[1]))
            parser->at++;
        put_quoted(parser, *parser->at++);
    }
    if (!*parser->at)
        return shell_fail(parser, "no \" closes the one", open);
    parser->at++;
    return 0;
}

// One or the other. "$@" alone is as many words as there are arguments, none perhaps.
static int take_quoted(struct shell_parser *parser)
{
    static const char all[] = "\"$@\"";
    if (strncmp(parser->at, all, strlen(all)) == 0) {
        expand_all(parser);
        parser->at += strlen(all);
        return 0;
    }
    parser->keep_empty = true;
    return *parser->at == '"' ? take_double_quoted(parser) : take_single_quoted(parser);
}

static int take_escaped(struct shell_parser *parser)
{
    if (!parser->at[1])
        return shell_fail(parser, "nothing follows the \\", parser->at);
    if (parser->at[1] != '\n')
        put_quoted(parser, parser->at[1]);
    parser->at += 2;
    return 0;
}

// Up to an unquoted blank or sign; quoted and plain pieces are one word. What is nothing
// but an argument that was not given is no word.
int shell_take_word(struct shell_parser *parser)
{
    int error = 0;
    parser->keep_empty = false;
    begin_word(parser);
    while (!error && !ends_word(*parser->at)) {
        if (*parser->at == '\'' || *parser->at == '"')
            error = take_quoted(parser);
        else if (*parser->at == '\\')
            error = take_escaped(parser);
        else if (*parser->at != '$' || !expand(parser))
            put(parser, *parser->at++);
    }
    if (parser->bytes == parser->word_start && !parser->keep_empty)
        parser->words--;
    else
        put(parser, 0);
    return error;
}
