// SPDX-License-Identifier: MIT
//
// Redirection: < > >> 2> and 2>&1.
//
//   shell_redirect(&pipeline, command, handles)     for a command about to start
//
// From left to right, so that `> file 2>&1` sends both to the file, and `2>&1 > file` the
// errors to where the output went before.
#include "path.h"
#include "shell.h"

void shell_close(int handle)
{
    if (handle > OS_ERROR)
        os_close(handle);
}

static int open_file(const struct shell_redirection *redirection)
{
    int handle = os_open(redirection->path, redirection->flags);
    if (handle < 0)
        path_error("shell", redirection->path, handle);
    return handle;
}

// A handle of its own, so that each is closed once. -1 stays: it is empty.
static int copy_handle(int handle)
{
    int copy = handle == -1 ? -1 : os_dup(handle);
    if (copy < -1)
        os_print_error("shell", copy);
    return copy;
}

int shell_redirect(const struct shell_pipeline *pipeline, unsigned command, int handles[3])
{
    for (unsigned i = 0; i < pipeline->redirection_count; i++) {
        const struct shell_redirection *redirection = &pipeline->redirections[i];
        if (redirection->command != command)
            continue;
        int handle = redirection->path ? open_file(redirection)
                                       : copy_handle(handles[redirection->same_as]);
        if (handle < -1 || (handle < 0 && redirection->path))
            return handle;
        shell_close(handles[redirection->handle]);
        handles[redirection->handle] = handle;
    }
    return 0;
}
