// SPDX-License-Identifier: MIT
//
// mount: shows what is mounted, or mounts a disk on a directory: -t type, -o ro
#include "options.h"
#include "path.h"

static int list(void)
{
    struct os_fs_info info;
    for (unsigned i = 0; os_fs_next(i, &info); i++) {
        if (os_printf("%s on %s type %s (%s)\n", info.source, info.path, info.type,
                      info.read_only ? "ro" : "rw") < 0)
            return 1;
    }
    return 0;
}

// rw is what it does anyway.
static bool parse_flags(const char *text, unsigned *flags)
{
    if (strcmp(text, "ro") == 0)
        *flags |= OS_MOUNT_READ_ONLY;
    return strcmp(text, "ro") == 0 || strcmp(text, "rw") == 0;
}

// What each error means for somebody who mounts a disk.
static const char *explain(int error)
{
    switch (error) {
    case -ENODEV:
        return "no such disk, or no such type of file system";
    case -EINVAL:
        return "holds no such file system";
    case -EBUSY:
        return "the disk or the directory is in use";
    default:
        return error_text(error);
    }
}

int mount_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "t:o:r");
    const char *type = NULL;
    unsigned flags = 0;
    int letter;
    bool fits = true;
    while ((letter = options_next(&options)) > 0) {
        if (letter == 't')
            type = options.value;
        else
            fits = fits && parse_flags(letter == 'r' ? "ro" : options.value, &flags);
    }
    if (letter == 0 && argc == 1)
        return list();
    if (letter < 0 || !fits || options.count != 2)
        return os_usage("mount [[-t TYPE] [-o ro] DISK DIRECTORY]");
    const char *disk = options.operands[0], *path = options.operands[1];
    int error = os_mount(disk, path, type, flags);
    if (!error)
        return 0;
    os_fprintf(OS_ERROR, "mount: %s on %s: %s\n", disk, path, explain(error));
    return 1;
}
