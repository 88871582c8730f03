// SPDX-License-Identifier: MIT
//
// echo: prints its words; -n: without a new line
#include "os.h"

int echo_main(int argc, char **argv)
{
    bool newline = argc < 2 || strcmp(argv[1], "-n") != 0;
    int result = 0;
    for (int i = newline ? 1 : 2; i < argc && result >= 0; i++)
        result = os_printf(i + 1 < argc ? "%s " : "%s", argv[i]);
    if (newline && result >= 0)
        result = os_printf("\n");
    return result < 0;
}
