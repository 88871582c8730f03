// SPDX-License-Identifier: MIT
//
// The options of a program, as hands type them: `ls -la`, `rm dir -rf`, `head -n5`,
// `grep -- -x`.
//
//   struct options options = options_start(argc, argv, "lan:");   // n: has a value
//   while ((letter = options_next(&options)) > 0)
//       ...                                           // options.value
//   if (letter < 0) return os_usage("...");
//   for (int i = 0; i < options.count; i++) ... options.operands[i]
//
// Chapter 13.
#pragma once

#include "os.h"

struct options {
    const char *value; // of the letter just given
    char **operands;   // what is no option, when there are no more options
    int count;
    // Inside:
    int argc;
    char **argv;
    const char *letters;
    const char *at; // the rest of a word of letters, or NULL
    int next;       // the next word
    bool no_more;   // behind "--"
};

// `letters`: those there are; a ':' behind one: with a value.
struct options options_start(int argc, char **argv, const char *letters);
// The next letter; 0: there are no more; -1: there is no such option, or its value is
// missing.
int options_next(struct options *options);
// "ping: -s 70000: expected ...": that the value of the letter just given is wrong. Returns
// false.
bool options_wrong(const struct options *options, int letter, const char *expected);
// A number with an optional k, M or G (of 1024) behind it. False: it is none.
bool options_number(const char *text, uint64_t *value);
// Decimal seconds as nanoseconds: "1", "0.25", ".5". False: they are none, or too many.
bool options_seconds(const char *text, uint64_t *ns);
