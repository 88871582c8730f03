// SPDX-License-Identifier: MIT
//
// Whole trees, between the host and a mounted image: files (holes stay holes), folders,
// symbolic links, hard links among what is copied at once, and times. Owners and
// permissions have no place in a tsfs.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct copy_count {
    uint64_t files;     // of all kinds
    uint64_t bytes;     // of contents
    uint64_t blocks;    // what they take of a tsfs, at least
    uint64_t newest_ns; // the latest change
    uint32_t digest;    // over names and sizes: follows from the tree
};

// Each complains about what it cannot do, and stops there: 0 or an error.
int copy_measure(const char *outside, struct copy_count *count); // changes nothing
// A folder goes into the one of that path, where there is one; a file replaces one.
int copy_in(const char *outside, const char *inside);
int copy_out(const char *inside, const char *outside);

// From now on what is copied in has, in all its times, the file's own (but not later than
// the limit): nothing tells when it was copied.
void copy_reproducibly(uint64_t latest_ns);

// ---- names.c: where a copy is, on both sides ---------------------------------------------
enum { PLACE_SIZE = 4096 };
struct place {
    size_t length;
    char path[PLACE_SIZE]; // terminated
};
int place_set(struct place *place, const char *path); // -ENAMETOOLONG; so does the next
// Appends "/name"; *before is what place_leave() goes back to.
int place_enter(struct place *place, const char *name, size_t *before);
void place_leave(struct place *place, size_t before);

// Files with several names that were met already, and what the copy's first name is.
struct linked_file {
    uint64_t device, number;
    char *copy;
};
struct linked_files {
    struct linked_file *list;
    size_t count, room;
};
const char *linked_find(const struct linked_files *files, uint64_t device, uint64_t number);
int linked_add(struct linked_files *files, uint64_t device, uint64_t number, const char *copy);
void linked_free(struct linked_files *files);
