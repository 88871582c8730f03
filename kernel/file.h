// SPDX-License-Identifier: MIT
//
// Files: whatever can be read, written and closed, behind one small table of functions.
//
//   struct file *file              shared by reference: file_get(), file_put()
//   file_read(), file_write()      what every kind has; a kind embeds struct file
//   struct file_table              a program's handles: small numbers for files
//
// Chapter 13.
#pragma once

#include <stddef.h>

struct file;

struct file_operations {
    const char *kind; // "console", "pipe"
    // Sleep. A count (reading: 0 at the end) or a negative error number. NULL: -EBADF.
    int (*read)(struct file *file, void *buffer, size_t size);
    int (*write)(struct file *file, const void *bytes, size_t size);
    // The last reference is gone. Never sleeps. NULL: there is nothing to do.
    void (*release)(struct file *file);
};

struct file {
    const struct file_operations *operations;
    unsigned references;
};

void file_init(struct file *file, const struct file_operations *operations); // one reference
struct file *file_get(struct file *file); // one more reference
void file_put(struct file *file);         // one less; NULL may be given
int file_read(struct file *file, void *buffer, size_t size);
int file_write(struct file *file, const void *bytes, size_t size);
// Empty for reading, takes whatever is written. The reference is the caller's.
struct file *file_null(void);

enum { FILE_HANDLES_MAX = 64 };

struct file_table {
    struct file *files[FILE_HANDLES_MAX]; // by handle; NULL: not open
};

// Takes over the caller's reference, also when it fails. The lowest free handle, or
// -EMFILE.
int file_table_add(struct file_table *table, struct file *file);
// NULL when the handle is not open. The reference stays the table's.
struct file *file_table_find(const struct file_table *table, int handle);
int file_table_close(struct file_table *table, int handle); // 0, -EBADF
void file_table_close_all(struct file_table *table);
