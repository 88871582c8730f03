// SPDX-License-Identifier: MIT
//
// Patterns on a command line: *.txt becomes the names of the files that there are.
//
//   shell_expand(&pipeline)     after shell_parse(), before its words are used
//
// A pattern is gone through name by name. After each name there is a list of the paths
// that match so far; the next name of the pattern is looked for in each of them.
#include "directory.h"
#include "pattern.h"
#include "shell.h"

// ---- Paths ------------------------------------------------------------------------------
static bool is_directory(const char *path)
{
    int handle = os_open(path, OS_READ_ONLY | OS_DIRECTORY);
    if (handle >= 0)
        os_close(handle);
    return handle >= 0;
}

// Everything in `path` that matches. What cannot be read as a directory has nothing that
// does.
static int add_matches(const char *path, const char *pattern, struct string_list *found)
{
    struct directory directory;
    if (directory_read(*path ? path : ".", &directory))
        return 0;
    int error = 0;
    for (size_t i = 0; i < directory.count && !error; i++) {
        const char *name = directory.entries[i]->name;
        bool hidden = name[0] == '.' && pattern[0] != '.';
        if (!hidden && pattern_matches(pattern, name))
            error = string_list_add(found, path, name);
    }
    directory_free(&directory);
    return error;
}

// One piece more behind a path: a slash, or a name.
static int extend_path(const char *path, const char *piece, struct string_list *found)
{
    bool is_dots = strcmp(piece, ".") == 0 || strcmp(piece, "..") == 0;
    if (piece[0] != '/' && !is_dots)
        return add_matches(path, piece, found);
    if (piece[0] == '/' && *path && !is_directory(path))
        return 0;
    return string_list_add(found, path, piece);
}

// ---- Patterns ---------------------------------------------------------------------------
// Cuts the next piece off the pattern: a name, or the slashes between two as one. False:
// there is none, or it is longer than any name.
static bool next_piece(const char **pattern, char *piece, size_t size)
{
    const char *start = *pattern, *end = start;
    while (*end && *end != '/')
        end += 1 + (*end == '\\' && end[1]);
    size_t length = (size_t)(end - start);
    if (length == 0 && *end) {
        length = 1;
        while (*end == '/')
            end++;
    }
    *pattern = end;
    if (length == 0 || length >= size)
        return false;
    strlcpy(piece, start, length + 1);
    return true;
}

// All paths that match, or none.
static int find_paths(const char *pattern, struct string_list *paths)
{
    char piece[OS_NAME_MAX + 1];
    int error = string_list_add(paths, "", "");
    while (*pattern && !error) {
        struct string_list found = {0};
        bool fits = next_piece(&pattern, piece, sizeof(piece));
        for (size_t i = 0; i < paths->count && fits && !error; i++)
            error = extend_path(paths->items[i], piece, &found);
        string_list_free(paths);
        *paths = found;
    }
    return error;
}

// Appends what one word stands for: itself, when nothing matches.
static int expand_word(const char *word, struct string_list *words)
{
    struct string_list paths = {0};
    int error = pattern_is_plain(word) ? 0 : find_paths(word, &paths);
    for (size_t i = 0; i < paths.count && !error; i++)
        error = string_list_add(words, paths.items[i], "");
    if (!error && paths.count == 0) {
        error = string_list_add(words, word, "");
        if (!error)
            pattern_unescape(words->items[words->count - 1]);
    }
    string_list_free(&paths);
    return error;
}

// ---- Pipelines --------------------------------------------------------------------------
static bool is_plain(const struct shell_pipeline *pipeline)
{
    char **words = pipeline->words;
    for (unsigned i = 0; i < pipeline->commands; i++, words++) {
        for (; *words; words++) {
            if (!pattern_is_plain(*words))
                return false;
        }
    }
    return true;
}

// Most commands have no patterns: their words stay where they are.
static int expand_words(struct shell_pipeline *pipeline, bool plain)
{
    char **words = pipeline->words;
    int error = 0;
    for (unsigned i = 0; i < pipeline->commands && !error; i++, words++) {
        for (; *words && !error; words++) {
            if (plain)
                pattern_unescape(*words);
            else
                error = expand_word(*words, &pipeline->expanded);
        }
        if (!plain && !error)
            error = string_list_add(&pipeline->expanded, NULL, NULL);
    }
    return error;
}

int shell_expand(struct shell_pipeline *pipeline)
{
    for (unsigned i = 0; i < pipeline->redirection_count; i++) {
        if (pipeline->redirections[i].path)
            pattern_unescape(pipeline->redirections[i].path);
    }
    bool plain = is_plain(pipeline);
    int error = expand_words(pipeline, plain);
    if (!plain && !error)
        pipeline->words = pipeline->expanded.items;
    return error;
}
