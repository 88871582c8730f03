// SPDX-License-Identifier: MIT
//
// head: passes on the first 10 lines of its files, or of its input; -n: so many
#include "options.h"
#include "output.h"
#include "path.h"

enum { BUFFER_SIZE = 4096 };

struct head {
    uint64_t lines;
    bool titles; // there are several files
    bool again;  // there was one before
    char *buffer;
};

// No more than it needs is read where that is possible: the rest is for others.
static int show(void *context, int handle, const char *path)
{
    struct head *head = context;
    uint64_t lines = head->lines;
    if (head->titles)
        os_printf("%s==> %s <==\n", head->again ? "\n" : "", path);
    head->again = true;
    while (lines > 0) {
        int size = os_read(handle, head->buffer, BUFFER_SIZE), end = 0;
        if (size <= 0)
            return size < 0 ? path_error("head", path, size) : 0;
        while (end < size && lines > 0)
            lines -= head->buffer[end++] == '\n';
        int error = output_write(OS_OUTPUT, head->buffer, (size_t)end);
        if (error)
            return output_status("head", error);
        if (end < size)
            os_seek(handle, end - size, OS_SEEK_CURRENT);
    }
    return 0;
}

int head_main(int argc, char **argv)
{
    static const char usage[] = "head [-n LINES] [FILE...]";
    struct options options = options_start(argc, argv, "n:");
    struct head head = {.lines = 10};
    if (argc > 1 && argv[1][0] == '-' && string_to_u64(argv[1] + 1, 10, &head.lines) == 0)
        options = options_start(argc - 1, argv + 1, "n:"); // head -5
    int letter;
    while ((letter = options_next(&options)) > 0) {
        if (string_to_u64(options.value, 10, &head.lines))
            return os_usage(usage);
    }
    if (letter < 0)
        return os_usage(usage);
    head.titles = options.count > 1;
    head.buffer = os_alloc(BUFFER_SIZE);
    if (!head.buffer)
        return os_print_error("head", -ENOMEM);
    struct path_operands operands = {"head", options.operands, options.count};
    return path_for_each(&operands, show, &head);
}
