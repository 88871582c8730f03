// SPDX-License-Identifier: MIT
//
// tail: passes on the last 10 lines of its files, or of its input; -n: so many
#include "options.h"
#include "output.h"
#include "path.h"
#include "stream.h"

enum { ROOM_FIRST = 16384 };

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

// The end of what has been read: the last lines of it, and what was read since they were
// looked for.
struct kept {
    char *bytes;
    size_t length, room;
};

// Drops what is before the last lines; where that gives too little, the buffer grows. It is
// searched once for every half of it that is read, and twice as large as the lines at most.
static int make_room(struct kept *kept, uint64_t lines)
{
    size_t start = find_start(kept->bytes, kept->length, lines);
    if (start >= kept->room / 2 && start > 0) {
        kept->length -= start;
        memmove(kept->bytes, kept->bytes + start, kept->length);
        return 0;
    }
    size_t room = kept->room ? kept->room * 2 : ROOM_FIRST;
    char *larger = os_resize(kept->bytes, room);
    if (!larger)
        return -ENOMEM;
    kept->bytes = larger;
    kept->room = room;
    return 0;
}

static int read_all(struct kept *kept, int handle, uint64_t lines)
{
    int count;
    do {
        int error = kept->length == kept->room ? make_room(kept, lines) : 0;
        if (error)
            return error;
        count = os_read(handle, kept->bytes + kept->length, kept->room - kept->length);
        kept->length += count > 0 ? (size_t)count : 0;
    } while (count > 0);
    return count;
}

static int show(void *context, int handle, const char *path)
{
    struct tail *tail = context;
    struct kept kept = {0};
    struct writer writer = {.handle = OS_OUTPUT};
    int error = read_all(&kept, handle, tail->lines);
    if (error)
        path_error("tail", path, error);
    else if (tail->titles)
        os_printf("%s==> %s <==\n", tail->again ? "\n" : "", path);
    tail->again = tail->again || !error;
    if (!error) {
        size_t start = find_start(kept.bytes, kept.length, tail->lines);
        writer_put(&writer, kept.bytes + start, kept.length - start);
        error = output_status("tail", writer_finish(&writer));
    }
    os_free(kept.bytes);
    return error != 0;
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
