// SPDX-License-Identifier: MIT
//
// A directory's names, read all at once and sorted: then it is closed again, and may
// change while they are gone through.
//
// Chapter 13.
#pragma once

#include "os.h"

struct directory_entry {
    enum os_file_type type;
    char name[];
};

struct directory {
    struct directory_entry **entries; // sorted by the bytes of their names
    size_t count;
    size_t room;
};

// 0 or an error: then there is nothing to free.
int directory_read(const char *path, struct directory *directory);
void directory_free(struct directory *directory);
// A sort for everybody: stable, in n log n steps. `before` says whether b must come before
// a. 0 or -ENOMEM.
int sort_pointers(void **items, size_t count, bool (*before)(const void *b, const void *a));
