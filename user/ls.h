// SPDX-License-Identifier: MIT
//
// Between the files of ls: ls.c (what to list), ls_print.c (how it looks).
#pragma once

#include "os.h"

struct ls {
    bool dots, hidden;       // -a -A: . and .., names that begin with a dot
    bool details, human;     // -l -h
    bool numbers;            // -i
    bool below;              // -R
    bool themselves;         // -d: directories themselves, not what is in them
    bool reverse;            // -r
    bool marks;              // -F: a sign behind the name tells the type
    bool one_per_line;       // -1
    char order;              // t: by time, S: by size, 0: by name
    bool stat;               // more than the type is needed
    bool console;            // somebody looks at it
};

struct ls_item {
    struct os_status status;
    char *target; // of a symbolic link, or NULL
    char name[];
};

int ls_print(const struct ls *ls, struct ls_item **items, size_t count);
