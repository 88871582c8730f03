// SPDX-License-Identifier: MIT
//
// Running pipelines: every command is a program of its own, with pipes between them.
//
//   shell_run(&shell, &pipeline)     waits for all of them, unless they go to the background
//
// All names are looked up before the first one starts. When a later step fails (no
// memory, a file that cannot be opened), those that run already are ended and waited for,
// so that nothing is left behind.
#include "shell.h"

// ---- Names ------------------------------------------------------------------------------
static void report_unknown(int handle, const char *name)
{
    const char *suggestion = shell_suggest(name);
    if (shell_is_builtin(name))
        os_fprintf(handle, "shell: %s works only on a line of its own\n", name);
    else if (suggestion)
        os_fprintf(handle, "shell: %s: no such program; is it %s?\n", name, suggestion);
    else if (strchr(name, '/'))
        os_fprintf(handle, "shell: %s: no such program; `sh %s` runs a script\n", name, name);
    else
        os_fprintf(handle, "shell: %s: no such program; `help` lists them\n", name);
}

// To where the command's own errors would go: `nothing 2> file`.
static void report(const struct shell_pipeline *pipeline, unsigned command, const char *name)
{
    int handles[3] = {OS_INPUT, OS_OUTPUT, OS_ERROR};
    if (shell_redirect(pipeline, command, handles) == 0)
        report_unknown(handles[OS_ERROR], name);
    for (int handle = 0; handle < 3; handle++)
        shell_close(handles[handle]);
}

static bool find_all(const struct shell_pipeline *pipeline)
{
    char **words = pipeline->words;
    for (unsigned i = 0; i < pipeline->commands; i++, words = shell_next_command(words)) {
        if (words[0] && shell_knows(words[0]) && !shell_is_builtin(words[0]))
            continue;
        if (words[0])
            report(pipeline, i, words[0]);
        else
            os_fprintf(OS_ERROR, "shell: a command is missing beside the |\n");
        return false;
    }
    return true;
}

// ---- Starting ---------------------------------------------------------------------------
// The status is that of the last one.
static int wait_for_all(const int *ids, unsigned count)
{
    int status = 0;
    for (unsigned i = 0; i < count; i++)
        os_wait(ids[i], &status, OS_NEVER);
    return status;
}

// Starts one command; *input becomes what the next one reads from. Its id; or, after
// having said what went wrong, the status for that, negative.
static int start_command(const struct shell_pipeline *pipeline, unsigned i, char **words,
                         int *input)
{
    bool last = i + 1 == pipeline->commands, redirected = true;
    int ends[2] = {-1, OS_OUTPUT};
    int id = last ? 0 : os_pipe(ends);
    int handles[3] = {*input, ends[1], OS_ERROR};
    *input = ends[0];
    if (id == 0)
        redirected = shell_redirect(pipeline, i, handles) == 0;
    if (id == 0 && redirected)
        id = os_run(words, handles, pipeline->end == SHELL_BACKGROUND);
    for (int handle = 0; handle < 3; handle++)
        shell_close(handles[handle]); // the command has its own
    if (!redirected)
        return -SHELL_FAILED;
    if (id > 0)
        return id;
    os_print_error(words[0], id);
    return -SHELL_CANNOT_RUN;
}

int shell_start(const struct shell_pipeline *pipeline, int *ids)
{
    int input = pipeline->end == SHELL_BACKGROUND ? -1 : OS_INPUT;
    char **words = pipeline->words;
    for (unsigned i = 0; i < pipeline->commands; i++, words = shell_next_command(words)) {
        ids[i] = start_command(pipeline, i, words, &input);
        if (ids[i] > 0)
            continue;
        shell_close(input);
        for (unsigned started = 0; started < i; started++)
            os_kill(ids[started]);
        wait_for_all(ids, i);
        return -ids[i];
    }
    return 0;
}

int shell_run(struct shell *shell, const struct shell_pipeline *pipeline)
{
    if (!find_all(pipeline))
        return SHELL_NOT_FOUND;
    if (pipeline->end == SHELL_BACKGROUND)
        return shell_run_in_background(shell, pipeline);

    int *ids = os_alloc(pipeline->commands * sizeof(int));
    if (!ids) {
        os_print_error("shell", -ENOMEM);
        return SHELL_CANNOT_RUN;
    }
    int status = shell_start(pipeline, ids);
    if (status == 0)
        status = wait_for_all(ids, pipeline->commands);
    os_free(ids);
    return status;
}
