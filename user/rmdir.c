// SPDX-License-Identifier: MIT
//
// rmdir: removes empty directories
#include "options.h"
#include "path.h"

int rmdir_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "");
    int status = 0;
    if (options_next(&options) || options.count == 0)
        return os_usage("rmdir DIRECTORY...");
    for (int i = 0; i < options.count; i++) {
        int error = os_rmdir(options.operands[i]);
        if (error)
            status = path_error("rmdir", options.operands[i], error);
    }
    return status;
}
