// SPDX-License-Identifier: MIT
//
// httpd: what its files share.
//
// One thread serves all connections: it sleeps until some of them are ready, does for each
// what can be done without waiting for its peer, and sleeps again. What a connection needs
// between two such moments is here, and only as long as it needs it: one that is silent is
// struct connection and nothing else.
//
// Chapter 25.
#pragma once

#include "http.h"

enum {
    CONNECTIONS_MAX = 16384, // unless -c says so
    SMALL_FILE = 1024,       // bytes: with its head in one segment
    TEXT_MAX = 4096,         // of an answer that is made here: a head, a page, a piece of one
    HEAD_MAX = 384,          // of a file's answer
    KNOWN_MAX = 1024,        // of a head's fields, to know them again
};

// What a connection does, and how long it may.
enum phase {
    RECEIVING, // a request, or waiting for the first one
    IDLE,      // waiting for the next one
    SKIPPING,  // the body of a request
    SENDING,   // an answer, more of which TCP did not take
    LINGERING, // all is sent, but closing at once would make the peer lose it
    PHASES,
    CLOSED = PHASES,
};

// What has come of a request so far.
struct input {
    struct http_request request; // as far as it has been read
    size_t start, size;          // where it begins in `bytes`, and where they end
    char bytes[HTTP_REQUEST_MAX];
};

// The fields that were read last, in case the next request has the same.
struct known_fields {
    struct http_request request; // that had them
    size_t size;                 // with the empty line; 0: there are none
    char bytes[KNOWN_MAX];
};

// What is still to be sent: text, then a file's part or a listing's next pieces.
struct answer {
    const char *ready;       // the text, where it is not the one below
    struct served *file;     // NULL: none, and so on
    struct listing *listing;
    uint64_t offset, left;   // of the file
    size_t size, done;       // of the text
    size_t page;             // of it a body, for the log
    char text[TEXT_MAX];
};

struct connection {
    struct list link;        // among those of its phase, the one whose time ends first in front
    uint64_t deadline_ns;
    int handle;
    uint8_t phase;           // enum phase
    bool is_watched, waits_for_room; // what the watch looks for
    bool keeps;              // another request may follow
    struct http_body body;   // to be skipped, of the request that was answered
    struct input *input;     // NULL: there is nothing of the next request
    struct answer *answer;   // NULL: nothing is under way
    struct os_address peer;
};

// Files that were asked for lately.
enum { CHAINS = 64 };
struct kept_files {
    struct list chains[CHAINS]; // by hash of the target
    struct list used;           // the one not used for longest in front
    unsigned count;
    uint64_t deadline_ns;       // until then none has to be closed
};

// Everything that there is only once in a server; there may be several.
struct server {
    size_t root_length;
    bool is_quiet;
    int listener, watch;
    bool is_full;                // new connections have to wait
    unsigned count, count_max;   // of connections
    struct list phases[PHASES];
    uint64_t deadline_ns;        // until then the time of no connection is over
    struct list closed;          // ended in this turn, whose events may still name them
    struct list spare;           // to be used again
    unsigned spare_count;
    uint64_t now_ns;             // of this turn
    struct kept_files files;
    char common[80];             // fields of all answers of this second: the date
    size_t common_size;
    uint64_t common_until_ns;
    // What one request at a time needs; a connection that is not ready in one go takes a copy.
    struct input input;
    struct known_fields known;
    struct answer answer;
    char path[OS_PATH_MAX];      // of what is asked for
};

// ---- httpd_connection.c: their beginning, their time, their end --------------------------
void connections_init(struct server *server);
void connection_open(struct server *server, int handle, const struct os_address *peer);
void connection_set_phase(struct server *server, struct connection *connection,
                          enum phase phase);
// Looks for room to send, or for something to read. False: it had to be closed.
bool connection_watch(struct server *server, struct connection *connection, bool room);
void connection_close(struct server *server, struct connection *connection);
// Closes the one that has been silent longest. False: all are at work.
bool connection_close_idle(struct server *server);
// Those whose time is over: at deadline_ns.
void connections_expire(struct server *server);
void connections_forget_closed(struct server *server);

// ---- httpd_receive.c ---------------------------------------------------------------------
// There is something to read, or room to write.
void connection_ready(struct server *server, struct connection *connection);

// ---- httpd_answer.c: which answer --------------------------------------------------------
// Fills in server->answer for a request. The status, for the log.
int answer_request(struct server *server, struct connection *connection,
                   const struct input *input);
// A page that says no more than the status.
void answer_status(struct server *server, const struct connection *connection, int status);

// ---- httpd_text.c: its words -------------------------------------------------------------
void answer_add(struct answer *answer, const char *text, size_t size);
void answer_add_string(struct answer *answer, const char *text);
void answer_add_number(struct answer *answer, uint64_t number);
void answer_print(struct answer *answer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// "HTTP/1.1 200 OK" and the fields of every answer, behind what is there.
void answer_start_head(struct server *server, struct answer *answer, int status);
void answer_end_head(struct answer *answer, const struct connection *connection, bool is_old);
// The last field of a head and the empty line: one of three constants.
const char *answer_end(const struct connection *connection, bool is_old);
const char *answer_reason(int status);

// ---- httpd_send.c ------------------------------------------------------------------------
// Sends on. 1: all of it has been taken; 0: more when there is room; negative: it failed.
int answer_send(struct connection *connection, struct answer *answer);
void answer_drop(struct answer *answer); // what it holds

// ---- httpd_file.c: files that were asked for lately stay open for a moment ---------------
struct served {
    struct list by_hash, by_use;
    uint32_t hash;
    unsigned users;          // answers that send it
    bool is_known;           // found by its target; otherwise it goes with its last user
    int handle;
    uint64_t checked_ns, used_ns;
    struct os_status status;
    struct http_file what;
    char tag[56];            // what.tag
    size_t fields_size;
    char fields[192];        // of its answers
    // An answer with all of it, as it was sent last: a head, and the bytes of a small file.
    const char *head_end;    // its answer_end()
    uint64_t head_until_ns;
    size_t head_size, kept;  // kept: bytes behind the head, all or none
    char text[HEAD_MAX + SMALL_FILE];
    size_t target_length;
    const char *target;      // what asked for it; behind the path
    char path[];
};
void served_init(struct server *server);
// What was lately opened for this target, with one more user; NULL: it is not known.
struct served *served_find(struct server *server, const char *target, size_t length);
// Opens what the target means, server->path. With one user. 0; -EISDIR; -EACCES: it is no file;
// errors of os_open().
int served_open(struct server *server, const char *target, size_t length,
                struct served **served);
void served_put(struct served *served);
// Closes those that nobody has asked for lately: at files.deadline_ns.
void served_expire(struct server *server);

// ---- httpd_list.c: a directory as a page -------------------------------------------------
// 0 or an error. `path` is the directory, with a slash behind it; `root` bytes of it are not
// shown.
int listing_open(const char *path, size_t root, bool is_chunked, struct listing **listing);
// Puts its next piece into the answer, which is empty. False: there are no more.
bool listing_next(struct listing *listing, struct answer *answer);
void listing_close(struct listing *listing);

// ---- httpd_log.c -------------------------------------------------------------------------
// A line in the common log format, if there is to be a log. The answer is server->answer.
void httpd_log_request(const struct server *server, const struct connection *connection,
                 const struct input *input, int status);
