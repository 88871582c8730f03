// SPDX-License-Identifier: MIT
//
// The shell's language: words, quotes, pipelines.
//
//   shell_parse(&text, status, &pipeline)     one at a time, so that $? is the last one's
//
//   'as it stands'   "$? and \" inside"   \c   # comment
//   a | b   a; b   a & b   a && b   a || b
#include "shell.h"

struct parser {
    const char *at;
    char *out;   // where the next byte of a word goes
    char **word; // where the next word goes
    bool in_command;
    int status;
    struct shell_pipeline *pipeline;
};

static int fail(struct parser *parser, const char *what, const char *where)
{
    parser->pipeline->mistake = what;
    parser->pipeline->mistake_at = where;
    return -EINVAL;
}

static bool ends_word(char byte)
{
    return byte == 0 || strchr(" \t\n;|&<>", byte) != NULL;
}

// ---- Words ------------------------------------------------------------------------------
static void expand_status(struct parser *parser)
{
    enum { DIGITS = 12 }; // as many as room_for_words() counts for each $
    parser->out += snprintf(parser->out, DIGITS, "%d", parser->status);
    parser->at += 2;
}

// Everything up to the next one stands for itself.
static int take_single_quoted(struct parser *parser)
{
    const char *open = parser->at++;
    while (*parser->at && *parser->at != '\'')
        *parser->out++ = *parser->at++;
    if (!*parser->at)
        return fail(parser, "no ' closes the one", open);
    parser->at++;
    return 0;
}

// $? is replaced; \ takes the meaning from ", $ and itself.
static int take_double_quoted(struct parser *parser)
{
    const char *open = parser->at++;
    while (*parser->at && *parser->at != '"') {
        if (parser->at[0] == '$' && parser->at[1] == '?') {
            expand_status(parser);
            continue;
        }
        if (parser->at[0] == '\\' && parser->at[1] && strchr("\"\\$", parser->at[1]))
            parser->at++;
        *parser->out++ = *parser->at++;
    }
    if (!*parser->at)
        return fail(parser, "no \" closes the one", open);
    parser->at++;
    return 0;
}

// Up to an unquoted blank or sign; quoted and plain pieces are one word.
static int take_word(struct parser *parser)
{
    *parser->word++ = parser->out;
    int error = 0;
    while (!error && !ends_word(*parser->at)) {
        if (*parser->at == '\'') {
            error = take_single_quoted(parser);
        } else if (*parser->at == '"') {
            error = take_double_quoted(parser);
        } else if (parser->at[0] == '$' && parser->at[1] == '?') {
            expand_status(parser);
        } else if (*parser->at == '\\' && !parser->at[1]) {
            error = fail(parser, "nothing follows the \\", parser->at);
        } else {
            parser->at += *parser->at == '\\';
            *parser->out++ = *parser->at++;
        }
    }
    *parser->out++ = 0;
    parser->in_command = true;
    return error;
}

// ---- Pipelines --------------------------------------------------------------------------
static int end_command(struct parser *parser, const char *where)
{
    if (!parser->in_command)
        return fail(parser, "a command is missing", where);
    *parser->word++ = NULL;
    parser->in_command = false;
    parser->pipeline->commands++;
    return 0;
}

// The separator at parser->at, and its length.
static enum shell_end separator(const struct parser *parser, unsigned *length)
{
    const char *at = parser->at;
    *length = 1;
    switch (*at) {
    case '&': *length += at[1] == '&'; return at[1] == '&' ? SHELL_AND : SHELL_BACKGROUND;
    case '|': *length = 2; return SHELL_OR;
    case 0:
    case '#': *length = (unsigned)strlen(at); return SHELL_END;
    default: return SHELL_NEXT; // ; or a new line
    }
}

// Nothing at all may stand before ; and the end, but not before the others.
static int end_pipeline(struct parser *parser)
{
    struct shell_pipeline *pipeline = parser->pipeline;
    const char *where = parser->at;
    unsigned length;
    pipeline->end = separator(parser, &length);
    pipeline->source_length = (size_t)(where - pipeline->source);
    parser->at += length;
    bool may_be_empty = pipeline->end == SHELL_END || pipeline->end == SHELL_NEXT;
    if (!parser->in_command && pipeline->commands == 0 && may_be_empty)
        return 0;
    return end_command(parser, where);
}

static void skip_spaces(struct parser *parser)
{
    while (*parser->at == ' ' || *parser->at == '\t')
        parser->at++;
}

// Words and bars, up to a separator.
static int take_pipeline(struct parser *parser)
{
    for (;;) {
        skip_spaces(parser);
        char byte = *parser->at;
        int error = 0;
        if (byte == '<' || byte == '>')
            return fail(parser, "< and > need files, which are yet to come: quote the one",
                        parser->at);
        if (byte == '|' && parser->at[1] != '|')
            error = end_command(parser, parser->at++);
        else if (byte == 0 || strchr(";\n&|#", byte))
            return end_pipeline(parser);
        else
            error = take_word(parser);
        if (error)
            return error;
    }
}

// Every word is shorter than it was typed but for $?, and at least a byte and a
// separator long.
static size_t room_for_words(const char *text)
{
    size_t size = 2;
    for (; *text; text++)
        size += *text == '$' ? 12 : 1;
    return size;
}

int shell_parse(const char **text, int status, struct shell_pipeline *pipeline)
{
    size_t length = strlen(*text);
    memset(pipeline, 0, sizeof(*pipeline));
    pipeline->words = os_alloc((length + 2) * sizeof(char *));
    pipeline->text = os_alloc(room_for_words(*text));
    if (!pipeline->words || !pipeline->text) {
        shell_pipeline_free(pipeline);
        return -ENOMEM;
    }
    struct parser parser = {
        .at = *text,
        .out = pipeline->text,
        .word = pipeline->words,
        .status = status,
        .pipeline = pipeline,
    };
    skip_spaces(&parser);
    pipeline->source = parser.at;
    int error = take_pipeline(&parser);
    *text = parser.at;
    if (error)
        shell_pipeline_free(pipeline);
    return error;
}

void shell_pipeline_free(struct shell_pipeline *pipeline)
{
    os_free(pipeline->words);
    os_free(pipeline->text);
    pipeline->words = NULL;
    pipeline->text = NULL;
}

char **shell_next_command(char **words)
{
    while (*words)
        words++;
    return words + 1;
}
