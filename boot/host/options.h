// SPDX-License-Identifier: MIT
//
// The process's own options, spelled like QEMU's.
#pragma once

#include <stdint.h>

struct options {
    uint64_t memory_size;     // bytes, whole pages
    const char *command_line; // the kernel's, or NULL
};

// Ends the process, saying what was expected, when the arguments are wrong.
struct options options_parse(int argc, char **argv);
