// SPDX-License-Identifier: MIT
//
// The table of programs: tools/programs makes it, this finds a name in it.
// Chapter 13.
#include "program.h"

#include <stddef.h>

#include "string.h"

const struct program *program_find(const char *name)
{
    for (const struct program *program = program_table; program->name; program++) {
        if (strcmp(program->name, name) == 0)
            return program;
    }
    return NULL;
}
