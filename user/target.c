// SPDX-License-Identifier: MIT
//
// For programs that make one file of another: which new name belongs to which old one.
// Chapter 18.
#include "target.h"

#include "path.h"

bool target_is_directory(const char *path)
{
    struct os_status status;
    return os_stat(path, &status) == 0 && status.type == OS_TYPE_DIRECTORY;
}

int target_for_each(const char *program, const struct options *options,
                    int (*make)(void *context, const char *from, const char *to), void *context)
{
    char *last = options->operands[options->count - 1];
    bool into = target_is_directory(last);
    int status = 0;
    if (!into && options->count > 2)
        return path_error(program, last, -ENOTDIR);
    for (int i = 0; i < options->count - 1; i++) {
        char *from = options->operands[i];
        path_strip(from);
        char *to = path_join(into ? last : "", into ? path_base(from) : last);
        if (!to)
            return os_print_error(program, -ENOMEM);
        status |= make(context, from, to);
        os_free(to);
    }
    return status;
}
