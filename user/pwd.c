// SPDX-License-Identifier: MIT
//
// pwd: shows the current directory
#include "options.h"

int pwd_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "");
    if (options_next(&options) || options.count > 0)
        return os_usage("pwd");
    char *path = os_alloc(OS_PATH_MAX);
    int error = path ? os_current_directory(path, OS_PATH_MAX) : -ENOMEM;
    if (error)
        return os_print_error("pwd", error);
    return os_printf("%s\n", path) < 0;
}
