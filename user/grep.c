// SPDX-License-Identifier: MIT
//
// grep: shows the lines that match: -i any case, -v others, -n numbers, -c counts, -r below
#include "options.h"
#include "output.h"
#include "path.h"
#include "regex.h"
#include "stream.h"
#include "walk.h"

struct grep {
    struct regex *regex;
    bool others, numbers, counts, below, names_only, quiet; // -v -n -c -r -l -q
    bool show_names;
    bool any;    // a line was found
    bool failed; // a file could not be read
    struct writer writer;
};

static void show_line(struct grep *grep, const char *path, uint64_t number, char *line)
{
    char text[24];
    if (grep->show_names) {
        writer_text(&grep->writer, path);
        writer_put(&grep->writer, ":", 1);
    }
    if (number > 0) {
        snprintf(text, sizeof(text), "%llu:", (unsigned long long)number);
        writer_text(&grep->writer, text);
    }
    writer_text(&grep->writer, line);
    writer_put(&grep->writer, "\n", 1);
}

// After the last line of a file.
static void show_summary(struct grep *grep, const char *path, uint64_t count)
{
    char text[24];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)count);
    if (grep->counts && !grep->quiet && !grep->names_only)
        show_line(grep, path, 0, text);
    if (grep->names_only && count > 0) {
        writer_text(&grep->writer, path);
        writer_put(&grep->writer, "\n", 1);
    }
}

static int search(void *context, int handle, const char *path)
{
    struct grep *grep = context;
    struct reader reader = {.handle = handle};
    uint64_t number = 0, count = 0;
    size_t length;
    char *line;
    int result;
    bool first_is_enough = grep->quiet || grep->names_only;
    while ((result = reader_line(&reader, &line, &length)) > 0 && !grep->writer.error) {
        number++;
        if (regex_matches(grep->regex, line) == grep->others)
            continue;
        count++;
        if (first_is_enough)
            break;
        if (!grep->counts && strlen(line) < length) {
            writer_text(&grep->writer, path);
            writer_text(&grep->writer, ": holds it, but is no text\n");
            break;
        }
        if (!grep->counts)
            show_line(grep, path, grep->numbers ? number : 0, line);
    }
    reader_free(&reader);
    if (result < 0)
        grep->failed = path_error("grep", path, result);
    show_summary(grep, path, count);
    grep->any = grep->any || count > 0;
    return result < 0 || grep->writer.error;
}

// Files only: neither links, which may lead anywhere, nor devices, which may never end.
static void search_below(struct grep *grep, const char *path)
{
    struct walk walk;
    enum walk_event event;
    int error = walk_start(&walk, path);
    while (!error && !grep->writer.error && (event = walk_next(&walk)) != WALK_END) {
        bool is_operand = walk.depth == 0 && event == WALK_FILE;
        if (event == WALK_ERROR)
            grep->failed = path_error("grep", walk.path, walk.error);
        if (event != WALK_FILE || !(walk.status.type == OS_TYPE_FILE || is_operand))
            continue;
        int handle = path_open("grep", walk.path);
        if (handle < 0)
            grep->failed = true;
        else
            search(grep, handle, walk.path);
        path_close(handle);
    }
    walk_finish(&walk);
    if (error)
        grep->failed = path_error("grep", path, error);
}

// The expression is the first operand. False: it makes no sense, which has been said.
static bool prepare(struct grep *grep, const struct options *options, bool ignore_case)
{
    const char *mistake;
    grep->show_names = grep->show_names || options->count > 2 || grep->below;
    grep->regex = regex_compile(options->operands[0], ignore_case, &mistake);
    if (!grep->regex)
        os_fprintf(OS_ERROR, "grep: %s: %s\n", options->operands[0], mistake);
    return grep->regex != NULL;
}

// 0: something was found; 1: nothing was; 2: something could not be read.
static int run(struct grep *grep, const struct options *options)
{
    struct path_operands operands = {"grep", options->operands + 1, options->count - 1};
    if (!grep->below) {
        if (path_for_each(&operands, search, grep) && !grep->writer.error)
            grep->failed = true;
    } else if (operands.count == 0) {
        search_below(grep, ".");
    }
    for (int i = 0; i < operands.count && grep->below; i++)
        search_below(grep, operands.operands[i]);
    if (output_status("grep", writer_finish(&grep->writer)))
        return 2;
    if (grep->failed)
        return 2;
    return !grep->any;
}

int grep_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "ivncrRlqHh");
    struct grep grep = {.writer = {.handle = OS_OUTPUT}};
    bool ignore_case = false, hide_names = false;
    int letter;
    while ((letter = options_next(&options)) > 0) {
        switch (letter) {
        case 'i':
            ignore_case = true;
            break;
        case 'v':
            grep.others = true;
            break;
        case 'n':
            grep.numbers = true;
            break;
        case 'c':
            grep.counts = true;
            break;
        case 'l':
            grep.names_only = true;
            break;
        case 'q':
            grep.quiet = true;
            break;
        case 'H':
            grep.show_names = true;
            break;
        case 'h':
            hide_names = true;
            break;
        default:
            grep.below = true;
            break;
        }
    }
    if (letter < 0 || options.count == 0)
        return os_usage("grep [-ivnclrqHh] EXPRESSION [FILE...]");
    if (!prepare(&grep, &options, ignore_case))
        return 2;
    grep.show_names = grep.show_names && !hide_names;
    return run(&grep, &options);
}
