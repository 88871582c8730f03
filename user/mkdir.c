// SPDX-License-Identifier: MIT
//
// mkdir: makes directories; -p: those on the way to them as well
#include "options.h"
#include "path.h"

// What is there already is as good as made.
static int make_if_missing(const char *path)
{
    struct os_status status;
    int error = os_mkdir(path);
    if (error == -EEXIST && os_stat(path, &status) == 0 && status.type == OS_TYPE_DIRECTORY)
        return 0;
    return error;
}

static int make_all(char *path)
{
    for (char *slash = path + 1; *path && (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        int error = make_if_missing(path);
        *slash = '/';
        if (error)
            return error;
    }
    return make_if_missing(path);
}

int mkdir_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "p");
    bool parents = false;
    int letter, status = 0;
    while ((letter = options_next(&options)) > 0)
        parents = true;
    if (letter < 0 || options.count == 0)
        return os_usage("mkdir [-p] DIRECTORY...");
    for (int i = 0; i < options.count; i++) {
        path_strip(options.operands[i]);
        char *path = options.operands[i];
        int error = parents ? make_all(path) : os_mkdir(path);
        if (error)
            status = path_error("mkdir", path, error);
    }
    return status;
}
