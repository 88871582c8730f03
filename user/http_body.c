// SPDX-License-Identifier: MIT
//
// HTTP: going over the body of a request (RFC 9112, 6 and 7.1). See http.h.
//
// Nothing here wants one, but where the next request begins is only known behind it. Whoever
// stands between us and the client has to see the same end: so chunks are taken to the letter,
// and their lines end with CR LF and nothing less (7.1, 11.2).
// Chapter 25.
#include "http.h"

enum { EXTRA_MAX = 4096 }; // bytes of extensions and trailers

// Where in the coding of chunks we are: "1a;extension CR LF data CR LF ... 0 CR LF trailers".
enum {
    SIZE_START, // the first digit is to come
    SIZE,
    EXTENSION,
    DATA,
    DATA_END, // the line's end behind the data
    LINE,     // at the beginning of a trailer, or of the empty line that ends all
    TRAILER,
};

int http_body_start(struct http_body *body, const struct http_request *request)
{
    *body = (struct http_body){.is_chunked = request->is_chunked,
                               .is_open = request->is_chunked || request->length > 0,
                               .left = request->is_chunked ? 0 : request->length};
    return body->left > HTTP_BODY_MAX ? -413 : 0;
}

static int digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 'a' - 'A';
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

// A chunk's size has been read. 0, -413.
static int begin_chunk(struct http_body *body)
{
    if (body->left == 0) {
        body->state = LINE;
        return 0;
    }
    body->total += (uint32_t)body->left;
    body->state = DATA;
    return body->total > HTTP_BODY_MAX ? -413 : 0;
}

static int take_size(struct http_body *body, char byte)
{
    int value = digit(byte);
    if (value >= 0) {
        body->left = body->left << 4 | (unsigned)value;
        body->state = SIZE;
        return body->left > HTTP_BODY_MAX ? -413 : 0;
    }
    if (body->state == SIZE_START || (byte != ';' && byte != ' ' && byte != '\t'))
        return -400;
    body->state = EXTENSION;
    return 0;
}

// CR LF has come.
static int end_line(struct http_body *body)
{
    switch (body->state) {
    case SIZE:
    case EXTENSION:
        return begin_chunk(body);
    case DATA_END:
        body->state = SIZE_START;
        return 0;
    case LINE:
        body->is_open = false;
        return 0;
    case TRAILER:
        body->state = LINE;
        return 0;
    default:
        return -400;
    }
}

// A byte that is no data: where CR was, LF has to be, and nowhere else.
static int take(struct http_body *body, char byte)
{
    if (body->is_ending != (byte == '\n'))
        return -400;
    body->is_ending = byte == '\r';
    if (byte == '\n')
        return end_line(body);
    if (byte == '\r')
        return 0;
    if (body->state <= SIZE)
        return take_size(body, byte);
    if (body->state == DATA_END)
        return -400;
    if (body->state == LINE)
        body->state = TRAILER;
    return ++body->extra > EXTRA_MAX ? -413 : 0;
}

// As much of the data as is there.
static size_t skip_data(struct http_body *body, size_t size)
{
    size_t count = size < body->left ? size : (size_t)body->left;
    body->left -= count;
    if (body->left == 0 && body->is_chunked)
        body->state = DATA_END;
    else if (body->left == 0)
        body->is_open = false;
    return count;
}

int http_body_skip(struct http_body *body, const char *bytes, size_t size)
{
    size_t at = 0;
    while (at < size && body->is_open) {
        if (!body->is_chunked || body->state == DATA) {
            at += skip_data(body, size - at);
            continue;
        }
        int error = take(body, bytes[at++]);
        if (error)
            return error;
    }
    return (int)at;
}
