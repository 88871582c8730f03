// SPDX-License-Identifier: MIT
//
// dmesg: shows the kernel's log
#include "os.h"

int dmesg_main(int argc, char **argv)
{
    if (argc != 1)
        return os_usage("dmesg");
    char buffer[256];
    size_t position = 0, count;
    while ((count = os_log_read(&position, buffer, sizeof(buffer))) > 0) {
        if (os_write(OS_OUTPUT, buffer, count) < 0)
            return 1;
    }
    return 0;
}
