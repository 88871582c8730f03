// SPDX-License-Identifier: MIT
//
// sync: returns when all that was written is on the disks for good; or that of its files
#include "options.h"
#include "path.h"

static int sync_file(const char *path)
{
    int handle = os_open(path, OS_READ_ONLY);
    if (handle < 0)
        return handle;
    int error = os_fsync(handle);
    os_close(handle);
    return error;
}

int sync_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "");
    if (options_next(&options))
        return os_usage("sync [FILE...]");
    int error = options.count == 0 ? os_sync() : 0, status = 0;
    if (error)
        return os_print_error("sync", error);
    for (int i = 0; i < options.count; i++) {
        error = sync_file(options.operands[i]);
        if (error)
            status = path_error("sync", options.operands[i], error);
    }
    return status;
}
