// SPDX-License-Identifier: MIT
//
// A fuzzer for what httpd reads: requests, in two pieces and in one, their targets, bodies,
// dates and preconditions. However they come, what is made of them is the same.
#include "fuzz.h"

#include "panic.h"
#include "user/http.h"

void *malloc(size_t size); // of the C library: guarded
void free(void *memory);

void fuzz_setup(const struct boot_info *boot)
{
}

static void check_text(struct http_text text, size_t size)
{
    ASSERT((size_t)text.at + text.length <= size);
}

static void check_path(const char *target, size_t length)
{
    enum { ROOM = 256 };
    char *path = malloc(ROOM);
    int result = http_path(target, length, path, ROOM);
    if (result >= 0) {
        ASSERT(result > 0 && path[0] == '/' && strlen(path) == (size_t)result);
        ASSERT(!strstr(path, "/../") && !strchr(path, '\\'));
        ASSERT(result < 3 || strcmp(path + result - 3, "/..") != 0);
    } else {
        ASSERT(result == -400 || result == -414);
    }
    free(path);
}

static void check_part(const struct http_request *request, const char *bytes)
{
    const struct http_file file = {.size = 600, .modified = 784111777, .tag = "\"a-b\""};
    struct http_part part;
    int status = http_select(request, bytes, &file, &part);
    ASSERT(status == 200 || status == 206 || status == 304 || status == 412 || status == 416);
    if (status == 206)
        ASSERT(part.size > 0 && part.offset < 600 && part.offset + part.size <= 600);
}

static void check_request(const struct http_request *request, const char *bytes, size_t size)
{
    check_text(request->line, size);
    check_text(request->target, size);
    for (unsigned i = 0; i < HTTP_FIELDS; i++)
        check_text(request->fields[i], size);
    check_path(bytes + request->target.at, request->target.length);
    check_part(request, bytes);
}

// Goes over the rest, of which so much is there at first, and then twice as much each time. It
// ends by itself or with the bytes. How much of it was the body's; or a status.
static int skip_body(const struct http_request *request, const char *bytes, size_t size,
                     size_t piece)
{
    struct http_body body;
    size_t at = 0;
    int error = http_body_start(&body, request);
    for (; !error && at < size && body.is_open; piece = piece * 2 + 1) {
        size_t room = piece < size - at ? piece : size - at;
        int count = http_body_skip(&body, bytes + at, room);
        if (count < 0)
            return count;
        ASSERT((size_t)count <= room && ((size_t)count == room || !body.is_open));
        at += (size_t)count;
    }
    return error ? error : (int)at;
}

static void check_body(const struct http_request *request, const char *bytes, size_t size)
{
    ASSERT(skip_body(request, bytes, size, 1) == skip_body(request, bytes, size, size));
}

// A copy of exactly this size, so that the first byte behind it is out of bounds.
static char *copy_of(const uint8_t *bytes, size_t size)
{
    char *copy = malloc(size);
    memcpy(copy, bytes, size);
    return copy;
}

// In two pieces, each guarded. The result, which has to be that of one piece.
static int parse_twice(struct http_request *request, const uint8_t *bytes, size_t first,
                       size_t size)
{
    char *copy = copy_of(bytes, first);
    int result = http_parse(request, copy, first);
    free(copy);
    if (result != 0)
        return result;
    copy = copy_of(bytes, size);
    result = http_parse(request, copy, size);
    free(copy);
    return result;
}

// Fields say the same behind another first line of that version, whatever comes behind them:
// httpd knows them again by their bytes alone.
static void check_fields(const struct http_request *request, const char *bytes, int head)
{
    char other[HTTP_REQUEST_MAX];
    struct http_request line = {0}, again = {0};
    int start = http_parse_line(&line, bytes, (size_t)head);
    ASSERT(start > 0 && start <= head && line.count == 0);
    int size = snprintf(other, sizeof(other), "GET / HTTP/1.%d\n", line.minor);
    if (request->has_wishes || size > start)
        return;
    memcpy(other + size, bytes + start, (size_t)(head - start));
    size += head - start;
    ASSERT(http_parse(&again, other, (size_t)size) == size);
    again.line = request->line, again.target = request->target, again.method = request->method;
    again.at = request->at, again.sought = request->sought;
    ASSERT(memcmp(&again, request, sizeof(again)) == 0);
}

static void check_date(const char *bytes, size_t size)
{
    uint64_t seconds, again;
    char text[HTTP_DATE];
    if (!http_date_parse(bytes, size, &seconds))
        return;
    http_date_print(seconds, text);
    ASSERT(http_date_parse(text, strlen(text), &again) && again == seconds);
}

// The first byte says where the pieces meet.
void fuzz_one(const uint8_t *input, size_t input_size)
{
    if (input_size < 2)
        return;
    const uint8_t *bytes = input + 1;
    size_t size = input_size - 1, first = input[0] < size ? input[0] : size;
    struct http_request whole = {0}, pieces = {0};
    char *copy = copy_of(bytes, size);
    int result = http_parse(&whole, copy, size);
    ASSERT(result <= HTTP_REQUEST_MAX && result <= (int)size && result >= -505);
    // A line that was cut is read again when its end has come: what is wrong with it may wait.
    int later = parse_twice(&pieces, bytes, first, size);
    ASSERT(later == result || (later == 0 && result < 0));
    if (result > 0) {
        pieces.sought = whole.sought;
        ASSERT(memcmp(&whole, &pieces, sizeof(whole)) == 0);
        check_fields(&whole, copy, result);
        check_request(&whole, copy, size);
        check_body(&whole, copy + result, size - (size_t)result);
    }
    check_date(copy, size);
    check_path(copy, size);
    free(copy);
}
