// SPDX-License-Identifier: MIT
//
// The web server that Linux runs in the race: one file, kept in memory, as fast as a program
// can give it.
//
//   httpd PORT FILE
//
// A request costs epoll_wait(), read() and send(): readiness is told at edges, and a read that
// does not fill its buffer has emptied the socket. A connection comes with its request in
// hand (TCP_DEFER_ACCEPT), so one that asks once is never watched at all. Head and file are
// one piece of memory. What it leaves out (dates, paths, ranges, a log) is in its favour.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linux.h"

enum { CONNECTIONS_MAX = 20000, EVENTS = 512, REQUEST_MAX = 2048, HEAD_MAX = 256 };

struct answer {
    char *bytes;
    size_t size;
};

struct connection {
    const struct answer *answer; // that is being sent, or NULL
    size_t sent;
    bool ends;                   // ends: behind this answer
    size_t filled;
    char request[REQUEST_MAX];
};

static struct {
    int events, listener;
    char path[128]; // that the file is asked for by
    struct answer kept, last, missing;
    struct connection *connections[CONNECTIONS_MAX]; // by handle
} server;

// ---- Answers ----------------------------------------------------------------------------
static struct answer make_answer(const char *status, const char *connection,
                                 const char *body, size_t size)
{
    char *bytes = malloc(HEAD_MAX + size);
    check(bytes != NULL, "memory");
    int head = snprintf(bytes, HEAD_MAX, "HTTP/1.1 %s\r\nContent-Type: text/plain\r\n"
                        "Content-Length: %zu\r\nConnection: %s\r\n\r\n", status, size,
                        connection);
    memcpy(bytes + head, body, size);
    return (struct answer){bytes, (size_t)head + size};
}

static void make_answers(char *path)
{
    struct stat status;
    int file = open(path, O_RDONLY);
    check(file >= 0 && fstat(file, &status) == 0, path);
    char *body = malloc((size_t)status.st_size + 1);
    check(body && read(file, body, (size_t)status.st_size) == status.st_size, path);
    server.kept = make_answer("200 OK", "keep-alive", body, (size_t)status.st_size);
    server.last = make_answer("200 OK", "close", body, (size_t)status.st_size);
    server.missing = make_answer("404 Not Found", "close", "", 0);
    snprintf(server.path, sizeof(server.path), "GET /%s ", basename(path));
}

// ---- One connection ---------------------------------------------------------------------
static void end(int handle)
{
    free(server.connections[handle]);
    server.connections[handle] = NULL;
    close(handle);
}

// 1: all of it; 0: later; -1: the connection is broken.
static int send_answer(int handle, struct connection *connection)
{
    const struct answer *answer = connection->answer;
    while (connection->sent < answer->size) {
        ssize_t count = send(handle, answer->bytes + connection->sent,
                             answer->size - connection->sent, MSG_NOSIGNAL);
        if (count < 0)
            return errno == EAGAIN ? 0 : -1;
        connection->sent += (size_t)count;
    }
    connection->answer = NULL;
    connection->sent = 0;
    return 1;
}

static void choose_answer(struct connection *connection, const char *head)
{
    bool is_old = strstr(head, " HTTP/1.0\r\n");
    bool is_kept = is_old ? strcasestr(head, "\r\nConnection: keep-alive") != NULL
                          : strcasestr(head, "\r\nConnection: close") == NULL;
    bool is_there = strncmp(head, server.path, strlen(server.path)) == 0;
    connection->ends = !is_kept || !is_there;
    connection->answer = !is_there ? &server.missing : is_kept ? &server.kept : &server.last;
}

// Takes the first request out of the buffer. False: there is no whole one.
static bool take_request(struct connection *connection)
{
    char *head = connection->request;
    char *last = memmem(head, connection->filled, "\r\n\r\n", 4);
    if (!last)
        return false;
    last[2] = '\0';
    choose_answer(connection, head);
    connection->filled -= (size_t)(last + 4 - head);
    memmove(head, last + 4, connection->filled);
    return true;
}

// Answers what has come. 1: all of it; 0: the rest goes when there is room; -1: the end.
static int answer_all(int handle, struct connection *connection)
{
    while (connection->answer || take_request(connection)) {
        int result = send_answer(handle, connection);
        if (result <= 0)
            return result;
        if (connection->ends)
            return -1;
    }
    return connection->filled < REQUEST_MAX ? 1 : -1;
}

// False: the connection is over.
static bool serve(int handle, bool is_shut)
{
    struct connection *connection = server.connections[handle];
    for (;;) {
        int result = answer_all(handle, connection);
        if (result <= 0)
            return result == 0;
        size_t room = REQUEST_MAX - connection->filled;
        ssize_t count = read(handle, connection->request + connection->filled, room);
        if (count <= 0)
            return count < 0 && errno == EAGAIN;
        connection->filled += (size_t)count;
        bool is_all = (size_t)count < room && !is_shut;
        result = answer_all(handle, connection);
        if (result <= 0 || is_all)
            return result >= 0;
    }
}

static void take_connection(void)
{
    int handle = accept4(server.listener, NULL, NULL, SOCK_NONBLOCK);
    if (handle < 0 || handle >= CONNECTIONS_MAX) {
        close(handle);
        return;
    }
    server.connections[handle] = calloc(1, sizeof(struct connection));
    check(server.connections[handle] != NULL, "memory");
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.fd = handle};
    if (!serve(handle, false) ||
        epoll_ctl(server.events, EPOLL_CTL_ADD, handle, &event) < 0)
        end(handle);
}

// ---- All of them ------------------------------------------------------------------------
static void listen_at(uint16_t port)
{
    const int one = 1, seconds = 5;
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct epoll_event event = {.events = EPOLLIN};
    server.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(server.listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    setsockopt(server.listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(server.listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds));
    check(bind(server.listener, (const void *)&any, sizeof(any)) == 0, "bind");
    check(listen(server.listener, 4096) == 0, "listen");
    event.data.fd = server.listener;
    check(epoll_ctl(server.events, EPOLL_CTL_ADD, server.listener, &event) == 0, "epoll");
}

int main(int argc, char **argv)
{
    static struct epoll_event events[EVENTS];
    const struct rlimit handles = {CONNECTIONS_MAX, CONNECTIONS_MAX};
    setrlimit(RLIMIT_NOFILE, &handles);
    check(argc >= 3, "usage: httpd PORT FILE");
    make_answers(argv[2]);
    server.events = epoll_create1(0);
    listen_at((uint16_t)atoi(argv[1]));
    puts("ready");
    fflush(stdout);
    for (;;) {
        int count = epoll_wait(server.events, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            int handle = events[i].data.fd;
            if (handle == server.listener)
                take_connection();
            else if (!serve(handle, events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
                end(handle);
        }
    }
}
