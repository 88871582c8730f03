// SPDX-License-Identifier: MIT
//
// The application interface, continued: files, directories and file systems. Programs
// include os.h, which includes this.
//
// Paths are absolute, or begin at the current directory; up to 4095 bytes, each name up to
// 255 (-ENAMETOOLONG), any bytes but '/'. A slash at the end stands for a directory. Any call
// with a path may answer
//   -ENOENT   a name is not there; the path is empty
//   -ENOTDIR  a name in the middle, or one with a slash behind it, is no directory
//   -ELOOP    more than 8 symbolic links on the way
// and any that changes something -EROFS, -ENOSPC. Everything may answer -EIO, -ENOMEM, and
// -ENOSYS: there is no file system. All of it waits; nothing is done by halves when Ctrl-C
// comes.
// Chapter 17.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OS_NAME_MAX = 255, OS_PATH_MAX = 4096 }; // a path's with its terminator

// ---- Opening ----------------------------------------------------------------------------
// One of the first three, and any of the others that make sense with it.
enum {
    OS_READ_ONLY = 1,
    OS_WRITE_ONLY = 2,
    OS_READ_WRITE = 3,
    OS_CREATE = 4,      // an empty file, when nothing is there
    OS_EXCLUSIVE = 8,   // with OS_CREATE: nothing may be there, -EEXIST
    OS_TRUNCATE = 16,   // a file is cut to nothing; needs writing
    OS_APPEND = 32,     // every os_write() goes to the end
    OS_DIRECTORY = 64,  // it must be one, -ENOTDIR; not with OS_CREATE
    OS_NO_FOLLOW = 128, // not through a symbolic link at the end, -ELOOP
};
// A handle, the lowest that is free, for os_read(), os_write() and the calls below. -EMFILE:
// all are in use; -EISDIR: a directory can only be read; -EROFS: writing a file of a
// read-only file system; -EINVAL: the flags make no sense.
int os_open(const char *path, unsigned flags);
// The new position, from the start, where the next os_read() or os_write() begins; a
// directory goes back to its start (0, OS_SEEK_SET). It may lie behind the end: what is
// written there leaves a hole, which reads as zeros. -ESPIPE: it has no positions;
// -EINVAL: before the start; -EOVERFLOW.
enum { OS_SEEK_SET, OS_SEEK_CURRENT, OS_SEEK_END };
int64_t os_seek(int handle, int64_t offset, int whence);
// os_read() and os_write() of files: a count, less than `size` only at the end of the file,
// or of the space there is. -EISDIR; -EFBIG: beyond the largest file there can be.
// These two are the same at a place of their own; the position stays where it was. -ESPIPE.
int os_read_at(int handle, uint64_t offset, void *buffer, size_t size);
int os_write_at(int handle, uint64_t offset, const void *bytes, size_t size);
// Cuts, or grows with zeros. -EBADF: not open for writing; -EINVAL: no file; -EFBIG.
int os_truncate(int handle, uint64_t size);
// What was written to it is on the disk for good, and its name as well. -EINVAL: it is not
// kept anywhere (a pipe).
int os_fsync(int handle);
int os_sync(void); // the same for everything that was ever done; the first error

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
    // Since 1970-01-01 00:00 UTC; 0: not known. Reading does not change the first.
    uint64_t accessed_ns, modified_ns, changed_ns;
};
int os_stat(const char *path, struct os_status *status);
int os_lstat(const char *path, struct os_status *status); // of a symbolic link itself
int os_fstat(int handle, struct os_status *status);       // -EBADF
struct os_entry {
    uint64_t number;
    enum os_file_type type;
    char name[OS_NAME_MAX + 1];
};
// The next entry of an open directory, without "." and "..", in no order. 1; 0: the end.
// Each that stays is given once, whatever comes and goes meanwhile. -EBADF, -ENOTDIR.
int os_read_directory(int handle, struct os_entry *entry);

// ---- Changing names ---------------------------------------------------------------------
int os_mkdir(const char *path);  // -EEXIST
// -ENOTEMPTY; -EBUSY: something is mounted on it, or it is the root; -EINVAL: it ends in ".".
int os_rmdir(const char *path);
int os_unlink(const char *path); // -EISDIR. Who has it open keeps it.
// At once, or not at all, even when the power fails: what had the new name before is gone.
// Two names of the same file stay as they are. -EXDEV: another file system; -EISDIR,
// -ENOTDIR: a directory only replaces a directory; -ENOTEMPTY; -EBUSY: something is mounted on
// it, or it is the root; -EINVAL: into itself, or "." or "..".
int os_rename(const char *from, const char *to);
// One more name for a file, or for a symbolic link itself. -EEXIST, -EXDEV; -EPERM: a
// directory, or a file system without links.
int os_link(const char *from, const char *to);
// The target need not be there, but not be empty, -ENOENT. -EEXIST; -EPERM: as above.
int os_symlink(const char *target, const char *path);
// Where a symbolic link leads: the length, cut to size - 1; terminated. -EINVAL: it is none.
int os_read_link(const char *path, char *target, size_t size);
#define OS_TIME_NOW UINT64_MAX
#define OS_TIME_KEEP (UINT64_MAX - 1)
int os_set_times(const char *path, uint64_t accessed_ns, uint64_t modified_ns);

// ---- The current directory: a program starts in its parent's ----------------------------
int os_chdir(const char *path);
// Absolute, terminated: 0. -ERANGE: it does not fit; -ENOENT: it has been removed.
int os_current_directory(char *path, size_t size);

// ---- File systems -----------------------------------------------------------------------
enum { OS_MOUNT_READ_ONLY = 1 };
// The file system of a disk ("/dev/vdb") appears at a directory, and covers what is there.
// `type` NULL: whatever it is. -ENODEV: no such type or disk; -EINVAL: the disk's is not of
// that type; -EBUSY: the disk is in use, or something is mounted there.
int os_mount(const char *source, const char *path, const char *type, unsigned flags);
// After writing all of it. -EBUSY: something of it is open; -EINVAL: nothing is mounted there.
int os_unmount(const char *path);
struct os_fs_info {
    uint64_t blocks, blocks_free; // of block_size bytes
    uint64_t files, files_free;   // 0: no limit
    uint32_t block_size, name_max;
    bool read_only;
    char type[16], source[32], path[64];
};
int os_fs_info(const char *path, struct os_fs_info *info); // where the path leads
bool os_fs_next(unsigned i, struct os_fs_info *info);      // the i-th mount; false: no more
