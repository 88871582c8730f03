// SPDX-License-Identifier: MIT
//
// What files are, in words and short numbers, for programs that list them.
//
// Chapter 17.
#pragma once

#include "os.h"

enum { SHOW_SIZE = 8, SHOW_TIME = 20 }; // bytes, with the terminator

char show_type(enum os_file_type type); // - d l c b p: the first letter of `ls -l`
const char *show_type_name(enum os_file_type type);
void show_size(char text[SHOW_SIZE], uint64_t bytes); // 512 4.0K 17M
void show_time(char text[SHOW_TIME], uint64_t ns);    // 2026-11-22 03:49; -: not known
