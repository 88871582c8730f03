// SPDX-License-Identifier: MIT
//
// What the shell does itself, because it is about the shell: cd, exit, history, jobs.
//
//   shell_run_builtin(&shell, &pipeline)     for a command that stands alone
#include "path.h"
#include "shell.h"

static const char *const names[] = {"cd", "exit", "history", "jobs"};
enum { NAMES = sizeof(names) / sizeof(names[0]) };

const char *shell_builtin_name(unsigned i)
{
    return i < NAMES ? names[i] : NULL;
}

bool shell_is_builtin(const char *name)
{
    for (unsigned i = 0; i < NAMES; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

// ---- cd ---------------------------------------------------------------------------------
// Where we are, for `cd -`; NULL when that cannot be known.
static char *current_directory(void)
{
    char *path = os_alloc(OS_PATH_MAX);
    if (path && os_current_directory(path, OS_PATH_MAX)) {
        os_free(path);
        return NULL;
    }
    return path;
}

// Without a word to the root: nobody has a home here.
static int change_directory(struct shell *shell, const char *path)
{
    bool back = path && strcmp(path, "-") == 0;
    if (!path)
        path = "/";
    if (back)
        path = shell->previous;
    if (!path) {
        os_fprintf(OS_ERROR, "cd: there was no directory before this one\n");
        return 1;
    }
    char *from = current_directory();
    int error = os_chdir(path);
    if (error) {
        os_free(from);
        return path_error("cd", path, error);
    }
    if (back)
        os_printf("%s\n", path);
    os_free(shell->previous);
    shell->previous = from;
    return 0;
}

// ---- All of them ------------------------------------------------------------------------
static int exit_shell(struct shell *shell, const char *status)
{
    uint64_t number = (uint64_t)shell->status;
    if (status && (string_to_u64(status, 10, &number) || number > 255))
        return os_usage("exit [STATUS], 0 to 255");
    shell->leave = true;
    return (int)number;
}

static int run(struct shell *shell, char **words)
{
    const char *argument = words[0] ? words[1] : NULL;
    if (!words[0])
        return 0; // only redirections: their files are made
    if (argument && words[2])
        return os_usage("cd [DIRECTORY | -], exit [STATUS], history, jobs");
    if (strcmp(words[0], "cd") == 0)
        return change_directory(shell, argument);
    if (strcmp(words[0], "exit") == 0)
        return exit_shell(shell, argument);
    if (argument)
        return os_usage("history, jobs: without arguments");
    if (strcmp(words[0], "jobs") == 0)
        shell_report_jobs(shell, true);
    else
        shell_print_history(shell);
    return 0;
}

// Puts `with` in the place of one of the shell's own three handles: the lowest that is
// free is the one just closed.
static void replace_handle(int handle, int with)
{
    os_close(handle);
    os_dup(with);
    os_close(with);
}

// Takes back what was redirected; the others are -1.
static void restore_handles(const int saved[3])
{
    for (int handle = 0; handle < 3; handle++) {
        if (saved[handle] >= 0)
            replace_handle(handle, saved[handle]);
    }
}

// With its redirections in force for that long.
int shell_run_builtin(struct shell *shell, const struct shell_pipeline *pipeline)
{
    int handles[3] = {OS_INPUT, OS_OUTPUT, OS_ERROR}, saved[3] = {-1, -1, -1};
    int error = shell_redirect(pipeline, 0, handles);
    for (int handle = 0; handle < 3 && !error; handle++) {
        if (handles[handle] == handle)
            continue;
        saved[handle] = os_dup(handle);
        if (saved[handle] < 0) {
            error = os_print_error("shell", saved[handle]);
            break;
        }
        replace_handle(handle, handles[handle]);
        handles[handle] = handle;
    }
    int status = error ? SHELL_FAILED : run(shell, pipeline->words);
    error = os_output_error();
    if (error && error != -EPIPE)
        status = path_error("shell", "output", error);
    for (int handle = 0; handle < 3; handle++)
        shell_close(handles[handle]);
    restore_handles(saved);
    return status;
}
