// SPDX-License-Identifier: MIT
//
// wc: counts the lines (-l), words (-w) and bytes (-c) of its files, or of its input
#include "options.h"
#include "path.h"

enum { BUFFER_SIZE = 16384 };

struct counts {
    unsigned long long lines, words, bytes;
};

struct wc {
    bool lines, words, bytes; // which of them to show
    struct counts total;
    char *buffer;
};

static bool is_blank(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static void count(struct counts *counts, bool *in_word, const char *bytes, int size)
{
    for (int i = 0; i < size; i++) {
        bool blank = is_blank(bytes[i]);
        counts->lines += bytes[i] == '\n';
        counts->words += !blank && !*in_word;
        *in_word = !blank;
    }
    counts->bytes += (unsigned)size;
}

// One write, so that nobody else's words come in between. `name` NULL: without one.
static int print(const struct wc *wc, const struct counts *counts, const char *name)
{
    const struct {
        bool shown;
        unsigned long long value;
    } columns[] = {
        {wc->lines, counts->lines}, {wc->words, counts->words}, {wc->bytes, counts->bytes}};
    char numbers[80] = "";
    size_t length = 0;
    for (int i = 0; i < 3; i++) {
        if (columns[i].shown)
            length += (size_t)snprintf(numbers + length, sizeof(numbers) - length, "%s%llu",
                                       length > 0 ? " " : "", columns[i].value);
    }
    return os_printf("%s%s%s\n", numbers, name ? " " : "", name ? name : "") < 0;
}

static int count_file(void *context, int handle, const char *path)
{
    struct wc *wc = context;
    struct counts counts = {0};
    bool in_word = false;
    int size;
    while ((size = os_read(handle, wc->buffer, BUFFER_SIZE)) > 0)
        count(&counts, &in_word, wc->buffer, size);
    if (size < 0)
        return path_error("wc", path, size);
    wc->total.lines += counts.lines;
    wc->total.words += counts.words;
    wc->total.bytes += counts.bytes;
    return print(wc, &counts, strcmp(path, "-") == 0 ? NULL : path);
}

int wc_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "lwc");
    struct wc wc = {0};
    int letter;
    while ((letter = options_next(&options)) > 0) {
        wc.lines = wc.lines || letter == 'l';
        wc.words = wc.words || letter == 'w';
        wc.bytes = wc.bytes || letter == 'c';
    }
    if (letter < 0)
        return os_usage("wc [-lwc] [FILE...]");
    if (!wc.lines && !wc.words && !wc.bytes)
        wc.lines = wc.words = wc.bytes = true;
    wc.buffer = os_alloc(BUFFER_SIZE);
    if (!wc.buffer)
        return os_print_error("wc", -ENOMEM);
    struct path_operands operands = {"wc", options.operands, options.count};
    int status = path_for_each(&operands, count_file, &wc);
    if (options.count > 1 && print(&wc, &wc.total, "total"))
        status = 1;
    return status;
}
