// SPDX-License-Identifier: MIT
//
// hexdump: shows bytes in hexadecimal and as text; -s: from there on, -n: so many
#include "options.h"
#include "output.h"
#include "path.h"
#include "stream.h"

enum { WIDTH = 16, BUFFER_SIZE = 16384, TEXT_AT = 61, LINE_SIZE = 80 };

struct hexdump {
    uint64_t skip, limit;
    char *buffer;
    size_t count;    // bytes in it: of several reads, or of several files
    uint64_t offset; // of the first of them
    char last[WIDTH];
    bool any, repeated; // there is a last line; a * stands for its repetitions
    struct writer writer;
};

static void put_offset(struct hexdump *hexdump, uint64_t offset)
{
    char text[24];
    snprintf(text, sizeof(text), "%08llx\n", (unsigned long long)offset);
    writer_text(&hexdump->writer, text);
}

// 00000000  68 65 6c 6c 6f 0a ...  |hello.|
static void put_line(struct hexdump *hexdump, const char *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    char line[LINE_SIZE];
    memset(line, ' ', sizeof(line));
    snprintf(line, sizeof(line), "%08llx", (unsigned long long)hexdump->offset);
    size_t at = strlen(line);
    line[at] = ' ';
    at += 2;
    char *text = line + at + 3 * WIDTH + 2;
    *text++ = '|';
    for (size_t i = 0; i < count; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        at += i == WIDTH / 2;
        line[at] = digits[byte >> 4];
        line[at + 1] = digits[byte & 15];
        at += 3;
        *text++ = byte >= ' ' && byte < 127 ? (char)byte : '.';
    }
    *text++ = '|';
    *text++ = '\n';
    writer_put(&hexdump->writer, line, (size_t)(text - line));
}

// Lines that are like the one before are shown as one *.
static void show_line(struct hexdump *hexdump, const char *bytes, size_t count)
{
    bool again = hexdump->any && count == WIDTH && memcmp(bytes, hexdump->last, WIDTH) == 0;
    if (!again)
        put_line(hexdump, bytes, count);
    else if (!hexdump->repeated)
        writer_text(&hexdump->writer, "*\n");
    hexdump->repeated = again;
    hexdump->any = count == WIDTH;
    memcpy(hexdump->last, bytes, count);
    hexdump->offset += count;
}

// All whole lines of the buffer; at the end the rest as well.
static void show(struct hexdump *hexdump, bool end)
{
    size_t at = 0;
    for (; hexdump->count - at >= WIDTH; at += WIDTH)
        show_line(hexdump, hexdump->buffer + at, WIDTH);
    if (end && hexdump->count > at) {
        show_line(hexdump, hexdump->buffer + at, hexdump->count - at);
        at = hexdump->count;
    }
    memmove(hexdump->buffer, hexdump->buffer + at, hexdump->count - at);
    hexdump->count -= at;
}

// Where one can go to a place, nothing before it is read.
static int skip(struct hexdump *hexdump, int handle)
{
    struct os_status status;
    uint64_t left = hexdump->skip;
    int size = 0;
    hexdump->skip = 0;
    if (left > 0 && os_fstat(handle, &status) == 0 && status.size >= left &&
        os_seek(handle, (int64_t)left, OS_SEEK_CURRENT) >= 0)
        return 0;
    while (left > 0 &&
           (size = os_read(handle, hexdump->buffer, left < WIDTH ? left : WIDTH)) > 0)
        left -= (unsigned)size;
    hexdump->skip = left;
    return size < 0 ? size : 0;
}

static int read_file(void *context, int handle, const char *path)
{
    struct hexdump *hexdump = context;
    int size = skip(hexdump, handle);
    if (size < 0)
        return path_error("hexdump", path, size);
    while (hexdump->limit > 0) {
        size_t room = BUFFER_SIZE - hexdump->count;
        room = room < hexdump->limit ? room : hexdump->limit;
        size = os_read(handle, hexdump->buffer + hexdump->count, room);
        if (size <= 0)
            return size < 0 ? path_error("hexdump", path, size) : 0;
        hexdump->count += (unsigned)size;
        hexdump->limit -= (unsigned)size;
        show(hexdump, false);
        if (hexdump->writer.error)
            return 1;
    }
    return 0;
}

int hexdump_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "Cs:n:");
    struct hexdump hexdump = {.limit = UINT64_MAX, .writer = {.handle = OS_OUTPUT}};
    int letter;
    bool fits = true;
    while ((letter = options_next(&options)) > 0) { // -C is what it does anyway
        if (letter == 's')
            fits = fits && options_number(options.value, &hexdump.skip);
        if (letter == 'n')
            fits = fits && options_number(options.value, &hexdump.limit);
    }
    if (letter < 0 || !fits)
        return os_usage("hexdump [-s SKIP] [-n COUNT] [FILE...]");
    hexdump.offset = hexdump.skip;
    hexdump.buffer = os_alloc(BUFFER_SIZE);
    if (!hexdump.buffer)
        return os_print_error("hexdump", -ENOMEM);
    struct path_operands operands = {"hexdump", options.operands, options.count};
    int status = path_for_each(&operands, read_file, &hexdump);
    show(&hexdump, true);
    put_offset(&hexdump, hexdump.offset);
    return output_status("hexdump", writer_finish(&hexdump.writer)) | status;
}
