// SPDX-License-Identifier: MIT
//
// For programs that make one file of another: `cp a b`, `cp a b c directory/`.
//
//   cp a b              b is the new name
//   cp a b c dir        dir is a directory: the new names are dir/a, dir/b, dir/c
//
// Chapter 18.
#pragma once

#include "options.h"

// Calls `make` for each pair of paths. 0, or 1 when it failed for one, or the operands are
// not like that; complaints begin with `program`.
int target_for_each(const char *program, const struct options *options,
                    int (*make)(void *context, const char *from, const char *to),
                    void *context);
bool target_is_directory(const char *path);
