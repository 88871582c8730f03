// SPDX-License-Identifier: MIT
//
// DNS over TCP: for answers that are too long for a datagram (RFC 7766; RFC 1035, 4.2.2).
//
//   dns_stream_init()        the resolver of chapter 22 asks like this from now on
//
// Messages are the same; two bytes in front of each say how long it is. One connection for each
// question: they are rare. TCP tells us of changes in the middle of its work, when a connection
// cannot be closed, so what there is to do is done by a timer that is due at once.
// Chapter 23.
#include "dns_stream.h"

#include "dns.h"
#include "error.h"
#include "heap.h"
#include "machine.h"
#include "tcp.h"
#include "timer.h"

enum { LENGTH_SIZE = 2 };

struct stream {
    struct dns_query *query;
    struct tcp_user user;
    struct tcp_connection *connection;
    struct timer timer;            // due when something has changed
    bool is_asked;
    size_t received;               // bytes, with the length
    uint8_t length[LENGTH_SIZE];
    uint8_t *answer;               // NULL: the length is not there yet
};

static void end(struct stream *stream)
{
    stream->query->stream = NULL;
    timer_stop(&stream->timer);
    tcp_close(stream->connection, false);
    heap_free(stream->answer);
    heap_free(stream);
}

static int send_question(struct stream *stream)
{
    uint8_t bytes[LENGTH_SIZE + DNS_QUESTION_MAX];
    if (stream->is_asked)
        return 0;
    size_t size = dns_message_write(bytes + LENGTH_SIZE, &stream->query->question);
    be16_write(bytes, (uint16_t)size);
    int count = tcp_write(stream->connection, bytes, LENGTH_SIZE + size); // all: it is empty
    stream->is_asked = count > 0;
    return count < 0 ? count : 0;
}

// Bytes [start, end) of what comes, to `to`. 0: they are there; -EAGAIN: not all of them.
static int fill(struct stream *stream, uint8_t *to, size_t start, size_t end)
{
    while (stream->received < end) {
        int count = tcp_read(stream->connection, to + stream->received - start,
                             end - stream->received);
        if (count <= 0)
            return count < 0 ? count : -EPROTO; // it has ended too early
        stream->received += (size_t)count;
    }
    return 0;
}

static int read_answer(struct stream *stream)
{
    int error = fill(stream, stream->length, 0, LENGTH_SIZE);
    size_t size = be16_read(stream->length);
    if (error || size == 0)
        return error ? error : -EPROTO;
    if (!stream->answer)
        stream->answer = heap_alloc(size);
    if (!stream->answer)
        return -ENOMEM;
    return fill(stream, stream->answer, LENGTH_SIZE, LENGTH_SIZE + size);
}

static void go_on(struct timer *timer)
{
    struct stream *stream = container_of(timer, struct stream, timer);
    struct dns_query *query = stream->query;
    int error = send_question(stream);
    if (!error)
        error = read_answer(stream);
    if (error == -EAGAIN)
        return; // there will be another change

    uint8_t *answer = error ? NULL : stream->answer;
    size_t size = be16_read(stream->length);
    if (answer)
        stream->answer = NULL; // it is to outlive the stream
    end(stream);
    dns_take_long(query, answer, size);
    heap_free(answer);
}

static void changed(struct tcp_user *user)
{
    struct stream *stream = container_of(user, struct stream, user);
    if (!timer_is_running(&stream->timer))
        timer_start(&stream->timer, machine_clock_ns(), go_on);
}

static int ask(struct dns_query *query, const struct os_address *server)
{
    struct stream *stream = heap_alloc(sizeof(*stream));
    if (!stream)
        return -ENOMEM;
    stream->query = query;
    stream->user.changed = changed;
    int error = tcp_open(&stream->connection, &stream->user);
    if (error) {
        heap_free(stream);
        return error;
    }
    query->stream = stream;
    error = tcp_connect(stream->connection, server);
    if (error)
        end(stream);
    return error;
}

static void cancel(struct dns_query *query)
{
    end(query->stream);
}

void dns_stream_init(void)
{
    static const struct dns_stream stream = {.ask = ask, .cancel = cancel};
    dns_set_stream(&stream);
}
