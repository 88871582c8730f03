// SPDX-License-Identifier: MIT
//
// What Tab may mean: a command's name, or that of a file.
//
// The line up to the cursor is read as the shell would read it, but roughly: all that counts
// is where its last word begins, what that is without quotes, and whether a command or a file
// stands there.
#include "directory.h"
#include "shell.h"

#define SPECIAL " \t'\"\\|&;<>*?[]$#()!"

struct last_word {
    size_t start; // in the line
    char *text;   // without quotes
    size_t length;
    bool is_command;       // it stands where a command does
    bool only_directories; // `cd`
};

// ---- The last word ----------------------------------------------------------------------
static void end_word(struct last_word *word, bool *is_target)
{
    if (word->is_command && !*is_target) {
        word->only_directories = strcmp(word->text, "cd") == 0;
        word->is_command = false;
    }
    *is_target = false; // the name behind a < or > is no command's word
    word->length = 0;
    word->text[0] = 0;
}

// What stands between words: blanks and signs.
static void take_sign(struct last_word *word, char sign, bool *is_target)
{
    if (word->length > 0)
        end_word(word, is_target);
    if (strchr(";|&\n", sign)) {
        word->is_command = true;
        word->only_directories = false;
    }
    if (sign == '<' || sign == '>')
        *is_target = true;
}

// word->text has room for the line.
static void find_last_word(const char *line, size_t length, struct last_word *word)
{
    char quote = 0;
    bool is_target = false;
    word->is_command = true;
    for (size_t i = 0; i < length; i++) {
        char byte = line[i];
        if (!quote && strchr(" \t\n;|&<>", byte)) {
            take_sign(word, byte, &is_target);
            word->start = i + 1;
            continue;
        }
        bool opens = !quote && (byte == '\'' || byte == '"');
        if (opens || byte == quote) {
            quote = opens ? byte : 0;
            continue;
        }
        if (byte == '\\' && quote != '\'' && i + 1 < length)
            byte = line[++i];
        word->text[word->length++] = byte;
        word->text[word->length] = 0;
    }
    word->is_command = word->is_command && !is_target && !strchr(word->text, '/');
    word->only_directories = word->only_directories && !is_target;
}

// ---- Candidates -------------------------------------------------------------------------
// As it has to be typed: path and name, and a / behind a directory.
static int add_quoted(struct string_list *list, const char *path, const char *name,
                      const char *end)
{
    const char *const pieces[] = {path, name};
    size_t size = 2 * (strlen(path) + strlen(name)) + 1;
    char *quoted = os_alloc(size), *at = quoted;
    if (!quoted)
        return -ENOMEM;
    for (int i = 0; i < 2; i++) {
        for (const char *from = pieces[i]; *from; from++) {
            if (strchr(SPECIAL, *from))
                *at++ = '\\';
            *at++ = *from;
        }
    }
    int error = string_list_add(list, quoted, end);
    os_free(quoted);
    return error;
}

static bool leads_to_directory(const char *path, const struct directory_entry *entry)
{
    if (entry->type != OS_TYPE_SYMLINK)
        return entry->type == OS_TYPE_DIRECTORY;
    size_t size = strlen(path) + strlen(entry->name) + 1;
    char *whole = os_alloc(size);
    if (!whole)
        return false;
    snprintf(whole, size, "%s%s", path, entry->name);
    int handle = os_open(whole, OS_READ_ONLY | OS_DIRECTORY);
    if (handle >= 0)
        os_close(handle);
    os_free(whole);
    return handle >= 0;
}

// Names in the directory that the word names so far. Hidden ones have to be asked for.
static void add_files(struct string_list *list, const struct last_word *word)
{
    struct directory directory;
    char *slash = strrchr(word->text, '/');
    const char *prefix = slash ? slash + 1 : word->text;
    size_t path_length = (size_t)(prefix - word->text);
    char *path = os_alloc(path_length + 2);
    if (!path)
        return;
    strlcpy(path, path_length > 0 ? word->text : ".", path_length > 0 ? path_length + 1 : 2);
    if (directory_read(path, &directory)) {
        os_free(path);
        return;
    }
    path[path_length] = 0;
    for (size_t i = 0; i < directory.count; i++) {
        const struct directory_entry *entry = directory.entries[i];
        bool hidden = entry->name[0] == '.' && prefix[0] != '.';
        if (hidden || strncmp(entry->name, prefix, strlen(prefix)) != 0)
            continue;
        bool goes_on = leads_to_directory(path, entry);
        if (goes_on || !word->only_directories)
            add_quoted(list, path, entry->name, goes_on ? "/" : "");
    }
    directory_free(&directory);
    os_free(path);
}

static void add_commands(struct string_list *list, const struct last_word *word)
{
    const char *name;
    for (unsigned i = 0; (name = shell_command_name(i)); i++) {
        if (strncmp(name, word->text, word->length) == 0)
            string_list_add(list, name, "");
    }
}

// Without memory there are fewer candidates, or none.
void shell_complete(void *context, const char *line, size_t length,
                    struct os_candidates *candidates)
{
    struct shell *shell = context;
    struct last_word word = {.text = os_alloc(length + 1)};
    string_list_free(&shell->candidates);
    if (!word.text)
        return;
    find_last_word(line, length, &word);
    if (word.is_command)
        add_commands(&shell->candidates, &word);
    else
        add_files(&shell->candidates, &word);
    os_free(word.text);
    candidates->words = shell->candidates.items;
    candidates->count = shell->candidates.count;
    candidates->typed = length - word.start;
}
