// SPDX-License-Identifier: MIT
//
// cat: passes its input on
#include "os.h"

int cat_main(int argc, char **argv)
{
    if (argc > 1 && !(argc == 2 && strcmp(argv[1], "-") == 0))
        return os_usage("cat, which reads its input: there are no files yet");
    char buffer[1024];
    for (;;) {
        int size = os_read(OS_INPUT, buffer, sizeof(buffer));
        if (size <= 0)
            return size < 0 ? os_print_error("cat", size) : 0;
        if (os_write(OS_OUTPUT, buffer, (size_t)size) < 0)
            return 1;
    }
}
