// SPDX-License-Identifier: MIT
//
// head: passes on the first lines of its input, 10 of them
#include "os.h"

int head_main(int argc, char **argv)
{
    uint64_t lines = 10;
    const char *count = NULL;
    if (argc == 3 && strcmp(argv[1], "-n") == 0)
        count = argv[2];
    else if (argc == 2 && argv[1][0] == '-')
        count = argv[1] + 1;
    if ((argc > 1 && !count) || (count && string_to_u64(count, 10, &lines)))
        return os_usage("head [-n LINES]");

    char buffer[512];
    while (lines > 0) {
        int size = os_read(OS_INPUT, buffer, sizeof(buffer));
        if (size <= 0)
            return size < 0 ? os_print_error("head", size) : 0;
        int end = 0;
        while (end < size && lines > 0)
            lines -= buffer[end++] == '\n';
        if (os_write(OS_OUTPUT, buffer, (size_t)end) < 0)
            return 1;
    }
    return 0;
}
