// SPDX-License-Identifier: MIT
//
// sha256sum: shows what identifies the contents of files; -c: checks a list of these
#include "options.h"
#include "path.h"
#include "sha256.h"
#include "stream.h"

enum { BUFFER_SIZE = 65536, TEXT_SIZE = 2 * SHA256_SIZE + 1 };

// The sum in hexadecimal. 0 or an error.
static int sum_of(int handle, char *buffer, char text[TEXT_SIZE])
{
    struct sha256 sum;
    unsigned char digest[SHA256_SIZE];
    int size;
    sha256_start(&sum);
    while ((size = os_read(handle, buffer, BUFFER_SIZE)) > 0)
        sha256_add(&sum, buffer, (size_t)size);
    sha256_finish(&sum, digest);
    for (int i = 0; i < SHA256_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    return size;
}

static int show(void *context, int handle, const char *path)
{
    char text[TEXT_SIZE];
    int error = sum_of(handle, context, text);
    if (error)
        return path_error("sha256sum", path, error);
    return os_printf("%s  %s\n", text, path) < 0;
}

// "sum  name": says whether the file is as it was.
static int check_line(char *buffer, char *line)
{
    char text[TEXT_SIZE];
    if (strlen(line) <= TEXT_SIZE || line[TEXT_SIZE - 1] != ' ') {
        os_fprintf(OS_ERROR, "sha256sum: not a sum and a name: %s\n", line);
        return 1;
    }
    const char *path = line + TEXT_SIZE + 1;
    int handle = path_open("sha256sum", path);
    int error = handle < 0 ? handle : sum_of(handle, buffer, text);
    path_close(handle);
    bool same = !error && memcmp(text, line, TEXT_SIZE - 1) == 0;
    if (handle >= 0 && error)
        path_error("sha256sum", path, error);
    os_printf("%s: %s\n", path, same ? "OK" : error ? "NOT READ" : "FAILED");
    return !same;
}

static int check(void *context, int handle, const char *path)
{
    struct reader reader = {.handle = handle};
    char *line;
    size_t length;
    int result, status = 0;
    while ((result = reader_line(&reader, &line, &length)) > 0)
        status |= check_line(context, line);
    reader_free(&reader);
    return result < 0 ? path_error("sha256sum", path, result) : status;
}

int sha256sum_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "c");
    bool checks = false;
    int letter;
    while ((letter = options_next(&options)) > 0)
        checks = true;
    if (letter < 0)
        return os_usage("sha256sum [-c] [FILE...]");
    char *buffer = os_alloc(BUFFER_SIZE);
    if (!buffer)
        return os_print_error("sha256sum", -ENOMEM);
    struct path_operands operands = {"sha256sum", options.operands, options.count};
    return path_for_each(&operands, checks ? check : show, buffer);
}
