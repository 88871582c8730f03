// SPDX-License-Identifier: MIT
//
// yes: prints y, or its words, until somebody stops it
#include "os.h"

int yes_main(int argc, char **argv)
{
    for (;;) {
        int result = argc < 2 ? os_printf("y\n") : 0;
        for (int i = 1; i < argc && result >= 0; i++)
            result = os_printf("%s%c", argv[i], i + 1 < argc ? ' ' : '\n');
        if (result < 0)
            return 1;
    }
}
