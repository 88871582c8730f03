// SPDX-License-Identifier: MIT
//
// Output to whatever the shell has made of it: the console, a pipe, a file on a full disk.
//
//   error = output_write(OS_OUTPUT, bytes, size);
//   return output_status("cat", error);
//
// os_write() may write a part when the rest fails; why is known by who tries the rest.
// Chapter 13.
#pragma once

#include "os.h"

int output_write(int handle, const void *bytes, size_t size); // 0, or why not all of it
// The status to end with: 0 without an error. Says what it was, but for a reader that has
// heard enough (-EPIPE).
int output_status(const char *program, int error);
