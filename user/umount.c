// SPDX-License-Identifier: MIT
//
// umount: takes file systems out of the tree again; all is on their disks then
#include "options.h"
#include "path.h"

// By the directory, or by what is mounted there.
static int unmount(const char *name)
{
    struct os_fs_info info;
    int error = os_unmount(name);
    for (unsigned i = 0; error == -EINVAL && os_fs_next(i, &info); i++) {
        if (strcmp(info.source, name) == 0)
            return os_unmount(info.path);
    }
    return error;
}

int umount_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "");
    int status = 0;
    if (options_next(&options) || options.count == 0)
        return os_usage("umount DIRECTORY-OR-DISK...");
    for (int i = 0; i < options.count; i++) {
        const char *name = options.operands[i];
        int error = unmount(name);
        if (error == -EINVAL)
            os_fprintf(OS_ERROR, "umount: %s: nothing is mounted there\n", name);
        else if (error == -EBUSY)
            os_fprintf(OS_ERROR,
                       "umount: %s: in use: something of it is open, or somebody's "
                       "current directory\n",
                       name);
        else if (error)
            path_error("umount", name, error);
        status |= error != 0;
    }
    return status;
}
