// SPDX-License-Identifier: MIT
//
// Copying files and trees of files: for cp, and for mv from one file system to another.
//
// Chapter 18.
#pragma once

#include "os.h"

struct copy {
    const char *program; // for complaints
    bool below;          // directories with all that is in them
    bool keep_links;     // a symbolic link is copied, not what it leads to
    bool keep_times;
    bool verbose;
    // Inside, zero at first:
    char *buffer;
    size_t buffer_size;
    uint64_t top_device, top_number; // of the directory that is made, for `cp -r a a/b`
};

// `to` is the new name itself. 0, or 1 after complaints.
int copy_tree(struct copy *copy, const char *from, const char *to);
void copy_finish(struct copy *copy);
