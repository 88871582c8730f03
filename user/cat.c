// SPDX-License-Identifier: MIT
//
// cat: passes on its files, or its input
#include "options.h"
#include "output.h"
#include "path.h"

enum { BUFFER_SIZE = 65536 };

static int copy(void *context, int handle, const char *path)
{
    char *buffer = context;
    int size;
    while ((size = os_read(handle, buffer, BUFFER_SIZE)) > 0) {
        int error = output_write(OS_OUTPUT, buffer, (size_t)size);
        if (error)
            os_exit(output_status("cat", error)); // the other files would fail as well
    }
    return size < 0 ? path_error("cat", path, size) : 0;
}

int cat_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "");
    if (options_next(&options))
        return os_usage("cat [FILE...]");
    char *buffer = os_alloc(BUFFER_SIZE);
    if (!buffer)
        return os_print_error("cat", -ENOMEM);
    struct path_operands operands = {"cat", options.operands, options.count};
    return path_for_each(&operands, copy, buffer);
}
