// SPDX-License-Identifier: MIT
//
// touch: makes files that are not there, and sets the times of the others to now
#include "options.h"
#include "path.h"

static int touch(const char *path)
{
    int error = os_set_times(path, OS_TIME_NOW, OS_TIME_NOW);
    if (error != -ENOENT)
        return error;
    int handle = os_open(path, OS_WRITE_ONLY | OS_CREATE);
    if (handle >= 0)
        os_close(handle);
    return handle < 0 ? handle : 0;
}

int touch_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "");
    int status = 0;
    if (options_next(&options) || options.count == 0)
        return os_usage("touch FILE...");
    for (int i = 0; i < options.count; i++) {
        int error = touch(options.operands[i]);
        if (error)
            status = path_error("touch", options.operands[i], error);
    }
    return status;
}
