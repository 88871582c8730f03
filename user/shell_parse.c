// SPDX-License-Identifier: MIT
//
// The shell's language: pipelines and redirection.
//
//   shell_parse(&shell, &text, &pipeline)     one at a time, so that $? is the last one's
//
//   a | b   a; b   a & b   a && b   a || b   < file   > file   >> file   2> file   2>&1
#include "shell_parser.h"

// ---- Redirection ------------------------------------------------------------------------
static void add_redirection(struct shell_parser *parser,
                            const struct shell_redirection *redirection)
{
    struct shell_pipeline *pipeline = parser->pipeline;
    if (pipeline->redirections) {
        pipeline->redirections[parser->redirections] = *redirection;
        pipeline->redirections[parser->redirections].command = pipeline->commands;
    }
    parser->redirections++;
    parser->in_command = true;
}

// The word behind the sign: it is none of the command's.
static int take_file_name(struct shell_parser *parser, struct shell_redirection *redirection)
{
    shell_skip_blanks(parser);
    const char *where = parser->at;
    size_t words = parser->words;
    int error = shell_take_word(parser);
    if (!error && parser->words != words + 1)
        error = shell_fail(parser, "the name of a file is missing", where);
    parser->words = words;
    if (parser->pipeline->text)
        redirection->path = parser->pipeline->text + parser->word_start;
    return error;
}

// Whether one begins here: < > 0< 1> 2> &>
static bool is_redirection(const char *at)
{
    bool number = (*at >= '0' && *at <= '9') || *at == '&';
    return *at == '<' || *at == '>' ||
           (number && (at[1] == '>' || (at[1] == '<' && *at != '&')));
}

static int take_redirection(struct shell_parser *parser)
{
    const char *start = parser->at;
    struct shell_redirection redirection = {.handle = -1, .same_as = -1};
    bool both = *start == '&';
    if (*start != '<' && *start != '>')
        redirection.handle = both ? OS_OUTPUT : *parser->at - '0', parser->at++;
    bool reads = *parser->at++ == '<', appends = !reads && *parser->at == '>';
    if (redirection.handle < 0)
        redirection.handle = reads ? OS_INPUT : OS_OUTPUT;
    if (redirection.handle > OS_ERROR || (reads && *parser->at == '<'))
        return shell_fail(parser, "no such redirection: there are < > >> 2> 2>&1", start);
    parser->at += appends;
    if (*parser->at == '&' && parser->at[1] >= '0' && parser->at[1] <= '2') {
        redirection.same_as = parser->at[1] - '0';
        parser->at += 2;
        add_redirection(parser, &redirection);
        return 0;
    }
    redirection.flags = reads     ? OS_READ_ONLY
                        : appends ? OS_WRITE_ONLY | OS_CREATE | OS_APPEND
                                  : OS_WRITE_ONLY | OS_CREATE | OS_TRUNCATE;
    int error = take_file_name(parser, &redirection);
    add_redirection(parser, &redirection);
    if (both)
        add_redirection(parser, &(struct shell_redirection){0, OS_ERROR, OS_OUTPUT, 0, NULL});
    return error;
}

// ---- Pipelines --------------------------------------------------------------------------
static int end_command(struct shell_parser *parser, const char *where)
{
    if (!parser->in_command)
        return shell_fail(parser, "a command is missing", where);
    if (parser->pipeline->words)
        parser->pipeline->words[parser->words] = NULL;
    parser->words++;
    parser->in_command = false;
    parser->pipeline->commands++;
    return 0;
}

// The separator at parser->at, and its length.
static enum shell_end separator(const struct shell_parser *parser, unsigned *length)
{
    const char *at = parser->at;
    *length = 1;
    switch (*at) {
    case '&':
        *length += at[1] == '&';
        return at[1] == '&' ? SHELL_AND : SHELL_BACKGROUND;
    case '|':
        *length = 2;
        return SHELL_OR;
    case 0:
        *length = 0;
        return SHELL_END;
    default:
        return SHELL_NEXT; // ; or a new line
    }
}

// Nothing at all may stand before ; and the end, but not before the others.
static int end_pipeline(struct shell_parser *parser)
{
    struct shell_pipeline *pipeline = parser->pipeline;
    const char *where = parser->at;
    unsigned length;
    if (*parser->at == '#')
        shell_skip_comment(parser);
    pipeline->end = separator(parser, &length);
    pipeline->source_length = (size_t)(where - pipeline->source);
    parser->at += length;
    if (pipeline->end == SHELL_AND || pipeline->end == SHELL_OR)
        shell_skip_lines(parser);
    bool may_be_empty = pipeline->end == SHELL_END || pipeline->end == SHELL_NEXT;
    if (!parser->in_command && pipeline->commands == 0 && may_be_empty)
        return 0;
    return end_command(parser, where);
}

// Words and bars, up to a separator.
static int take_pipeline(struct shell_parser *parser)
{
    for (;;) {
        shell_skip_blanks(parser);
        const char *at = parser->at;
        int error = 0;
        if (is_redirection(at)) {
            error = take_redirection(parser);
        } else if (at[0] == '|' && at[1] != '|') {
            parser->at++;
            error = end_command(parser, at);
            shell_skip_lines(parser);
        } else if (*at == 0 || strchr(";\n&|#", *at)) {
            return end_pipeline(parser);
        } else {
            size_t words = parser->words;
            error = shell_take_word(parser);
            parser->in_command = parser->in_command || parser->words > words;
        }
        if (error)
            return error;
    }
}

// Goes through the text once, and then knows how much there is.
static int read_pipeline(struct shell_parser *parser, const char *text)
{
    struct shell_pipeline *pipeline = parser->pipeline;
    parser->at = text;
    parser->bytes = parser->words = parser->redirections = 0;
    parser->in_command = false;
    pipeline->commands = 0;
    shell_skip_blanks(parser);
    pipeline->source = parser->at;
    return take_pipeline(parser);
}

int shell_parse(const struct shell *shell, const char **text, struct shell_pipeline *pipeline)
{
    struct shell_parser parser = {.shell = shell, .pipeline = pipeline};
    memset(pipeline, 0, sizeof(*pipeline));
    int error = read_pipeline(&parser, *text);
    if (error)
        return error;
    // One word more than there are: for the name of a file, which is taken back.
    pipeline->words = pipeline->typed = os_alloc((parser.words + 2) * sizeof(char *));
    pipeline->text = os_alloc(parser.bytes + 1);
    pipeline->redirection_count = (unsigned)parser.redirections;
    pipeline->redirections =
        os_alloc((parser.redirections + 1) * sizeof(*pipeline->redirections));
    if (!pipeline->words || !pipeline->text || !pipeline->redirections) {
        shell_pipeline_free(pipeline);
        return -ENOMEM;
    }
    read_pipeline(&parser, *text);
    *text = parser.at;
    return 0;
}

void shell_pipeline_free(struct shell_pipeline *pipeline)
{
    os_free(pipeline->typed);
    os_free(pipeline->text);
    os_free(pipeline->redirections);
    string_list_free(&pipeline->expanded);
    *pipeline = (struct shell_pipeline){.end = pipeline->end};
}

char **shell_next_command(char **words)
{
    while (*words)
        words++;
    return words + 1;
}
