// SPDX-License-Identifier: MIT
//
// Which of an image's unit tests runs.
#include "cmdline.h"
#include "panic.h"
#include "run.h"
#include "string.h"

const struct unit *unit_chosen(void)
{
    char name[64];
    if (cmdline_value("unit", name, sizeof(name)) < 0)
        return units;
    for (const struct unit *unit = units; unit->name; unit++)
        if (strcmp(unit->name, name) == 0)
            return unit;
    panic("there is no unit test %s in this image", name);
}
