// SPDX-License-Identifier: MIT
//
// Between shell_parse.c (pipelines, redirection) and shell_words.c (words).
//
// The text is gone through twice by the same functions: the first time they only count,
// the second time there is room for what they find.
#pragma once

#include "shell.h"

struct shell_parser {
    const struct shell *shell;
    const char *at;
    size_t bytes, words, redirections; // how many there are so far
    size_t word_start; // of the word being read, in bytes
    bool keep_empty;   // it is one even if nothing is in it
    bool in_command;
    struct shell_pipeline *pipeline; // its arrays are NULL the first time
};

int shell_fail(struct shell_parser *parser, const char *what, const char *where); // -EINVAL
// Over blanks, and over the end of a line with a \ before it.
void shell_skip_blanks(struct shell_parser *parser);
void shell_skip_comment(struct shell_parser *parser);
void shell_skip_lines(struct shell_parser *parser); // those without a command
// Up to an unquoted blank or sign. Adds one word; or none, when it is nothing but an
// argument that was not given; or several, for $@.
int shell_take_word(struct shell_parser *parser);
