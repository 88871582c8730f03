// SPDX-License-Identifier: MIT
//
// wget's parts: what a URL names, and what a web server answers (RFC 9110, 9112).
//
//   wget_url_parse(&url, "http://host:8080/path"), wget_url_follow(&url, location)
//   wget_reply_head(&reply), wget_reply_body(&reply, &bytes)
//
// Chapter 25.
#pragma once

#include "os.h"

// ---- URLs ---------------------------------------------------------------------------
enum { WGET_HOST_SIZE = 256, WGET_PATH_SIZE = 2048 };
struct wget_url {
    char host[WGET_HOST_SIZE];
    uint16_t port;
    char path[WGET_PATH_SIZE]; // begins with '/', and has what is behind a '?'
};
// "http://" may be left out. -EINVAL: it makes no sense; -EPROTONOSUPPORT: it wants something
// else than HTTP; -ENAMETOOLONG.
int wget_url_parse(struct wget_url *url, const char *text);
// Where the Location of an answer leads to, in place of where we were. The same errors.
int wget_url_follow(struct wget_url *url, const char *location);
// "http://host:8080/path"
enum { WGET_URL_TEXT = WGET_HOST_SIZE + WGET_PATH_SIZE + 16 };
const char *wget_url_print(const struct wget_url *url, char text[WGET_URL_TEXT]);
// What a file of it is called: the path's last part.
void wget_url_file(const struct wget_url *url, char name[OS_NAME_MAX + 1]);

// ---- Answers ------------------------------------------------------------------------
enum { WGET_BUFFER = 32768, WGET_REASON_SIZE = 64 };
#define WGET_PATIENCE_NS UINT64_C(30000000000) // of a connection that says nothing: 30 s

struct wget_reply {
    int handle;                    // of the connection; all else is 0 at first
    // After wget_reply_head():
    unsigned status;               // 200
    char reason[WGET_REASON_SIZE]; // "OK"
    bool has_length, is_chunked, has_range;
    uint64_t length;               // of the body
    uint64_t range_start, range_total; // where it begins in the file, and how large that is
    char location[WGET_PATH_SIZE]; // "": none
    // Inside:
    size_t first, end;             // what has been read and not given yet
    uint64_t left;                 // of the body, or of this chunk
    bool in_chunk, at_end;
    char buffer[WGET_BUFFER];
};
// Waits. 0; -EPROTO: this is no HTTP; -ECONNABORTED: it ended before; -E2BIG; -ETIMEDOUT; or
// as os_receive().
int wget_reply_head(struct wget_reply *reply);
// Waits for the next piece of the body: its size, 0: that was all. The bytes are there until
// the next call. -ECONNABORTED: more was promised; the others as above.
int wget_reply_body(struct wget_reply *reply, const char **bytes);
