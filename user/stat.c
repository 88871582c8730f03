// SPDX-License-Identifier: MIT
//
// stat: shows all that is known about a file; -L: follows a symbolic link
#include "options.h"
#include "path.h"
#include "show.h"

// To the nanosecond, in UTC.
static void print_time(const char *what, uint64_t ns)
{
    struct os_date date;
    if (ns == 0) {
        os_printf("%10s: not known\n", what);
        return;
    }
    os_date(ns / 1000000000, &date);
    os_printf("%10s: %04d-%02d-%02d %02d:%02d:%02d.%09u UTC\n", what, date.year, date.month,
              date.day, date.hour, date.minute, date.second, (unsigned)(ns % 1000000000));
}

static int print(const char *path, const struct os_status *status)
{
    os_printf("%10s: %s", "file", path);
    if (status->type == OS_TYPE_SYMLINK) {
        char *target = os_alloc(OS_PATH_MAX);
        if (target && os_read_link(path, target, OS_PATH_MAX) >= 0)
            os_printf(" -> %s", target);
        os_free(target);
    }
    os_printf("\n%10s: %s\n", "type", show_type_name(status->type));
    os_printf("%10s: %llu bytes in %llu sectors of 512, good to read by %u\n", "size",
              (unsigned long long)status->size, (unsigned long long)status->blocks,
              (unsigned)status->block_size);
    os_printf("%10s: %llu of file system %llu, with %u link%s\n", "inode",
              (unsigned long long)status->number, (unsigned long long)status->device,
              (unsigned)status->links, status->links == 1 ? "" : "s");
    print_time("accessed", status->accessed_ns);
    print_time("modified", status->modified_ns);
    print_time("changed", status->changed_ns);
    return 0;
}

int stat_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "L");
    bool follow = false;
    int letter, result = 0;
    while ((letter = options_next(&options)) > 0)
        follow = true;
    if (letter < 0 || options.count == 0)
        return os_usage("stat [-L] FILE...");
    for (int i = 0; i < options.count; i++) {
        const char *path = options.operands[i];
        struct os_status status;
        int error = (follow ? os_stat : os_lstat)(path, &status);
        result |= error ? path_error("stat", path, error) : print(path, &status);
    }
    return result;
}
