// SPDX-License-Identifier: MIT
//
// What a tool asks of the system that it runs on: files and folders, its arguments, the
// time. Plain types, since the two sides of a tool see different headers: outside.c sees
// the C library, everything else the kernel's.
//
// Functions return 0 or a count, or a negative error number: Linux's are the kernel's.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum outside_type { OUTSIDE_FILE = 1, OUTSIDE_FOLDER, OUTSIDE_LINK, OUTSIDE_OTHER };

struct outside_status {
    enum outside_type type;
    uint32_t names;            // hard links
    uint64_t device, number;   // which file it is
    uint64_t size;             // bytes; of a disk, too
    uint64_t accessed_ns, modified_ns;
};

enum outside_mode { OUTSIDE_READ, OUTSIDE_CHANGE, OUTSIDE_MAKE }; // made, or emptied
enum { OUTSIDE_INPUT, OUTSIDE_OUTPUT, OUTSIDE_ERRORS };           // files that are open

int outside_status(const char *path, struct outside_status *status); // a link's own
int outside_status_of(int file, struct outside_status *status);
int outside_open(const char *path, enum outside_mode mode);
void outside_close(int file);
int outside_read_at(int file, uint64_t offset, void *buffer, size_t size); // all, or an error
int outside_write_at(int file, uint64_t offset, const void *bytes, size_t size);
int outside_write(int file, const void *bytes, size_t size); // where it stands; all of it
int outside_set_size(int file, uint64_t size);
int outside_sync(int file);
// The next piece at or behind an offset that is no hole. 1; 0: none.
int outside_next_data(int file, uint64_t offset, uint64_t *start, uint64_t *end);

// The names in a folder, sorted, without "." and "..". A count; give *names back.
int outside_list(const char *path, char ***names);
void outside_list_free(char **names, int count);
int outside_make_folder(const char *path); // 0 as well when there is one
int outside_make_link(const char *target, const char *path);
int outside_make_name(const char *existing, const char *path); // a hard link
int outside_read_link(const char *path, char *target, size_t size); // terminated; its length
int outside_remove(const char *path);
int outside_set_times(const char *path, uint64_t accessed_ns, uint64_t modified_ns);

const char *outside_variable(const char *name); // of the environment, or NULL
uint64_t outside_now_ns(void);                  // since 1970

// ---- process.c --------------------------------------------------------------------------
int process_arguments(char ***arguments); // their count, the program's name first
void process_memory(uint64_t *start, uint64_t *size);
