// SPDX-License-Identifier: MIT
//
// Between the files of the shell: shell.c (the loop, scripts), shell_parse.c (words),
// shell_glob.c (* and ?), shell_run.c (pipelines), shell_redirect.c (< and >),
// shell_builtin.c (what the shell does itself), shell_job.c (the background),
// shell_help.c (names, history), shell_complete.c (Tab).
#pragma once

#include "os.h"
#include "string_list.h"

enum {
    SHELL_NOT_FOUND = 127, // the exit statuses of sh
    SHELL_CANNOT_RUN = 126,
    SHELL_USAGE = 2,
    SHELL_FAILED = 1,
};

// One shell: there may be several at a time, and a program's memory goes with it, so
// nothing of a shell is in static variables.
enum { SHELL_HISTORY_LINES = 32 };
struct shell_job;
struct shell {
    int status;             // $?
    bool leave;             // exit was called
    unsigned count;         // $#
    char *const *arguments; // $0, $1 ... up to $count; NULL: there are none
    char *previous;         // the directory before the last cd, or NULL
    struct shell_job *jobs; // in the background
    char *lines[SHELL_HISTORY_LINES]; // a ring
    unsigned line_count;              // how many there ever were
    struct string_list candidates;    // for Tab
};

int shell_main(int argc, char **argv);

// ---- shell_parse.c ----------------------------------------------------------------------
enum shell_end { SHELL_END, SHELL_NEXT, SHELL_BACKGROUND, SHELL_AND, SHELL_OR };

// < > >> and 2>&1: one of a command's three handles becomes something else.
struct shell_redirection {
    unsigned command; // which one of the pipeline
    int handle;
    int same_as;      // becomes a copy of this handle; -1: becomes a file
    unsigned flags;   // for os_open()
    char *path;
};

// Commands joined by |, up to what separates them from the next pipeline.
struct shell_pipeline {
    char **words;      // of all commands, a NULL behind the last one of each
    unsigned commands; // 0: there was none before the separator
    struct shell_redirection *redirections; // in order
    unsigned redirection_count;
    enum shell_end end;
    const char *source; // as it was typed
    size_t source_length;
    char **typed;                // where words begins, but after shell_expand():
    struct string_list expanded; // what patterns have become
    char *text;                  // where the words are
    // What makes no sense, and where, after -EINVAL:
    const char *mistake, *mistake_at;
};

// Reads the pipeline that starts at *text and moves *text behind its separator. Words are
// patterns (pattern.h), in which what was quoted is escaped: shell_expand() makes names of
// them. 0 with what shell_pipeline_free() gives back; -EINVAL, -ENOMEM: then there is
// nothing to give back.
int shell_parse(const struct shell *shell, const char **text, struct shell_pipeline *pipeline);
void shell_pipeline_free(struct shell_pipeline *pipeline);
char **shell_next_command(char **words); // the words of the next command

// ---- shell_glob.c -----------------------------------------------------------------------
// Patterns become the names they match, sorted; those that match nothing stay as they are.
// 0 or -ENOMEM.
int shell_expand(struct shell_pipeline *pipeline);

// ---- shell_redirect.c -------------------------------------------------------------------
// Opens the files of a command and puts their handles in the place of handles[], which it
// closes (not the shell's own). 0, or an error after having said what it was.
int shell_redirect(const struct shell_pipeline *pipeline, unsigned command, int handles[3]);
void shell_close(int handle); // but the shell's own three stay

// ---- shell_run.c ------------------------------------------------------------------------
// The exit status; 0 for a background job.
int shell_run(struct shell *shell, const struct shell_pipeline *pipeline);
// Starts all commands. 0, or a status after having said what went wrong: then nothing of it
// runs any more.
int shell_start(const struct shell_pipeline *pipeline, int *ids);

// ---- shell_job.c ------------------------------------------------------------------------
int shell_run_in_background(struct shell *shell, const struct shell_pipeline *pipeline);
// Tells of those that have ended; of the others too.
void shell_report_jobs(struct shell *shell, bool all);

// ---- shell_builtin.c --------------------------------------------------------------------
const char *shell_builtin_name(unsigned i); // or NULL
bool shell_is_builtin(const char *name);
// Runs the only command of the pipeline, which is one of them. Its status.
int shell_run_builtin(struct shell *shell, const struct shell_pipeline *pipeline);

// ---- shell_help.c -----------------------------------------------------------------------
// Programs, then what the shell does itself; or NULL.
const char *shell_command_name(unsigned i);
bool shell_knows(const char *name);
const char *shell_suggest(const char *name); // a name that looks like it, or NULL
void shell_remember(struct shell *shell, const char *line);
void shell_print_history(const struct shell *shell);
// For os_read_line().
struct os_line_helper shell_line_helper(struct shell *shell);

// ---- shell_complete.c -------------------------------------------------------------------
// What Tab may mean behind `length` bytes of a line. (struct os_line_helper)
void shell_complete(void *shell, const char *line, size_t length,
                    struct os_candidates *candidates);
