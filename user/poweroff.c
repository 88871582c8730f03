// SPDX-License-Identifier: MIT
//
// poweroff: turns the machine off, with an exit status for whoever started it
#include "os.h"

int poweroff_main(int argc, char **argv)
{
    uint64_t status = 0;
    if (argc > 2 || (argc == 2 && (string_to_u64(argv[1], 10, &status) || status > 255)))
        return os_usage("poweroff [STATUS], 0 to 255");
    os_poweroff((int)status);
}
