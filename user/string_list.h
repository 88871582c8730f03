// SPDX-License-Identifier: MIT
//
// A list of strings that grows, each a copy of its own.
//
// Chapter 13.
#pragma once

#include "os.h"

struct string_list {
    char **items;
    size_t count, room;
};

// Appends a and b as one string; a NULL when a is NULL. 0 or -ENOMEM.
int string_list_add(struct string_list *list, const char *a, const char *b);
void string_list_free(struct string_list *list); // empty again
