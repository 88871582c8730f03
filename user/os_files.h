// SPDX-License-Identifier: MIT
//
// The application interface, continued: files, directories and file systems. Programs
// include os.h, which includes this.
//
// Paths are absolute, or begin at the current directory; up to 4095 bytes, each name up to
// 255. Any call with a path may answer -ENOENT, -ENOTDIR, -ENAMETOOLONG, -ELOOP (more than 8
// symbolic links), -EIO, -ENOMEM; any that changes something -EROFS, -ENOSPC. All wait.
// Chapter 17.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OS_NAME_MAX = 255, OS_PATH_MAX = 4096 }; // a path's with its terminator

// ---- Opening ----------------------------------------------------------------------------
enum {
    OS_READ_ONLY = 1,
    OS_WRITE_ONLY = 2,
    OS_READ_WRITE = 3,
    OS_CREATE = 4,      // when it is not there
    OS_EXCLUSIVE = 8,   // with OS_CREATE: it must not be there, -EEXIST
    OS_TRUNCATE = 16,   // to nothing
    OS_APPEND = 32,     // every write goes to the end
    OS_DIRECTORY = 64,  // must be one, -ENOTDIR
    OS_NO_FOLLOW = 128, // not through a symbolic link at the end, -ELOOP
};
// A handle for os_read(), os_write() and the calls below; -EISDIR: a directory cannot be
// written; -EMFILE.
int os_open(const char *path, unsigned flags);
enum { OS_SEEK_SET, OS_SEEK_CURRENT, OS_SEEK_END };
// The new position, from the start; -ESPIPE: it has none; -EINVAL: before the start.
int64_t os_seek(int handle, int64_t offset, int whence);
// At a position of its own, which stays where it was.
int os_read_at(int handle, uint64_t offset, void *buffer, size_t size);
int os_write_at(int handle, uint64_t offset, const void *bytes, size_t size);
// Cuts, or grows with zeros; -EFBIG.
int os_truncate(int handle, uint64_t size);
// What was written to it is on the disk for good, and its name as well; -EIO.
int os_fsync(int handle);
int os_sync(void); // the same for everything

// ---- Looking ----------------------------------------------------------------------------
enum os_file_type {
    OS_TYPE_FILE = 1,
    OS_TYPE_DIRECTORY,
    OS_TYPE_SYMLINK,
    OS_TYPE_DEVICE, // of bytes: the console, /dev/null
    OS_TYPE_DISK,   // a block device
    OS_TYPE_PIPE,
};
struct os_status {
    enum os_file_type type;
    uint32_t links;
    uint64_t device, number;       // of the file system, and of the file there
    uint64_t size, blocks;         // bytes; 512-byte sectors that it takes
    uint32_t block_size;           // what is good to read at once
    uint64_t accessed_ns, modified_ns, changed_ns; // since 1970-01-01 00:00 UTC; 0: not known
};
int os_stat(const char *path, struct os_status *status);
int os_lstat(const char *path, struct os_status *status); // of the symbolic link itself
int os_fstat(int handle, struct os_status *status);
struct os_entry {
    uint64_t number;
    enum os_file_type type;
    char name[OS_NAME_MAX + 1];
};
// The next entry of an open directory, without "." and "..", in no order. 1; 0: the end.
int os_read_directory(int handle, struct os_entry *entry);

// ---- Changing names ---------------------------------------------------------------------
int os_mkdir(const char *path);  // -EEXIST
int os_rmdir(const char *path);  // -ENOTEMPTY, -EBUSY: mounted on, or the root
int os_unlink(const char *path); // -EISDIR. Who has it open keeps it.
// At once, or not at all, even when the power fails: what had the new name before is gone.
// -EXDEV: another file system; -EISDIR, -ENOTDIR, -ENOTEMPTY; -EINVAL: into itself.
int os_rename(const char *from, const char *to);
int os_link(const char *from, const char *to); // -EEXIST, -EXDEV; -EPERM: a directory
int os_symlink(const char *target, const char *path);
// The length; cut when it is `size` bytes or more. Terminated. -EINVAL: no symbolic link.
int os_read_link(const char *path, char *target, size_t size);
#define OS_TIME_NOW UINT64_MAX
#define OS_TIME_KEEP (UINT64_MAX - 1)
int os_set_times(const char *path, uint64_t accessed_ns, uint64_t modified_ns);

// ---- The current directory: a program starts in its parent's ----------------------------
int os_chdir(const char *path);
// Absolute, terminated: 0; -ERANGE: it does not fit; -ENOENT: it has been removed.
int os_current_directory(char *path, size_t size);

// ---- File systems -----------------------------------------------------------------------
enum { OS_MOUNT_READ_ONLY = 1 };
// `type` NULL: whatever it is. -ENODEV: no such file system or disk; -EINVAL: it is not of
// that type; -EBUSY: the disk or the directory is in use.
int os_mount(const char *source, const char *path, const char *type, unsigned flags);
int os_unmount(const char *path); // -EBUSY: something of it is open; -EINVAL: no mount
struct os_fs_info {
    uint64_t blocks, blocks_free; // of block_size bytes
    uint64_t files, files_free;   // 0: no limit
    uint32_t block_size, name_max;
    bool read_only;
    char type[16], source[32], path[64];
};
int os_fs_info(const char *path, struct os_fs_info *info); // where the path leads
bool os_fs_next(unsigned i, struct os_fs_info *info);      // the i-th mount; false: no more
