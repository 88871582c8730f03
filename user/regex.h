// SPDX-License-Identifier: MIT
//
// Regular expressions, the basic ones of grep: c . [a-z] [^a-z] * \? \+ ^ $ \c
//
//   struct regex *regex = regex_compile("^a.*[0-9]$", false, &mistake);
//   regex_matches(regex, line)
//   os_free(regex);
//
// Chapter 17.
#pragma once

#include "os.h"

struct regex;

// NULL: no memory, or it makes no sense: then *mistake says why.
struct regex *regex_compile(const char *text, bool ignore_case, const char **mistake);
bool regex_matches(struct regex *regex, const char *line); // somewhere in the line
