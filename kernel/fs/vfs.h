// SPDX-License-Identifier: MIT
//
// The virtual file system: one tree of names over all mounted file systems.
//
//   vfs_init(file_systems)                    once, with the table of those that there are
//   vfs_mount("/dev/vda", "/", "tsfs", 0)     a file system appears in the tree
//   vfs_open(path, flags, &file)              what os_open() does; then file.h's calls
//
// Paths are resolved here and nowhere else: ".", "..", symbolic links, mounts. What is
// POSIX's is decided here too (may this be renamed onto that?), so that a file system
// only has to do what it is told. It is told by one thread at a time: the mount's mutex is
// held around every call of it, so file systems have no locks of their own.
//
// An inode in memory stands for a file that somebody uses, one for each (mount, number),
// counted. File systems name files by number and never keep a reference. Chapter 17.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "file.h"
#include "list.h"
#include "mutex.h"
#include "user/os_files.h"

struct block_device;
struct inode;
struct mount;
struct rename;

enum { VFS_NAME_MAX = OS_NAME_MAX, VFS_SYMLINKS_MAX = 8 };

// What a file system is: a table of functions. All may sleep; 0 or a count, or a negative
// error. Names are not terminated, 1 to VFS_NAME_MAX bytes without '/', never "." or ".."
// except where it says so.
//
// What may be NULL: unmount, sync, status: there is nothing to do; sync_inode: sync() does
// it; create, unlink, rename, write, truncate, set_times: -EROFS; link: -EPERM (so says
// create() of a symbolic link, where there are none: then read_link, too); lend: -EOPNOTSUPP;
// open.
struct file_system {
    const char *name; // "tsfs"
    bool on_device;   // it lives on a block device

    // Reads what is on mount->device and sets mount->root_number and mount->data; may set
    // mount->read_only (and has said why). Calls nothing of the VFS. The device is
    // claimed already.
    int (*mount)(struct mount *mount);
    // Nobody uses it, and sync() was called: gives mount->data back. The device's blocks are
    // dropped from the cache after it.
    void (*unmount)(struct mount *mount);
    int (*statistics)(struct mount *mount, struct os_fs_info *info);
    // All that has been done is on the disk for good.
    int (*sync)(struct mount *mount);

    // The inode of a number that lookup(), create() or mount() gave: allocates it (as part of a
    // larger struct) and fills in type, size, links and times.
    int (*read_inode)(struct mount *mount, uint64_t number, struct inode **inode);
    // Nobody uses it any more: writes what is to be written, and frees it. With no links
    // left, its contents and number are freed on the disk, too.
    void (*release_inode)(struct inode *inode);

    // Directories. lookup() knows "..", too (the root's is the root).
    int (*lookup)(struct inode *directory, const char *name, size_t length, uint64_t *number);
    // The entry at *position (0: the first), and moves on; without "." and "..". 1; 0: the
    // end. Entries that stay are given once, whatever happens to others in between.
    int (*list)(struct inode *directory, uint64_t *position, struct os_entry *entry);
    int (*is_empty)(struct inode *directory); // 1 or 0
    // The name is free (here and for link()). `target` is a symbolic link's.
    int (*create)(struct inode *directory, const char *name, size_t length,
                  enum os_file_type type, const char *target, uint64_t *number);
    int (*link)(struct inode *directory, const char *name, size_t length, struct inode *inode);
    // Takes the name away and one link (from a directory, which is empty: all of them).
    int (*unlink)(struct inode *directory, const char *name, size_t length,
                  struct inode *inode);
    int (*rename)(const struct rename *rename);

    // Files. read() gives less than `size` only at the end; write() only when it failed
    // after a part, and makes the file longer as needed, with a hole before where there
    // is one. The VFS has seen to it that offset + size does not wrap around.
    int (*read)(struct inode *inode, uint64_t offset, void *buffer, size_t size);
    int (*write)(struct inode *inode, uint64_t offset, const void *bytes, size_t size);
    int (*truncate)(struct inode *inode, uint64_t size); // longer, too
    int (*lend)(struct inode *inode, uint64_t offset, struct file_loan *loans, unsigned count);
    int (*sync_inode)(struct inode *inode);              // os_fsync()
    int (*read_link)(struct inode *inode, char *target, size_t size); // length; not terminated
    // times[]: accessed, modified; the change time becomes now.
    int (*set_times)(struct inode *inode, const uint64_t times_ns[2]);
    // What a device file gives instead of one of vfs_file.c's. NULL: it is an ordinary one.
    int (*open)(struct inode *inode, unsigned flags, struct file **file);
    // Fills in blocks, block size and whatever else is not in struct inode (whose fields are
    // there already; so are blocks as size says, and a block size of 4096).
    void (*status)(struct inode *inode, struct os_status *status);
};

// All checks are done: the same file system; `inode` exists under the old name, and
// `replaced` (or NULL) under the new one and may go; no directory moves into itself.
struct rename {
    struct inode *old_directory, *new_directory;
    const char *old_name, *new_name;
    size_t old_length, new_length;
    struct inode *inode, *replaced;
};

struct inode {
    // The file system's:
    enum os_file_type type;
    uint32_t links;
    uint64_t size; // bytes
    uint64_t accessed_ns, modified_ns, changed_ns; // since 1970
    // The VFS's:
    struct mount *mount;
    uint64_t number; // not 0
    unsigned references;
    struct list hash_link;
    struct mount *covered_by; // the file system that is mounted on this directory, or NULL
};

struct mount {
    const struct file_system *file_system;
    struct block_device *device; // or NULL
    bool read_only;
    void *data;           // the file system's
    uint64_t root_number;
    char source[32], path[64]; // "/dev/vda", "/mnt": for messages and `mount`
    // The VFS's:
    unsigned id;          // os_status.device
    char claim[112];      // "tsfs on /mnt": who has the device
    struct mutex mutex;   // held during every call of the file system
    struct inode *root, *covered; // covered: what it is mounted on; NULL for "/"
    size_t inodes;        // in use
    struct list all;
};

// ---- Bringing it up (vfs_mount.c) -------------------------------------------------------
// The table ends with NULL.
void vfs_init(const struct file_system *const *file_systems);
// `source` names a block device ("/dev/vda"), or is anything for those that need none.
// Mounting on "/" is only possible first. 0; -ENODEV: no such file system or device;
// -EBUSY: the device or the directory is in use; -ENOENT, -ENOTDIR; -EINVAL: it is not of
// that kind; -EIO; -ENOMEM.
int vfs_mount(const char *source, const char *path, const char *type, unsigned flags);
int vfs_unmount(const char *path); // -EBUSY: files of it are open
int vfs_sync(void);                // all mounts: the first error
// The machine is about to stop: as vfs_unmount() for all, whatever is open. The tree may not
// be used afterwards; threads that try wait for ever. The first error.
int vfs_end(void);
// After it (NULL: the first), or NULL. As long as nothing sleeps in between.
struct mount *vfs_mount_next(struct mount *mount);
int vfs_info(const char *path, struct os_fs_info *info);     // os_fs_info()
int vfs_info_of_mount(unsigned i, struct os_fs_info *info);  // -ENOENT: no i-th
// A file system cannot go on writing: says why, once, and refuses writes from now on.
void vfs_make_read_only(struct mount *mount, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// ---- Inodes (vfs_inode.c) ---------------------------------------------------------------
void inode_init(void); // by vfs_init()
// A reference to the inode of a number. The mount's mutex is held. 0 or an error.
int inode_get_number(struct mount *mount, uint64_t number, struct inode **inode);
struct inode *inode_get(struct inode *inode); // one more
// One less. Takes the mount's mutex for the last: it must not be held. NULL may be given.
void inode_put(struct inode *inode);
void inode_put_locked(struct inode *inode); // the mount's mutex is held
// For file systems whose numbers are places: the same file has another one now.
void inode_renumber(struct inode *inode, uint64_t number);
// The inode of a number if somebody uses it, without a reference; or NULL.
struct inode *inode_find(struct mount *mount, uint64_t number);

// ---- Paths (vfs_path.c) -----------------------------------------------------------------
// What a path leads to, and whether a symbolic link at its end is followed. A reference.
int vfs_find(const char *path, bool follow, struct inode **inode);
// The root of what is mounted there, where something is. Takes the reference, gives one.
struct inode *vfs_enter_mounts(struct inode *inode);
// Of a name, "..", but not ".", in a directory of a mount whose mutex is held. A reference.
int vfs_look_up(struct inode *directory, const char *name, size_t length,
                struct inode **inode);
// The absolute path of a directory, by walking up. 0; -ERANGE; -ENOENT: it has been removed.
int vfs_path_of(struct inode *directory, char *path, size_t size);

// ---- What os_*() calls do: os_files.h says what, and which errors ------------------------
// vfs_open.c, vfs_file.c:
int vfs_open(const char *path, unsigned flags, struct file **file);
struct inode *vfs_inode_of(struct file *file); // its inode, without a reference; or NULL
void vfs_fill_status(struct inode *inode, struct os_status *status);
// vfs_names.c:
int vfs_make(const char *path, enum os_file_type type, const char *target); // not a file's
int vfs_remove(const char *path, bool directory); // os_rmdir(), or os_unlink()
int vfs_rename(const char *from, const char *to);
int vfs_link(const char *from, const char *to);
int vfs_read_link(const char *path, char *target, size_t size);
int vfs_set_times(const char *path, uint64_t accessed_ns, uint64_t modified_ns);
