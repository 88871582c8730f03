// SPDX-License-Identifier: MIT
//
// HTTP as bytes: requests, their targets, bodies, dates and preconditions (RFC 9110, 9112).
//
// Everything here looks at memory and nothing else: no handle, no clock, no allocation. So
// httpd can be fed by a fuzzer as well as by a connection.
//
// Chapter 25.
#pragma once

#include "os.h"

// What a piece of the request says, without the blanks around it: where it begins, counted
// from the request's first byte, since the bytes may move between two calls.
struct http_text {
    uint16_t at, length; // length 0: it is not there
};

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_REFUSED, HTTP_UNKNOWN };

// The fields that somebody asks for later.
enum http_field {
    HTTP_IF_MODIFIED_SINCE,
    HTTP_IF_UNMODIFIED_SINCE,
    HTTP_IF_MATCH,
    HTTP_IF_NONE_MATCH,
    HTTP_IF_RANGE,
    HTTP_RANGE,
    HTTP_FIELDS,
};

// All zeros before the first byte.
struct http_request {
    struct http_text line, target; // all of the first line, for the log; and what it asks for
    struct http_text fields[HTTP_FIELDS];
    uint8_t method;                // enum http_method
    uint8_t minor;                 // of HTTP/1.0 or 1.1
    bool keep_alive;               // the connection stays after the answer
    bool expects_continue;         // the body only comes when we have said "100 Continue"
    bool is_chunked, has_length;   // there is a body; neither: there is none
    bool has_wishes;               // one of `fields` is there
    uint64_t length;               // of the body
    // The reader's:
    uint16_t at, sought;           // the line it is at, and how much of that is known
    uint16_t count;                // fields so far
    bool has_host, says_close, says_keep;
};

enum {
    HTTP_TARGET_MAX = 4096,
    HTTP_FIELDS_MAX = 100,
    HTTP_REQUEST_MAX = 8192, // the first line and the fields together
};

// Reads on in a request of which `size` bytes are there by now; those seen before are not
// looked at again. The size of it up to its body; 0: more is needed; negative: the status
// that answers it, -400 ... -505.
int http_parse(struct http_request *request, const char *bytes, size_t size);
// The same for the first line alone. Its size, as often as it is asked; 0: more is needed;
// negative: a status.
int http_parse_line(struct http_request *request, const char *bytes, size_t size);

// The path that a target names, terminated: decoded, without the host before it and the query
// behind it. Its length; -400: it is no path, or one that would lead out of the tree; -414.
int http_path(const char *target, size_t length, char *path, size_t size);
// How much of the target comes before its path: "http://host" of "http://host/path".
size_t http_skip_host(const char *target, size_t length);

// ---- Bodies ------------------------------------------------------------------------------
enum { HTTP_BODY_MAX = 1 << 20 };
// A body that nobody wants; is_open as long as some of it is to come.
struct http_body {
    bool is_open, is_chunked;
    uint8_t state;   // of the chunk's surroundings
    bool is_ending;  // a line of these: its CR has come
    uint16_t extra;  // bytes of extensions and trailers
    uint32_t total;  // of all chunks
    uint64_t left;   // of it, or of this chunk
};
// 0; -413: it is too long.
int http_body_start(struct http_body *body, const struct http_request *request);
// Goes over it. How many bytes belonged to it; -400, -413.
int http_body_skip(struct http_body *body, const char *bytes, size_t size);

// ---- Dates -------------------------------------------------------------------------------
enum { HTTP_DATE = 30 }; // with its terminator
// "Sun, 06 Nov 1994 08:49:37 GMT". Returns `text`.
char *http_date_print(uint64_t unix_seconds, char text[HTTP_DATE]);
// The same, or one of the two older forms. False: it is none.
bool http_date_parse(const char *text, size_t length, uint64_t *unix_seconds);

// ---- What is asked for -------------------------------------------------------------------
// What a file is like, for preconditions.
struct http_file {
    uint64_t size, modified; // seconds
    const char *tag;         // with its quotes
};
// A part of it, or all.
struct http_part {
    uint64_t offset, size;
};
// The status that the file is answered with: 200, 206 and its part, 304, 412 or 416.
// `request` and the bytes as http_parse() had them.
int http_select(const struct http_request *request, const char *bytes,
                const struct http_file *file, struct http_part *part);
