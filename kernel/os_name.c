// SPDX-License-Identifier: MIT
//
// os.h: changing names, and mounting.
//
// The VFS does it; here programs come in, and look at Ctrl-C on their way out.
// Chapter 17.
#include "fs/vfs.h"
#include "process.h"
#include "user/os.h"

// See os_files.h for what these calls promise.
int os_sync(void)
{
    return process_leave(vfs_sync());
}

int os_mkdir(const char *path)
{
    return process_leave(vfs_make(path, OS_TYPE_DIRECTORY, NULL));
}

int os_rmdir(const char *path)
{
    return process_leave(vfs_remove(path, true));
}

int os_unlink(const char *path)
{
    return process_leave(vfs_remove(path, false));
}

int os_rename(const char *from, const char *to)
{
    return process_leave(vfs_rename(from, to));
}

int os_link(const char *from, const char *to)
{
    return process_leave(vfs_link(from, to));
}

int os_symlink(const char *target, const char *path)
{
    return process_leave(vfs_make(path, OS_TYPE_SYMLINK, target));
}

int os_read_link(const char *path, char *target, size_t size)
{
    return process_leave(vfs_read_link(path, target, size));
}

int os_set_times(const char *path, uint64_t accessed_ns, uint64_t modified_ns)
{
    return process_leave(vfs_set_times(path, accessed_ns, modified_ns));
}

int os_mount(const char *source, const char *path, const char *type, unsigned flags)
{
    return process_leave(vfs_mount(source, path, type, flags));
}

int os_unmount(const char *path)
{
    return process_leave(vfs_unmount(path));
}

int os_fs_info(const char *path, struct os_fs_info *info)
{
    return process_leave(vfs_info(path, info));
}

bool os_fs_next(unsigned i, struct os_fs_info *info)
{
    return process_leave(vfs_info_of_mount(i, info)) == 0;
}
