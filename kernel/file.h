// SPDX-License-Identifier: MIT
//
// Files: whatever can be opened, read, written and closed, behind one table of functions.
//
//   struct file *file              shared by reference: file_get(), file_put()
//   file_read(), file_write()      what every kind has; a kind embeds struct file
//   struct file_table              a program's handles: small numbers for files
//
// Chapter 13.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file;
struct file_loan;
struct os_entry;
struct os_status;
struct poll_source;

struct file_operations {
    const char *kind; // "console", "pipe"
    // Sleep. A count (reading: 0 at the end) or a negative error number. NULL: -EBADF.
    int (*read)(struct file *file, void *buffer, size_t size);
    int (*write)(struct file *file, const void *bytes, size_t size);
    // The last reference is gone. May sleep. NULL: there is nothing to do.
    void (*release)(struct file *file);
    // The last handle is gone, but not the last reference: who waits in read() or write() is
    // to give up, -EBADF. Never sleeps. NULL: nobody waits for long.
    void (*closed)(struct file *file);
    // Those of os_files.h; all may sleep. NULL: -ESPIPE for the first three, -EINVAL for
    // truncate and sync, -ENOTDIR for list; a status with the type OS_TYPE_PIPE.
    int64_t (*seek)(struct file *file, int64_t offset, int whence);
    int (*read_at)(struct file *file, uint64_t offset, void *buffer, size_t size);
    int (*write_at)(struct file *file, uint64_t offset, const void *bytes, size_t size);
    int (*truncate)(struct file *file, uint64_t size);
    int (*sync)(struct file *file);
    int (*status)(struct file *file, struct os_status *status);
    int (*list)(struct file *file, struct os_entry *entry);
    // See file_lend(). NULL: -EOPNOTSUPP.
    int (*lend)(struct file *file, uint64_t offset, struct file_loan *loans, unsigned count);
    // Whether it is ready: bits OS_POLL_... of os_net.h. Who wants to hear of changes looks at
    // *source. Never sleeps. NULL: always ready for both.
    unsigned (*poll)(struct file *file, struct poll_source **source);
};

struct file {
    const struct file_operations *operations;
    unsigned references;
    unsigned handles; // how many stand for it, of any program
    bool is_closed;   // the last of them is gone
    bool no_wait;     // what would wait says -EAGAIN (OS_OPTION_WAIT; of pipes and sockets)
};

void file_init(struct file *file, const struct file_operations *operations); // one reference
struct file *file_get(struct file *file); // one more reference
void file_put(struct file *file);         // one less; NULL may be given
int file_read(struct file *file, void *buffer, size_t size);
int file_write(struct file *file, const void *bytes, size_t size);
int64_t file_seek(struct file *file, int64_t offset, int whence);
int file_read_at(struct file *file, uint64_t offset, void *buffer, size_t size);
int file_write_at(struct file *file, uint64_t offset, const void *bytes, size_t size);
int file_truncate(struct file *file, uint64_t size);
int file_sync(struct file *file);
int file_status(struct file *file, struct os_status *status);
int file_list(struct file *file, struct os_entry *entry);
// Memory that holds a part of a file: it stays where it is until release(context), which may be
// called between threads. It is for reading; who writes to the file meanwhile changes it.
struct file_loan {
    void *bytes;
    size_t size;
    void (*release)(void *context);
    void *context;
};
// The bytes from `offset` on: up to `count` loans, each where the one before it ends. Sleeps.
// How many; 0: the end of the file; -EOPNOTSUPP: they have to be read; or an error of reading.
int file_lend(struct file *file, uint64_t offset, struct file_loan *loans, unsigned count);
// What seek() is for a kind with positions: moves *position as os_seek() says, where the end
// is at `size`. It, or -EINVAL, -EOVERFLOW.
int64_t file_move(uint64_t *position, uint64_t size, int64_t offset, int whence);
// Bits OS_POLL_..., as poll() above. *source stays as it is where nothing ever changes.
unsigned file_poll(struct file *file, struct poll_source **source);
// Empty for reading, takes whatever is written. The reference is the caller's.
struct file *file_null(void);

// ---- Handles (file_table.c) ---------------------------------------------------------------
enum { FILE_HANDLES_MAX = 65536 };

// All zeros: none is open.
struct file_table {
    struct file **files;  // by handle; NULL: not open
    uint64_t *taken;      // a bit for each handle: open
    unsigned room;        // handles that there is memory for; it grows
    unsigned full_below;  // all handles below this one are taken
    uint64_t full[FILE_HANDLES_MAX / 64 / 64]; // a bit for each word of `taken`: all of it is
};

// Takes over the caller's reference, also when it fails. The lowest free handle; -EMFILE;
// -ENOMEM.
int file_table_add(struct file_table *table, struct file *file);
// The next file_table_add() will not fail. 0; -EMFILE; -ENOMEM.
int file_table_reserve(struct file_table *table);
// NULL when the handle is not open. The reference stays the table's.
static inline struct file *file_table_find(const struct file_table *table, int handle)
{
    return (unsigned)handle < table->room ? table->files[handle] : NULL;
}
int file_table_close(struct file_table *table, int handle); // 0, -EBADF
void file_table_close_all(struct file_table *table);        // and gives its memory back

// ---- Names ----------------------------------------------------------------------------------
// What a tree of names is needed for, and not there before chapter 17. Unset: -ENOSYS.
struct file_hooks {
    int (*open)(const char *path, unsigned flags, struct file **file); // os_open()
    // os_stat(), os_lstat()
    int (*status)(const char *path, bool follow, struct os_status *status);
    // The absolute path of an open directory.
    int (*path_of)(struct file *directory, char *path, size_t size);
    // The machine is about to stop: everything written is put on its disk for good.
    int (*end)(void);
};
struct file_hooks *file_hooks(void);
