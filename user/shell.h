// SPDX-License-Identifier: MIT
//
// Between the files of the shell: shell.c (the loop), shell_parse.c (words),
// shell_run.c (pipelines and jobs), shell_help.c (names, history, completion).
#pragma once

#include "os.h"

enum {
    SHELL_NOT_FOUND = 127, // the exit statuses of sh
    SHELL_CANNOT_RUN = 126,
    SHELL_USAGE = 2,
};

// One shell: there may be several at a time, and a program's memory goes with it, so
// nothing of a shell is in static variables.
enum { SHELL_HISTORY_LINES = 32 };
struct shell_job;
struct shell {
    int status;             // $?
    bool leave;             // exit was called
    struct shell_job *jobs; // in the background
    char *lines[SHELL_HISTORY_LINES]; // a ring
    unsigned line_count;              // how many there ever were
};

// ---- shell_parse.c ----------------------------------------------------------------------
enum shell_end { SHELL_END, SHELL_NEXT, SHELL_BACKGROUND, SHELL_AND, SHELL_OR };

// Commands joined by |, up to what separates them from the next pipeline.
struct shell_pipeline {
    char **words;      // of all commands, a NULL behind the last one of each
    unsigned commands; // 0: there was none before the separator
    enum shell_end end;
    const char *source; // as it was typed
    size_t source_length;
    char *text; // where the words are
    // What makes no sense, and where, after -EINVAL:
    const char *mistake, *mistake_at;
};

// Reads the pipeline that starts at *text and moves *text behind its separator.
// `status` is the value of $?. 0 with what shell_pipeline_free() gives back; -EINVAL,
// -ENOMEM: then there is nothing to give back.
int shell_parse(const char **text, int status, struct shell_pipeline *pipeline);
void shell_pipeline_free(struct shell_pipeline *pipeline);
char **shell_next_command(char **words); // the words of the next command

// ---- shell_run.c ------------------------------------------------------------------------
// The exit status; 0 for a background job.
int shell_run(struct shell *shell, const struct shell_pipeline *pipeline);
// Tells of those that have ended; of the others too.
void shell_report_jobs(struct shell *shell, bool all);
bool shell_is_builtin(const char *name);
// exit, jobs, history.
int shell_run_builtin(struct shell *shell, char **words);

// ---- shell_help.c -----------------------------------------------------------------------
// Programs, then what the shell does itself; or NULL.
const char *shell_command_name(unsigned i);
bool shell_knows(const char *name);
const char *shell_suggest(const char *name); // a name that looks like it, or NULL
void shell_remember(struct shell *shell, const char *line);
void shell_print_history(const struct shell *shell);
// For os_read_line().
struct os_line_helper shell_line_helper(struct shell *shell);
