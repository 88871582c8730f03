// SPDX-License-Identifier: MIT
//
// Programs: functions with a name that the shell can start.
//
// The table is made by tools/programs from the chapters' lists: user/NAME.c with a
// NAME_main() is a program, and its line "// NAME: what it does" is its summary.
// Chapter 13.
#pragma once

struct program {
    const char *name;
    const char *summary;
    int (*main)(int argc, char **argv); // its result is the exit status
};

extern const struct program program_table[]; // by ascending name; ends with {0}

// The program of that name, or NULL.
const struct program *program_find(const char *name);
