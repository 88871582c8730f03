// SPDX-License-Identifier: MIT
//
// Where this board's devices send messages, if they do. Chapter 28.
#pragma once

#include <stdint.h>

struct fdt;

// Early: notes what the device tree says, for our hart.
void messages_describe(const struct fdt *tree, uint64_t hart);
