// SPDX-License-Identifier: MIT
//
// clear: clears the screen
#include "os.h"

int clear_main(int argc, char **argv)
{
    if (argc != 1)
        return os_usage("clear");
    return os_printf("\033[H\033[2J") < 0;
}
