// SPDX-License-Identifier: MIT
//
// httpd: which answer a request gets. See httpd.h.
// Chapter 25.
#include "httpd.h"

enum { REDIRECT_MAX = 2048 }; // bytes of a path that is sent back

// ---- Pages that say no more than a status ------------------------------------------------
// `fields`: what this answer has besides those of all, with their line ends.
static void add_page(struct server *server, const struct connection *connection, int status,
                     const char *fields)
{
    struct answer *answer = &server->answer;
    char page[256];
    const char *text = answer_reason(status);
    int size = snprintf(page, sizeof(page),
                        "<!DOCTYPE html>\n<html lang=\"en\">\n<title>%d %s</title>\n"
                        "<h1>%d %s</h1>\n</html>\n",
                        status, text, status, text);
    answer_start_head(server, answer, status);
    answer_print(answer, "%sContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n",
                 fields, size);
    answer_end_head(answer, connection, true);
    answer->page = (size_t)size;
    answer_add(answer, page, answer->page);
}

static void start(struct answer *answer)
{
    answer->ready = NULL;
    answer->file = NULL;
    answer->listing = NULL;
    answer->offset = answer->left = 0;
    answer->size = answer->done = answer->page = 0;
}

void answer_status(struct server *server, const struct connection *connection, int status)
{
    start(&server->answer);
    add_page(server, connection, status, "");
}

// What os.h says, as HTTP says it.
static int status_of(int error)
{
    switch (error) {
    case -ENOENT:
    case -ENOTDIR:
    case -ELOOP:
    case -ENAMETOOLONG:
        return 404;
    case -EACCES:
        return 403;
    case -ENOMEM:
    case -EMFILE:
        return 503; // not now
    default:
        return 500;
    }
}

// ---- Files -------------------------------------------------------------------------------
static void add_number(struct answer *answer, const char *before, uint64_t number,
                       const char *behind)
{
    answer_add_string(answer, before);
    answer_add_number(answer, number);
    answer_add_string(answer, behind);
}

static void add_head_of_part(struct server *server, const struct served *served,
                             const struct http_part *part)
{
    struct answer *answer = &server->answer;
    answer_start_head(server, answer, 206);
    answer_add(answer, served->fields, served->fields_size);
    add_number(answer, "Content-Range: bytes ", part->offset, "-");
    add_number(answer, "", part->offset + part->size - 1, "/");
    add_number(answer, "", served->what.size, "\r\n");
    add_number(answer, "Content-Length: ", part->size, "\r\n");
}

// As text, or for answer_send() to take from the file.
static void add_part(struct answer *answer, const struct served *served,
                     const struct http_part *part)
{
    if (served->kept > 0) {
        const char *bytes = served->text + served->head_size;
        answer_add(answer, bytes + part->offset, (size_t)part->size);
        answer->page = (size_t)part->size;
    } else {
        answer->offset = part->offset;
        answer->left = part->size;
    }
}

// Puts an answer with all of it behind what is there, and keeps a copy.
static void add_all(struct server *server, struct served *served, const char *end)
{
    struct answer *answer = &server->answer;
    struct http_part all = {0, served->what.size};
    size_t start = answer->size;
    answer_start_head(server, answer, 200);
    answer_add(answer, served->fields, served->fields_size);
    add_number(answer, "Content-Length: ", served->what.size, "\r\n");
    answer_add_string(answer, end);
    size_t head_size = answer->size - start;
    os_assert(head_size <= HEAD_MAX);
    add_part(answer, served, &all);
    memcpy(served->text, answer->text + start, answer->size - start);
    served->head_size = head_size;
    served->head_end = end;
    served->head_until_ns = server->common_until_ns;
}

// The last such answer once more, if it was in the same second and of the same kind. Nothing
// of it is copied: who cannot send it in one go takes a copy (httpd_receive.c).
static void answer_all(struct server *server, struct served *served, const char *end)
{
    struct answer *answer = &server->answer;
    bool is_first = answer->size == 0; // else "100 Continue" goes before it
    if (!is_first || server->now_ns >= served->head_until_ns || served->head_end != end) {
        add_all(server, served, end);
        return;
    }
    answer->ready = served->text;
    answer->size = served->head_size + served->kept;
    answer->page = served->kept;
    answer->left = served->what.size - served->kept;
}

static int answer_file(struct server *server, const struct connection *connection,
                       const struct input *input, struct served *served)
{
    struct answer *answer = &server->answer;
    const struct http_request *request = &input->request;
    struct http_part part;
    char range[64];
    int status = http_select(request, input->bytes + input->start, &served->what, &part);
    switch (status) {
    case 412:
        add_page(server, connection, status, "");
        break;
    case 416:
        snprintf(range, sizeof(range), "Content-Range: bytes */%llu\r\n",
                 (unsigned long long)served->what.size);
        add_page(server, connection, status, range);
        break;
    case 304:
        answer_start_head(server, answer, status);
        answer_print(answer, "ETag: %s\r\n", served->tag);
        answer_end_head(answer, connection, request->minor == 0);
        break;
    case 206:
        add_head_of_part(server, served, &part);
        answer_end_head(answer, connection, request->minor == 0);
        add_part(answer, served, &part);
        break;
    default:
        answer_all(server, served, answer_end(connection, request->minor == 0));
    }
    answer->file = served; // also where nothing of it is sent: it is in use until then
    return status;
}

// ---- Directories -------------------------------------------------------------------------
static const char *target_of(const struct input *input)
{
    return input->bytes + input->start + input->request.target.at;
}

// To the same place with a slash behind it: links in its page are relative to that. A second
// slash at the start would make a host of what follows.
static int redirect(struct server *server, const struct connection *connection,
                    const struct input *input)
{
    size_t length = input->request.target.length;
    const char *at = target_of(input), *end = at + length;
    char fields[REDIRECT_MAX + 32];
    at += http_skip_host(at, length);
    while (end - at > 1 && at[1] == '/')
        at++;
    const char *query = memchr(at, '?', (size_t)(end - at));
    if (!query)
        query = end;
    int status = end - at < REDIRECT_MAX ? 301 : 414;
    snprintf(fields, sizeof(fields), "Location: %.*s/%.*s\r\n", (int)(query - at), at,
             (int)(end - query), query);
    add_page(server, connection, status, status == 301 ? fields : "");
    return status;
}

// Its size is not known before it has been made: so it goes in chunks, or ends with the
// connection where those are not known yet.
static int answer_listing(struct server *server, struct connection *connection,
                          const struct input *input)
{
    struct answer *answer = &server->answer;
    bool is_chunked = input->request.minor > 0;
    int error = listing_open(server->path, server->root_length, is_chunked, &answer->listing);
    if (error) {
        add_page(server, connection, status_of(error), "");
        return status_of(error);
    }
    if (!is_chunked)
        connection->keeps = false;
    answer_start_head(server, answer, 200);
    answer_add_string(answer, "Content-Type: text/html; charset=utf-8\r\n");
    if (is_chunked)
        answer_add_string(answer, "Transfer-Encoding: chunked\r\n");
    answer_end_head(answer, connection, false);
    return 200;
}

// ---- All of them -------------------------------------------------------------------------
// What is at server->path, a directory's first page where it has one.
static int answer_path(struct server *server, struct connection *connection,
                       const struct input *input, size_t length)
{
    static const char first_page[] = "index.html";
    struct served *served;
    bool is_directory = server->path[length - 1] == '/';
    size_t size = sizeof(first_page);
    if (is_directory && length + size <= sizeof(server->path))
        memcpy(server->path + length, first_page, size);
    int error = served_open(server, target_of(input), input->request.target.length, &served);
    if (!error)
        return answer_file(server, connection, input, served);
    if (error == -EISDIR && !is_directory)
        return redirect(server, connection, input);
    server->path[length] = '\0';
    if (is_directory && (error == -ENOENT || error == -EISDIR))
        return answer_listing(server, connection, input);
    add_page(server, connection, status_of(error), "");
    return status_of(error);
}

static int answer_known(struct server *server, struct connection *connection,
                        const struct input *input)
{
    const struct http_request *request = &input->request;
    const char *target = target_of(input);
    if (request->expects_continue && connection->body.is_open)
        answer_add_string(&server->answer, "HTTP/1.1 100 Continue\r\n\r\n");
    struct served *served = served_find(server, target, request->target.length);
    if (served)
        return answer_file(server, connection, input, served);
    int length = http_path(target, request->target.length, server->path + server->root_length,
                           sizeof(server->path) - server->root_length);
    if (length >= 0)
        return answer_path(server, connection, input, server->root_length + (size_t)length);
    add_page(server, connection, -length, "");
    return -length;
}

// HEAD gets the head of what GET would get (RFC 9110, 9.3.2).
static void take_off_body(struct answer *answer)
{
    answer->size -= answer->page;
    answer->page = 0;
    answer->left = 0;
    if (answer->listing)
        listing_close(answer->listing);
    answer->listing = NULL;
}

int answer_request(struct server *server, struct connection *connection,
                   const struct input *input)
{
    const struct http_request *request = &input->request;
    int status = 501;
    start(&server->answer);
    if (request->method == HTTP_REFUSED || request->method == HTTP_UNKNOWN) {
        // Who waits to hear "100 Continue" will not say whether the body comes after this.
        if (request->expects_continue && connection->body.is_open)
            connection->keeps = false;
        if (request->method == HTTP_REFUSED)
            status = 405;
        add_page(server, connection, status, status == 405 ? "Allow: GET, HEAD\r\n" : "");
        return status;
    }
    status = answer_known(server, connection, input);
    if (request->method == HTTP_HEAD)
        take_off_body(&server->answer);
    return status;
}
