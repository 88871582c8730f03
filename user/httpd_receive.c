// SPDX-License-Identifier: MIT
//
// httpd: requests as they come. See httpd.h.
//
// Bytes are read into one buffer that all connections share, and requests are answered
// where they lie in it, one after the other. Only what is no whole request yet, or has to
// wait until an answer has gone, is copied into memory of the connection's own. And the fields
// that were read last are kept: a client sends the same with whatever it asks for.
// Chapter 25.
#include "httpd.h"

enum { LINGER_READ = 64 << 10 }; // what is thrown away at once

// ---- The end -----------------------------------------------------------------------------
// No more requests. What the peer has sent, and nobody has read, would make TCP reset the
// connection, and the peer might lose the answer (RFC 9112, 9.6): so its end is waited for.
static void linger(struct server *server, struct connection *connection)
{
    os_shutdown(connection->handle, OS_SHUTDOWN_WRITE);
    connection_set_phase(server, connection, LINGERING);
    connection_watch(server, connection, false);
}

static void throw_away(struct server *server, struct connection *connection)
{
    size_t total = 0;
    int count = 1;
    while (count > 0 && total < LINGER_READ) {
        count =
            os_receive(connection->handle, server->input.bytes, sizeof(server->input.bytes), 0);
        total += count > 0 ? (size_t)count : 0;
    }
    if (count <= 0 && count != -ETIMEDOUT)
        connection_close(server, connection);
}

// ---- Answers -----------------------------------------------------------------------------
// All of an answer is with TCP. False: the connection takes no more requests.
static bool finish_answer(struct server *server, struct connection *connection, bool has_more)
{
    if (connection->keeps)
        return true;
    if (has_more || connection->body.is_open)
        linger(server, connection);
    else
        connection_close(server, connection);
    return false;
}

// The shared answer is left for another one. False: there is no memory.
static bool keep_answer(struct server *server, struct connection *connection)
{
    connection->answer = os_alloc(sizeof(*connection->answer));
    if (!connection->answer)
        return false;
    struct answer *answer = connection->answer;
    *answer = server->answer;
    if (answer->ready)
        memcpy(answer->text, answer->ready, answer->size);
    answer->ready = NULL;
    return true;
}

// Sends the shared answer, or as much as TCP takes. True: it is done with.
static bool send_answer(struct server *server, struct connection *connection)
{
    int result = answer_send(connection, &server->answer);
    if (result == 0 && keep_answer(server, connection)) {
        connection_set_phase(server, connection, SENDING);
        connection_watch(server, connection, true);
        return false;
    }
    answer_drop(&server->answer);
    if (result <= 0)
        connection_close(server, connection);
    return result > 0;
}

// ---- Requests ----------------------------------------------------------------------------
// A request that makes no sense, or none that we would read.
static void refuse(struct server *server, struct connection *connection,
                   const struct input *input, int status)
{
    connection->keeps = false;
    answer_status(server, connection, status);
    httpd_log_request(server, connection, input, status);
    if (send_answer(server, connection))
        linger(server, connection);
}

// A whole request is there. True: the connection is ready for the next.
static bool handle(struct server *server, struct connection *connection, struct input *input,
                   size_t head)
{
    int error = http_body_start(&connection->body, &input->request);
    if (error) {
        refuse(server, connection, input, -error);
        return false;
    }
    connection->keeps = input->request.keep_alive;
    int status = answer_request(server, connection, input);
    httpd_log_request(server, connection, input, status);
    input->start += head;
    input->request = (struct http_request){0};
    return send_answer(server, connection) &&
           finish_answer(server, connection, input->size > input->start);
}

// The same fields, to a request of the same version, say the same.
static bool is_known(const struct known_fields *known, const struct http_request *request,
                     const char *fields, size_t size)
{
    return known->size > 0 && known->size <= size && known->request.minor == request->minor &&
           memcmp(fields, known->bytes, known->size) == 0;
}

// `line`: the size of the first line.
static int take_known(const struct known_fields *known, struct http_request *request, int line)
{
    struct http_request first = *request;
    *request = known->request;
    request->line = first.line;
    request->target = first.target;
    request->method = first.method;
    return line + (int)known->size;
}

// What asks for a part, or on a condition, is not kept: that is looked up where it stands.
static void keep_fields(struct known_fields *known, const struct http_request *request,
                        const char *fields, size_t size)
{
    if (size > KNOWN_MAX || request->has_wishes)
        return;
    known->request = *request;
    known->size = size;
    memcpy(known->bytes, fields, size);
}

static int read_head(struct known_fields *known, struct http_request *request,
                     const char *bytes, size_t size)
{
    bool is_new = request->count == 0;
    int line = http_parse_line(request, bytes, size);
    if (line < 0)
        return line;
    if (is_new && line > 0 && is_known(known, request, bytes + line, size - (size_t)line))
        return take_known(known, request, line);
    int count = http_parse(request, bytes, size);
    if (is_new && count > 0)
        keep_fields(known, request, bytes + line, (size_t)(count - line));
    return count;
}

// The next thing in the input: the rest of a body, or a request. True: go on.
static bool take_next(struct server *server, struct connection *connection, struct input *input)
{
    const char *bytes = input->bytes + input->start;
    size_t size = input->size - input->start;
    if (size == 0)
        return false;
    bool is_body = connection->body.is_open;
    int count = is_body ? http_body_skip(&connection->body, bytes, size)
                        : read_head(&server->known, &input->request, bytes, size);
    if (count < 0) {
        connection->body.is_open = false;
        refuse(server, connection, input, -count);
        return false;
    }
    if (!is_body)
        return count > 0 && handle(server, connection, input, (size_t)count);
    input->start += (size_t)count;
    return true;
}

// What is left of the input becomes the connection's own, from its start. False: no memory.
static bool keep_input(struct connection *connection, const struct input *input)
{
    size_t left = input->size - input->start;
    if (left == 0) {
        os_free(connection->input);
        connection->input = NULL;
        return true;
    }
    if (!connection->input)
        connection->input = os_alloc(sizeof(*connection->input));
    if (!connection->input)
        return false;
    connection->input->request = input->request;
    memmove(connection->input->bytes, input->bytes + input->start, left);
    connection->input->start = 0;
    connection->input->size = left;
    return true;
}

// Its time begins anew with every answer, and with the first byte of a request; not with
// the second.
static void wait_for_more(struct server *server, struct connection *connection,
                          bool has_answered)
{
    enum phase phase = connection->body.is_open ? SKIPPING : IDLE;
    if (connection->input)
        phase = RECEIVING;
    if (phase != connection->phase || has_answered)
        connection_set_phase(server, connection, phase);
    connection_watch(server, connection, false);
}

// Answers what is there of requests, as long as TCP takes the answers.
static void work(struct server *server, struct connection *connection, struct input *input)
{
    size_t start = input->start;
    while (take_next(server, connection, input))
        ;
    if (connection->phase == CLOSED) // and its input is gone
        return;
    bool has_answered = input->start > start;
    if (!keep_input(connection, input))
        connection_close(server, connection);
    else if (connection->phase != SENDING && connection->phase != LINGERING)
        wait_for_more(server, connection, has_answered);
}

static void receive(struct server *server, struct connection *connection)
{
    struct input *input = connection->input;
    if (!input) {
        input = &server->input;
        input->request = (struct http_request){0};
        input->start = input->size = 0;
    }
    int count = os_receive(connection->handle, input->bytes + input->size,
                           sizeof(input->bytes) - input->size, 0);
    if (count > 0) {
        input->size += (size_t)count;
        work(server, connection, input);
    } else if (count == -ETIMEDOUT) {
        connection_watch(server, connection, false); // it has come to nothing
    } else {
        connection_close(server, connection);
    }
}

// There is room again for the answer that was left. Then, for the requests behind it.
static void send_more(struct server *server, struct connection *connection)
{
    int result = answer_send(connection, connection->answer);
    connection_set_phase(server, connection, SENDING);
    if (result == 0)
        return;
    answer_drop(connection->answer);
    os_free(connection->answer);
    connection->answer = NULL;
    if (result < 0) {
        connection_close(server, connection);
    } else if (finish_answer(server, connection, connection->input != NULL)) {
        struct input *input = connection->input;
        connection_set_phase(server, connection, IDLE);
        if (input)
            work(server, connection, input);
        else
            wait_for_more(server, connection, true);
    }
}

void connection_ready(struct server *server, struct connection *connection)
{
    switch (connection->phase) {
    case CLOSED:
        break;
    case SENDING:
        send_more(server, connection);
        break;
    case LINGERING:
        throw_away(server, connection);
        break;
    default:
        receive(server, connection);
    }
}
