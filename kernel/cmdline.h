// SPDX-License-Identifier: MIT
//
// The command line: words of the form name or name=value, given by whoever starts the
// machine.
//
// A value with spaces stands in double quotes: run="ps; free". Inside quotes a backslash takes
// the special meaning off the quote or backslash that follows it. An open quote ends with the
// line. A line is at most CMDLINE_SIZE - 1 bytes; the rest is cut and logged.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/boot.h"

enum { CMDLINE_SIZE = 4096 };

void cmdline_init(const struct boot_info *boot);
const char *cmdline_text(void); // all of it; "" when there is none
// The value of the last word with that name, unquoted: its length, or -ENOENT; -E2BIG when
// `size` is too small (then the value is cut). A bare name has the value "".
int cmdline_value(const char *name, char *value, size_t size);
// The same for numbers (decimal, or hexadecimal with 0x); `otherwise` when absent. A value
// that is no number is logged.
uint64_t cmdline_number(const char *name, uint64_t otherwise);
