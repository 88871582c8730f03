// SPDX-License-Identifier: MIT
//
// os.h: opening and looking at paths, positions, directories, and the current one.
//
// What a path means is not known here: file_hooks() are set by the layer that has names
// (chapter 17). Without it every path is -ENOSYS, and the current directory is "/".
// Chapter 13.
#include "error.h"
#include "file.h"
#include "process.h"
#include "string.h"
#include "user/os.h"

enum { COUNT_MAX = INT32_MAX }; // a count is an int

// NULL when the handle is not open.
static struct file *file_of(int handle)
{
    return file_table_find(&process_current()->files, handle);
}

static int open_path(const char *path, unsigned flags, struct file **file)
{
    struct file_hooks *hooks = file_hooks();
    return hooks->open ? hooks->open(path, flags, file) : -ENOSYS;
}

// Without a handle for it, nothing may be created or cut to nothing first.
int os_open(const char *path, unsigned flags)
{
    struct file_table *table = &process_current()->files;
    struct file *file;
    int result = file_table_reserve(table);
    if (!result)
        result = open_path(path, flags, &file);
    if (!result)
        result = file_table_add(table, file);
    return process_leave(result);
}

static int status_of(const char *path, bool follow, struct os_status *status)
{
    struct file_hooks *hooks = file_hooks();
    return process_leave(hooks->status ? hooks->status(path, follow, status) : -ENOSYS);
}

int os_stat(const char *path, struct os_status *status)
{
    return status_of(path, true, status);
}

int os_lstat(const char *path, struct os_status *status)
{
    return status_of(path, false, status);
}

int64_t os_seek(int handle, int64_t offset, int whence)
{
    struct file *file = file_of(handle);
    return file ? file_seek(file, offset, whence) : -EBADF;
}

int os_read_at(int handle, uint64_t offset, void *buffer, size_t size)
{
    struct file *file = file_of(handle);
    if (!file)
        return -EBADF;
    size = size < COUNT_MAX ? size : COUNT_MAX;
    return process_leave(file_read_at(file, offset, buffer, size));
}

int os_write_at(int handle, uint64_t offset, const void *bytes, size_t size)
{
    struct file *file = file_of(handle);
    if (!file)
        return -EBADF;
    size = size < COUNT_MAX ? size : COUNT_MAX;
    return process_leave(file_write_at(file, offset, bytes, size));
}

int os_truncate(int handle, uint64_t size)
{
    struct file *file = file_of(handle);
    return file ? process_leave(file_truncate(file, size)) : -EBADF;
}

int os_fsync(int handle)
{
    struct file *file = file_of(handle);
    return file ? process_leave(file_sync(file)) : -EBADF;
}

int os_fstat(int handle, struct os_status *status)
{
    struct file *file = file_of(handle);
    return file ? process_leave(file_status(file, status)) : -EBADF;
}

int os_read_directory(int handle, struct os_entry *entry)
{
    struct file *file = file_of(handle);
    return file ? process_leave(file_list(file, entry)) : -EBADF;
}

// ---- The current directory --------------------------------------------------------------
int os_chdir(const char *path)
{
    struct process *process = process_current();
    struct file *directory;
    int error = open_path(path, OS_READ_ONLY | OS_DIRECTORY, &directory);
    if (!error) {
        struct file *old = process->directory;
        process->directory = directory;
        file_put(old);
    }
    return process_leave(error);
}

// A reference of our own: another thread of the program may change it meanwhile.
int os_current_directory(char *path, size_t size)
{
    struct file *directory = process_current()->directory;
    if (size < sizeof("/"))
        return -ERANGE;
    strlcpy(path, "/", size);
    if (!directory || !file_hooks()->path_of)
        return 0;
    file_get(directory);
    int error = file_hooks()->path_of(directory, path, size);
    file_put(directory);
    return process_leave(error);
}
