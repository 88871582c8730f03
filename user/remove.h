// SPDX-License-Identifier: MIT
//
// Removing trees of files: for rm, and for mv from one file system to another.
//
// Chapter 18.
#pragma once

// A directory with all that is in it, or anything else. 0, or 1 after complaints that
// begin with `program`.
int remove_tree(const char *program, const char *path);
