// SPDX-License-Identifier: MIT
//
// procfs: the state of the system as files of text, for /proc. Chapter 17.
#pragma once

#include "fs/vfs.h"

extern const struct file_system procfs_file_system;

// Text that grows as it is printed to.
struct text {
    char *bytes; // on the heap
    size_t length, room;
    bool failed; // memory was out: some of it is missing
};
void text_print(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// What the files hold (procfs_files.c). The table ends with {0}.
struct procfs_file {
    const char *name;
    void (*print)(struct text *text);
};
extern const struct procfs_file procfs_files[];
