// SPDX-License-Identifier: MIT
//
// What the runners share: the table of an image's unit tests, which the Makefile makes, and
// the choice among them.
#pragma once

#include "unit.h"

struct unit {
    const char *name;
    void (*setup)(const struct boot_info *boot);
    const struct test *tests;
};

extern const struct unit units[]; // ends with {0}

#define UNIT_DECLARE(name)                                                                     \
    void unit_setup_##name(const struct boot_info *boot);                                      \
    extern const struct test unit_tests_##name[];
#define UNIT_ENTRY(name) {#name, unit_setup_##name, unit_tests_##name},

// The one that unit=NAME on the command line names; without, the first.
const struct unit *unit_chosen(void);
