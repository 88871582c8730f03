// SPDX-License-Identifier: MIT
//
// All of it, or the reason why not.
// Chapter 13.
#include "output.h"

int output_write(int handle, const void *bytes, size_t size)
{
    const char *rest = bytes;
    while (size > 0) {
        int written = os_write(handle, rest, size);
        if (written < 0)
            return written;
        if (written == 0)
            return -ENOSPC;
        rest += written;
        size -= (size_t)written;
    }
    return 0;
}

int output_status(const char *program, int error)
{
    if (error && error != -EPIPE)
        os_fprintf(OS_ERROR, "%s: output: %s\n", program, error_text(error));
    return error != 0;
}
