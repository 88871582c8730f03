// SPDX-License-Identifier: MIT
//
// rm: removes files; -r: directories with all that is in them, -f: without asking why
#include "options.h"
#include "path.h"
#include "remove.h"

// `rm -r .` and `rm -r /` are mistakes.
static bool is_protected(const char *path)
{
    const char *name = path_base(path);
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(path, "/") == 0;
}

static int remove_operand(char *path, bool below, bool force)
{
    struct os_status status;
    path_strip(path);
    if (is_protected(path)) {
        os_fprintf(OS_ERROR, "rm: %s: would take away the ground we stand on\n", path);
        return 1;
    }
    int error = os_lstat(path, &status);
    if (!error && status.type == OS_TYPE_DIRECTORY && below)
        return remove_tree("rm", path);
    if (!error)
        error = os_unlink(path);
    return error && !(force && error == -ENOENT) ? path_error("rm", path, error) : 0;
}

int rm_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "rRf");
    bool below = false, force = false;
    int letter, status = 0;
    while ((letter = options_next(&options)) > 0) {
        force = force || letter == 'f';
        below = below || letter != 'f';
    }
    if (letter < 0 || (options.count == 0 && !force))
        return os_usage("rm [-rf] FILE...");
    for (int i = 0; i < options.count; i++)
        status |= remove_operand(options.operands[i], below, force);
    return status;
}
