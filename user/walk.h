// SPDX-License-Identifier: MIT
//
// Walking over a file, or a directory and everything below it, in the order of names.
//
//   struct walk walk;
//   int error = walk_start(&walk, "dir");
//   while (!error && (event = walk_next(&walk)) != WALK_END)
//       ... walk.path, walk.status ...                   // what has been met
//   walk_finish(&walk);
//
// A directory is met twice, before (WALK_ENTER) and after what is in it (WALK_LEAVE).
// Symbolic links are not followed. Each directory is read as a whole when it is entered: what
// is in it may be removed, and new files in it are not met. However deep it is, one handle
// is open at a time, and the stack stays small.
//
// Chapter 17.
#pragma once

#include "directory.h"

enum walk_event {
    WALK_END,
    WALK_FILE,  // anything but a directory
    WALK_ENTER,
    WALK_LEAVE,
    WALK_ERROR, // walk.error: the file cannot be looked at, or the directory not be read
};

struct walk_level;

struct walk {
    // What has been met:
    char *path;
    const char *name; // the last part of the path
    unsigned depth;   // 0: what the walk started with
    struct os_status status;
    bool is_last;     // of its directory
    int error;
    // For whoever adds up: `total` begins as 0 in each directory; when it is left, what it has
    // become is in `sum`, and `total` is again that of the directory above.
    uint64_t total, sum;
    // May be set after walk_start(): which names of a directory to meet at all.
    bool (*wanted)(const void *context, const struct directory_entry *entry);
    const void *context;
    // Inside:
    struct walk_level *level; // the directory that we are in; NULL: before the start
    bool entering;            // WALK_ENTER was the last event
    bool started;
};

int walk_start(struct walk *walk, const char *path); // -ENOMEM, -ENAMETOOLONG
enum walk_event walk_next(struct walk *walk);
void walk_skip(struct walk *walk); // after WALK_ENTER: not into this one; no WALK_LEAVE
void walk_finish(struct walk *walk);
