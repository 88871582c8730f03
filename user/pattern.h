// SPDX-License-Identifier: MIT
//
// Patterns for names: * any bytes, ? any character, [a-z] one of these, [!a-z] none of
// them; \ takes the meaning from what follows. For the shell, and for `find -name`.
//
// Chapter 13.
#pragma once

#include <stdbool.h>

bool pattern_matches(const char *pattern, const char *name); // all of the name
bool pattern_is_plain(const char *pattern); // it can only match itself
void pattern_unescape(char *pattern);       // the name that a plain pattern matches
