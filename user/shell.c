// SPDX-License-Identifier: MIT
//
// shell: reads commands and runs programs
//
//   shell                       a prompt; the end of the input ends it
//   shell -c 'ps; free'         runs a line and ends with the status of its last program
#include "shell.h"

enum { LINE_SIZE = 16384 };
#define PROMPT "tsumiki$ "

// By its column in the line as it was typed.
static int report_mistake(const char *what, const char *line, const char *where)
{
    os_fprintf(OS_ERROR, "shell: %s at column %u\n", what, (unsigned)(where - line) + 1);
    return SHELL_USAGE;
}

// Looks over the whole line, so that none of it runs when a later part makes no sense.
static int check_line(const char *line)
{
    struct shell_pipeline pipeline;
    enum shell_end before = SHELL_NEXT;
    const char *at = line;
    do {
        int error = shell_parse(&at, 0, &pipeline);
        if (error == -EINVAL)
            return report_mistake(pipeline.mistake, line, pipeline.mistake_at);
        if (error)
            return os_print_error("shell", error);
        shell_pipeline_free(&pipeline);
        bool dangling = before == SHELL_AND || before == SHELL_OR;
        if (dangling && pipeline.commands == 0)
            return report_mistake("a command is missing", line, at);
        before = pipeline.end;
    } while (pipeline.end != SHELL_END);
    return 0;
}

// Whether what follows `end` is to run, after this status.
static bool goes_on(enum shell_end end, int status)
{
    if (end == SHELL_AND)
        return status == 0;
    return end != SHELL_OR || status != 0;
}

// What the shell does itself, it does only when it stands alone.
static void run_pipeline(struct shell *shell, const struct shell_pipeline *pipeline)
{
    bool alone = pipeline->commands == 1 && pipeline->end != SHELL_BACKGROUND;
    if (alone && shell_is_builtin(pipeline->words[0]))
        shell->status = shell_run_builtin(shell, pipeline->words);
    else if (pipeline->commands > 0)
        shell->status = shell_run(shell, pipeline);
}

// Ctrl-C ends the rest of the line as well.
static void run_line(struct shell *shell, const char *line)
{
    struct shell_pipeline pipeline = {.end = SHELL_NEXT};
    int error = check_line(line);
    if (error) {
        shell->status = error;
        return;
    }
    bool runs = true;
    do {
        error = shell_parse(&line, shell->status, &pipeline);
        if (error) { // no memory: it made sense before
            shell->status = os_print_error("shell", error);
            return;
        }
        if (runs)
            run_pipeline(shell, &pipeline);
        shell_pipeline_free(&pipeline);
        runs = goes_on(pipeline.end, shell->status);
    } while (pipeline.end != SHELL_END && !shell->leave && shell->status != OS_INTERRUPTED);
}

// False at the end of the input.
static bool read_and_run(struct shell *shell, char *line)
{
    struct os_line_helper helper = shell_line_helper(shell);
    shell_report_jobs(shell, false);
    int length = os_read_line(PROMPT, line, LINE_SIZE, &helper);
    if (length == -EINTR) {
        shell->status = OS_INTERRUPTED;
        return true;
    }
    if (length == -EPIPE && os_is_console(OS_INPUT)) {
        os_printf("\n`poweroff` turns the machine off.\n");
        return true;
    }
    if (length == -ENXIO)
        os_printf("\n"); // what is shown next stands on a line of its own
    if (length < 0)
        return false;
    if (length > 0 && os_is_console(OS_INPUT))
        shell_remember(shell, line);
    run_line(shell, line);
    return !shell->leave;
}

int shell_main(int argc, char **argv)
{
    struct shell shell = {0};
    if (argc == 3 && strcmp(argv[1], "-c") == 0) {
        run_line(&shell, argv[2]);
        return shell.status;
    }
    if (argc != 1)
        return os_usage("shell [-c COMMANDS]");

    char *line = os_alloc(LINE_SIZE);
    if (!line)
        return os_print_error("shell", -ENOMEM);
    if (os_is_console(OS_INPUT))
        os_printf("`help` lists the programs; Tab completes, arrow up brings back lines.\n");
    while (read_and_run(&shell, line))
        ;
    return shell.status;
}
