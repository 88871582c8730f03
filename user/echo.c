// SPDX-License-Identifier: MIT
//
// echo: prints its words; -n: without a new line
#include "output.h"

// In one piece: what others print meanwhile does not come between the words.
int echo_main(int argc, char **argv)
{
    bool newline = argc < 2 || strcmp(argv[1], "-n") != 0;
    int first = newline ? 1 : 2;
    size_t size = 2; // the newline and the end
    for (int i = first; i < argc; i++)
        size += strlen(argv[i]) + 1;
    char *line = os_alloc(size), *end = line;
    if (!line)
        return os_print_error("echo", -ENOMEM);

    for (int i = first; i < argc; i++)
        end += snprintf(end, size - (size_t)(end - line), i > first ? " %s" : "%s", argv[i]);
    if (newline)
        *end++ = '\n';
    return output_status("echo", output_write(OS_OUTPUT, line, (size_t)(end - line)));
}
