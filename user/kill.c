// SPDX-License-Identifier: MIT
//
// kill: asks programs to end, by the ids that ps shows
#include "os.h"

int kill_main(int argc, char **argv)
{
    if (argc < 2)
        return os_usage("kill ID...");
    int status = 0;
    for (int i = 1; i < argc; i++) {
        uint64_t id;
        if (string_to_u64(argv[i], 10, &id) || id > INT32_MAX)
            return os_usage("kill ID...");
        int error = os_kill((int)id);
        if (error)
            status = os_print_error(argv[i], error);
    }
    return status;
}
