// SPDX-License-Identifier: MIT
//
// sort: puts lines in order; -n: by numbers, -r: backwards, -u: equal ones once
#include "directory.h"
#include "options.h"
#include "path.h"
#include "stream.h"

struct line {
    size_t length; // there may be zeros in it
    char text[];
};

struct sort {
    struct line **lines;
    size_t count, room;
};

static int add_line(struct sort *sort, const char *line, size_t length)
{
    if (sort->count == sort->room) {
        size_t room = sort->room ? sort->room * 2 : 256;
        struct line **larger = os_resize(sort->lines, room * sizeof(*larger));
        if (!larger)
            return -ENOMEM;
        sort->lines = larger;
        sort->room = room;
    }
    struct line *copy = os_alloc(sizeof(*copy) + length + 1);
    if (!copy)
        return -ENOMEM;
    copy->length = length;
    memcpy(copy->text, line, length);
    sort->lines[sort->count++] = copy;
    return 0;
}

static int read_lines(void *context, int handle, const char *path)
{
    struct reader reader = {.handle = handle};
    char *line;
    size_t length;
    int result;
    while ((result = reader_line(&reader, &line, &length)) > 0) {
        result = add_line(context, line, length);
        if (result)
            break;
    }
    reader_free(&reader);
    return result < 0 ? path_error("sort", path, result) : 0;
}

// ---- Which comes first ------------------------------------------------------------------
// The number that a line begins with, as digits without zeros before them: of any length.
struct number {
    bool negative;
    const char *digits;
    size_t length;
};

static struct number number_of(const char *line)
{
    struct number number = {0};
    while (*line == ' ' || *line == '\t')
        line++;
    number.negative = *line == '-';
    line += number.negative;
    while (*line == '0')
        line++;
    number.digits = line;
    while (line[number.length] >= '0' && line[number.length] <= '9')
        number.length++;
    number.negative = number.negative && number.length > 0;
    return number;
}

static int compare_numbers(const struct line *a, const struct line *b)
{
    struct number first = number_of(a->text), second = number_of(b->text);
    if (first.negative != second.negative)
        return first.negative ? -1 : 1;
    int result = first.length < second.length ? -1 : 1;
    if (first.length == second.length)
        result = memcmp(first.digits, second.digits, first.length);
    return first.negative ? -result : result;
}

static int compare_bytes(const struct line *a, const struct line *b)
{
    size_t common = a->length < b->length ? a->length : b->length;
    int result = memcmp(a->text, b->text, common);
    if (result || a->length == b->length)
        return result;
    return a->length < b->length ? -1 : 1;
}

// Lines whose numbers are equal go by their text.
static int compare_both(const struct line *a, const struct line *b)
{
    int result = compare_numbers(a, b);
    return result ? result : compare_bytes(a, b);
}

static bool is_before(const void *b, const void *a)
{
    return compare_bytes(b, a) < 0;
}

static bool number_is_before(const void *b, const void *a)
{
    return compare_both(b, a) < 0;
}

static bool is_after(const void *b, const void *a)
{
    return compare_bytes(b, a) > 0;
}

static bool number_is_after(const void *b, const void *a)
{
    return compare_both(b, a) > 0;
}

// ---- Writing ----------------------------------------------------------------------------
static int write_lines(const struct sort *sort, int handle, bool unique, bool numeric)
{
    struct writer writer = {.handle = handle};
    const struct line *last = NULL;
    for (size_t i = 0; i < sort->count && !writer.error; i++) {
        const struct line *line = sort->lines[i];
        bool equal = last && (numeric ? compare_numbers : compare_bytes)(line, last) == 0;
        if (unique && equal)
            continue;
        writer_put(&writer, line->text, line->length);
        writer_put(&writer, "\n", 1);
        last = line;
    }
    return writer_finish(&writer);
}

// The file is opened when all has been read: it may be one of those that were sorted.
static int write_result(const struct sort *sort, const char *path, bool unique, bool numeric)
{
    int handle = OS_OUTPUT;
    if (path)
        handle = os_open(path, OS_WRITE_ONLY | OS_CREATE | OS_TRUNCATE);
    int error = handle < 0 ? handle : write_lines(sort, handle, unique, numeric);
    path_close(handle);
    return error && error != -EPIPE ? path_error("sort", path ? path : "output", error)
                                    : error != 0;
}

int sort_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "nruo:");
    struct sort sort = {0};
    bool numeric = false, reverse = false, unique = false;
    const char *output = NULL;
    int letter;
    while ((letter = options_next(&options)) > 0) {
        numeric = numeric || letter == 'n';
        reverse = reverse || letter == 'r';
        unique = unique || letter == 'u';
        output = letter == 'o' ? options.value : output;
    }
    if (letter < 0)
        return os_usage("sort [-nru] [-o FILE] [FILE...]");
    struct path_operands operands = {"sort", options.operands, options.count};
    int status = path_for_each(&operands, read_lines, &sort);
    if (status)
        return status; // a part of the lines in order would pass for all of them
    bool (*before)(const void *, const void *) =
        numeric ? (reverse ? number_is_after : number_is_before)
                : (reverse ? is_after : is_before);
    if (sort_pointers((void **)sort.lines, sort.count, before))
        return os_print_error("sort", -ENOMEM);
    return write_result(&sort, output, unique, numeric);
}
