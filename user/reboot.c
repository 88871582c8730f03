// SPDX-License-Identifier: MIT
//
// reboot: starts the machine again
#include "os.h"

int reboot_main(int argc, char **argv)
{
    if (argc != 1)
        return os_usage("reboot");
    os_reboot();
}
