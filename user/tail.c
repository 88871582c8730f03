// SPDX-License-Identifier: MIT
//
// tail: passes on the last 10 lines of its files, or of its input; -n: so many
#include "options.h"
#include "path.h"
#include "stream.h"

struct tail {
    uint64_t lines;
    bool titles, again; // there are several files; there was one before
};

// Where the last lines begin.
static size_t find_start(const char *bytes, size_t length, uint64_t lines)
{
    size_t at = length;
    if (lines == 0)
        return length;
    at -= at > 0; // a newline at the very end begins no line
    for (; at > 0; at--) {
        if (bytes[at - 1] == '\n' && --lines == 0)
            break;
    }
    return at;
}

// All of it is kept until the end is known.
static int show(void *context, int handle, const char *path)
{
    struct tail *tail = context;
    char *bytes;
    size_t length;
    int error = path_read_all(handle, &bytes, &length);
    if (error)
        return path_error("tail", path, error);
    if (tail->titles)
        os_printf("%s==> %s <==\n", tail->again ? "\n" : "", path);
    tail->again = true;
    size_t start = find_start(bytes, length, tail->lines);
    struct writer writer = {.handle = OS_OUTPUT};
    writer_put(&writer, bytes + start, length - start);
    os_free(bytes);
    return writer_finish(&writer) != 0;
}

int tail_main(int argc, char **argv)
{
    static const char usage[] = "tail [-n LINES] [FILE...]";
    struct options options = options_start(argc, argv, "n:");
    struct tail tail = {.lines = 10};
    if (argc > 1 && argv[1][0] == '-' && string_to_u64(argv[1] + 1, 10, &tail.lines) == 0)
        options = options_start(argc - 1, argv + 1, "n:"); // tail -5
    int letter;
    while ((letter = options_next(&options)) > 0) {
        if (string_to_u64(options.value, 10, &tail.lines))
            return os_usage(usage);
    }
    if (letter < 0)
        return os_usage(usage);
    tail.titles = options.count > 1;
    struct path_operands operands = {"tail", options.operands, options.count};
    return path_for_each(&operands, show, &tail);
}
