// SPDX-License-Identifier: MIT
//
// Files as they are named on a command line.
//
// Chapter 13.
#pragma once

#include "os.h"

// "rm: x: no such file or directory" on OS_ERROR. Returns 1, the status to end with.
int path_error(const char *program, const char *path, int error);
// Opens an operand for reading, "-" is the input. A handle; below 0: has said why not.
int path_open(const char *program, const char *path);
void path_close(int handle); // but the input stays
// What path_open() gave, one operand after the other, or the input when there are none:
// calls `use` for each, closes it. 0, or 1 when one could not be opened or used.
struct path_operands {
    const char *program;
    char **operands;
    int count;
};
int path_for_each(const struct path_operands *operands,
                  int (*use)(void *context, int handle, const char *path), void *context);
void path_strip(char *path);             // of slashes at its end, but "/" stays
const char *path_base(const char *path); // what is behind the last '/'
// "directory/name", for os_free(); NULL: no memory.
char *path_join(const char *directory, const char *name);
// All that can be read from a handle, with a 0 behind it, for os_free(). 0 or an error.
int path_read_all(int handle, char **bytes, size_t *length);
