// SPDX-License-Identifier: MIT
//
// dd: copies blocks: if= of= bs= count= skip= seek= conv=notrunc,fsync
#include "options.h"
#include "path.h"

struct dd {
    const char *input, *output;
    uint64_t block, count, skip, seek; // bytes; blocks
    bool keep, sync;                   // conv=notrunc, conv=fsync
    uint64_t copied;
};

// ---- Words ------------------------------------------------------------------------------
// What stands behind "name=", or NULL.
static const char *value_of(const char *word, const char *name)
{
    size_t length = strlen(name);
    return strncmp(word, name, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

static bool parse_conversions(struct dd *dd, const char *text)
{
    while (*text) {
        const char *end = strchr(text, ',');
        size_t length = end ? (size_t)(end - text) : strlen(text);
        if (length == 7 && strncmp(text, "notrunc", length) == 0)
            dd->keep = true;
        else if (length == 5 && strncmp(text, "fsync", length) == 0)
            dd->sync = true;
        else
            return false;
        text += length + (end != NULL);
    }
    return true;
}

static bool parse(struct dd *dd, const char *word)
{
    const struct {
        const char *name;
        uint64_t *number;
        const char **text;
    } words[] = {{"if", NULL, &dd->input},  {"of", NULL, &dd->output},
                 {"bs", &dd->block, NULL},  {"count", &dd->count, NULL},
                 {"skip", &dd->skip, NULL}, {"seek", &dd->seek, NULL}};
    const char *value = value_of(word, "conv");
    if (value)
        return parse_conversions(dd, value);
    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        value = value_of(word, words[i].name);
        if (value && words[i].number)
            return options_number(value, words[i].number);
        if (value) {
            *words[i].text = value;
            return true;
        }
    }
    return false;
}

// ---- Copying ----------------------------------------------------------------------------
// A whole block, in as many pieces as the input gives it; less only at the end.
static int read_block(int handle, char *buffer, size_t size)
{
    size_t have = 0;
    int count = 1;
    while (have < size && (count = os_read(handle, buffer + have, size - have)) > 0)
        have += (size_t)count;
    return count < 0 ? count : (int)have;
}

// Over the blocks to skip: by going there, or, in a pipe, by reading them.
static int skip_blocks(const struct dd *dd, int handle, char *buffer)
{
    if (dd->skip == 0 || os_seek(handle, (int64_t)(dd->skip * dd->block), OS_SEEK_CURRENT) >= 0)
        return 0;
    for (uint64_t i = 0; i < dd->skip; i++) {
        int size = read_block(handle, buffer, dd->block);
        if (size < (int)dd->block)
            return size < 0 ? size : 0;
    }
    return 0;
}

// A part is written when the rest fails, and counts; why, the next call tells.
static int write_block(struct dd *dd, int output, const char *buffer, int size)
{
    for (int done = 0, written; done < size; done += written) {
        written = os_write(output, buffer + done, (size_t)(size - done));
        if (written <= 0)
            return written < 0 ? written : -ENOSPC;
        dd->copied += (unsigned)written;
    }
    return 0;
}

static int copy(struct dd *dd, int input, int output, char *buffer)
{
    int error = skip_blocks(dd, input, buffer);
    if (error)
        return path_error("dd", dd->input ? dd->input : "input", error);
    for (uint64_t i = 0; i < dd->count; i++) {
        int size = read_block(input, buffer, dd->block);
        if (size < 0)
            return path_error("dd", dd->input ? dd->input : "input", size);
        if (size == 0)
            break;
        error = write_block(dd, output, buffer, size);
        if (error)
            return path_error("dd", dd->output ? dd->output : "output", error);
        if (size < (int)dd->block)
            break;
    }
    error = dd->sync ? os_fsync(output) : 0;
    return error ? path_error("dd", dd->output ? dd->output : "output", error) : 0;
}

// What is before the place to write to stays; what is behind it goes, but for notrunc.
static int open_output(const struct dd *dd)
{
    if (!dd->output)
        return OS_OUTPUT;
    struct os_status status;
    int handle = os_open(dd->output, OS_WRITE_ONLY | OS_CREATE);
    int error = handle < 0 ? handle : os_fstat(handle, &status);
    if (!error && !dd->keep && status.type == OS_TYPE_FILE)
        error = os_truncate(handle, dd->seek * dd->block);
    if (!error && dd->seek > 0) {
        int64_t place = os_seek(handle, (int64_t)(dd->seek * dd->block), OS_SEEK_SET);
        error = place < 0 ? (int)place : 0;
    }
    if (!error)
        return handle;
    path_close(handle);
    path_error("dd", dd->output, error);
    return -1;
}

static void report(const struct dd *dd, uint64_t ns)
{
    uint64_t us = ns / 1000, kib = us ? dd->copied * 1000 / us * 1000 / 1024 : 0;
    os_fprintf(OS_ERROR, "%llu bytes in %llu.%06llu s", (unsigned long long)dd->copied,
               (unsigned long long)(us / 1000000), (unsigned long long)(us % 1000000));
    os_fprintf(OS_ERROR, kib ? ", %llu KiB/s\n" : "\n", (unsigned long long)kib);
}

int dd_main(int argc, char **argv)
{
    struct dd dd = {.block = 512, .count = UINT64_MAX};
    bool fits = true;
    for (int i = 1; i < argc; i++)
        fits = fits && parse(&dd, argv[i]);
    if (!fits || dd.block == 0 || dd.block > INT32_MAX || dd.skip > INT64_MAX / dd.block ||
        dd.seek > INT64_MAX / dd.block)
        return os_usage("dd [if=FILE] [of=FILE] [bs=BYTES] [count=BLOCKS] [skip=BLOCKS] "
                        "[seek=BLOCKS] [conv=notrunc,fsync]");
    char *buffer = os_alloc(dd.block);
    if (!buffer)
        return os_print_error("dd", -ENOMEM);
    int input = path_open("dd", dd.input ? dd.input : "-");
    int output = input < 0 ? -1 : open_output(&dd);
    if (input < 0 || output < 0)
        return 1;
    uint64_t start_ns = os_clock_ns();
    int status = copy(&dd, input, output, buffer);
    report(&dd, os_clock_ns() - start_ns);
    return status;
}
