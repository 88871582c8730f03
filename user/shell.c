// SPDX-License-Identifier: MIT
//
// shell: reads commands and runs programs
//
//   shell                       a prompt; the end of the input ends it
//   shell -c 'ps; free'         runs a line and ends with the status of its last program
//   shell FILE [ARGUMENT...]    runs a script
#include "shell.h"

#include "path.h"

enum { LINE_SIZE = 16384 };
#define PROMPT "tsumiki$ "

// ---- A text of commands -----------------------------------------------------------------
// By its column as it was typed, and its line when there are several.
static int report_mistake(const char *what, const char *text, const char *where)
{
    unsigned line = 1, column = 1;
    for (const char *at = text; at < where; at++) {
        column = *at == '\n' ? 1 : column + 1;
        line += *at == '\n';
    }
    if (strchr(text, '\n'))
        os_fprintf(OS_ERROR, "shell: line %u: %s at column %u\n", line, what, column);
    else
        os_fprintf(OS_ERROR, "shell: %s at column %u\n", what, column);
    return SHELL_USAGE;
}

// Looks over all of it, so that nothing runs when a later part makes no sense.
static int check_text(const struct shell *shell, const char *text)
{
    struct shell_pipeline pipeline;
    enum shell_end before = SHELL_NEXT;
    const char *at = text;
    do {
        int error = shell_parse(shell, &at, &pipeline);
        if (error == -EINVAL)
            return report_mistake(pipeline.mistake, text, pipeline.mistake_at);
        if (error)
            return os_print_error("shell", error);
        bool dangling = before == SHELL_AND || before == SHELL_OR;
        if (dangling && pipeline.commands == 0)
            return report_mistake("a command is missing", text, at);
        before = pipeline.end;
        shell_pipeline_free(&pipeline);
    } while (before != SHELL_END);
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
static void run_pipeline(struct shell *shell, struct shell_pipeline *pipeline)
{
    int error = shell_expand(pipeline);
    if (error) {
        shell->status = os_print_error("shell", error);
        return;
    }
    bool alone = pipeline->commands == 1 && pipeline->end != SHELL_BACKGROUND;
    if (alone && (!pipeline->words[0] || shell_is_builtin(pipeline->words[0])))
        shell->status = shell_run_builtin(shell, pipeline);
    else if (pipeline->commands > 0)
        shell->status = shell_run(shell, pipeline);
}

// Ctrl-C ends the rest of it as well.
static void run_text(struct shell *shell, const char *text)
{
    struct shell_pipeline pipeline;
    int error = check_text(shell, text);
    if (error) {
        shell->status = error;
        return;
    }
    bool runs = true;
    do {
        error = shell_parse(shell, &text, &pipeline);
        if (error) { // no memory: it made sense before
            shell->status = os_print_error("shell", error);
            return;
        }
        if (runs)
            run_pipeline(shell, &pipeline);
        runs = goes_on(pipeline.end, shell->status);
        shell_pipeline_free(&pipeline);
    } while (pipeline.end != SHELL_END && !shell->leave && shell->status != OS_INTERRUPTED);
}

// ---- At the prompt ----------------------------------------------------------------------
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
    run_text(shell, line);
    return !shell->leave;
}

static int run_prompt(struct shell *shell)
{
    char *line = os_alloc(LINE_SIZE);
    if (!line)
        return os_print_error("shell", -ENOMEM);
    if (os_is_console(OS_INPUT))
        os_printf("`help` lists the programs; Tab completes, arrow up brings back lines.\n");
    while (read_and_run(shell, line))
        ;
    return shell->status;
}

// ---- Scripts ----------------------------------------------------------------------------
static int run_script(struct shell *shell, const char *path)
{
    int handle = os_open(path, OS_READ_ONLY);
    if (handle < 0) {
        path_error("shell", path, handle);
        return SHELL_NOT_FOUND;
    }
    char *text;
    size_t length;
    int error = path_read_all(handle, &text, &length);
    os_close(handle);
    if (!error && strlen(text) != length)
        error = -ENOEXEC; // a zero: whatever it is, it is no text
    if (error) {
        path_error("shell", path, error);
        return SHELL_CANNOT_RUN;
    }
    run_text(shell, text);
    return shell->status;
}

int shell_main(int argc, char **argv)
{
    struct shell shell = {.arguments = argv};
    if (argc == 1)
        return run_prompt(&shell);
    bool line = strcmp(argv[1], "-c") == 0;
    if (argv[1][0] == '-' && (!line || argc == 2))
        return os_usage("shell [-c COMMANDS | FILE] [ARGUMENT...]");
    if (!line) {
        shell.arguments = argv + 1;
        shell.count = (unsigned)argc - 2;
        return run_script(&shell, argv[1]);
    }
    // As in sh, the first word behind the commands is $0.
    shell.arguments = argc > 3 ? argv + 3 : argv;
    shell.count = argc > 3 ? (unsigned)argc - 4 : 0;
    run_text(&shell, argv[2]);
    return shell.status;
}
