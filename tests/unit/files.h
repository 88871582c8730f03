// SPDX-License-Identifier: MIT
//
// What the tests of file systems have in common: the way up to programs' calls, and short
// words for whole files.
#pragma once

#include "fs/ramfs.h"
#include "fs/vfs.h"
#include "process.h"
#include "terminal.h"
#include "test.h"
#include "threads.h"
#include "unit.h"
#include "user/os.h"

// For unit_setup(): what os_*() needs. Nothing is mounted yet.
static inline void unit_start_files(const struct boot_info *boot,
                                    const struct file_system *const *file_systems)
{
    unit_start_time(boot);
    terminal_init();
    process_init();
    vfs_init(file_systems);
}

// Back to where processes start: the current directory is in use no more.
static inline void unit_leave_directory(void)
{
    file_put(process_current()->directory);
    process_current()->directory = NULL;
}

// 0 or an error.
static inline int unit_write_file(const char *path, const char *text)
{
    int handle = os_open(path, OS_WRITE_ONLY | OS_CREATE | OS_TRUNCATE);
    if (handle < 0)
        return handle;
    int count = os_write(handle, text, strlen(text));
    os_close(handle);
    return count < 0 ? count : 0;
}

// Up to 127 bytes of it, or the error in words. Valid until the next call.
static inline const char *unit_read_file(const char *path)
{
    static char text[128];
    int handle = os_open(path, OS_READ_ONLY);
    int count = handle;
    if (handle >= 0) {
        count = os_read(handle, text, sizeof(text) - 1);
        os_close(handle);
    }
    if (count < 0)
        return error_text(count);
    text[count] = 0;
    return text;
}

// What os_open() answers; what it opened is closed again.
static inline int unit_try_open(const char *path, unsigned flags)
{
    int handle = os_open(path, flags);
    if (handle < 0)
        return handle;
    os_close(handle);
    return 0;
}

static inline enum os_file_type unit_type_of(const char *path)
{
    struct os_status status;
    return os_lstat(path, &status) ? 0 : status.type;
}

static inline uint64_t unit_size_of(const char *path)
{
    struct os_status status;
    return os_lstat(path, &status) ? UINT64_MAX : status.size;
}

static inline unsigned unit_links_of(const char *path)
{
    struct os_status status;
    return os_lstat(path, &status) ? 0 : status.links;
}
