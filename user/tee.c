// SPDX-License-Identifier: MIT
//
// tee: passes its input on and writes it to files as well; -a: at their ends
#include "options.h"
#include "output.h"
#include "path.h"

enum { BUFFER_SIZE = 16384 };

struct copies {
    char **names;
    int *handles; // -1: could not be opened, or not be written
    int count;
};

static int open_all(struct copies *copies, bool append)
{
    unsigned flags = OS_WRITE_ONLY | OS_CREATE | (append ? OS_APPEND : OS_TRUNCATE);
    int status = 0;
    for (int i = 0; i < copies->count; i++) {
        copies->handles[i] = os_open(copies->names[i], flags);
        if (copies->handles[i] < 0)
            status = path_error("tee", copies->names[i], copies->handles[i]);
    }
    return status;
}

// A file that fails does not hold up the others.
static int write_all(struct copies *copies, const char *bytes, int size)
{
    int status = 0;
    for (int i = 0; i < copies->count; i++) {
        if (copies->handles[i] < 0)
            continue;
        int error = output_write(copies->handles[i], bytes, (size_t)size);
        if (!error)
            continue;
        status = path_error("tee", copies->names[i], error);
        os_close(copies->handles[i]);
        copies->handles[i] = -1;
    }
    return status;
}

int tee_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "a");
    bool append = false;
    int letter;
    while ((letter = options_next(&options)) > 0)
        append = true;
    if (letter < 0)
        return os_usage("tee [-a] [FILE...]");
    struct copies copies = {options.operands, NULL, options.count};
    copies.handles = os_alloc((size_t)(options.count + 1) * sizeof(int));
    char *buffer = os_alloc(BUFFER_SIZE);
    if (!copies.handles || !buffer)
        return os_print_error("tee", -ENOMEM);
    int status = open_all(&copies, append), size;
    while ((size = os_read(OS_INPUT, buffer, BUFFER_SIZE)) > 0) {
        if (output_write(OS_OUTPUT, buffer, (size_t)size))
            status = 1;
        status |= write_all(&copies, buffer, size);
    }
    return size < 0 ? os_print_error("tee", size) : status;
}
