// SPDX-License-Identifier: MIT
//
// The steps of a node's script that open connections, use them and close them.
#pragma once

#include "tests/sim/node.h"
#include "user/os_interfaces.h"

// ---- Steps: connections -------------------------------------------------------------------

static void need(bool is_there, const char *what)
{
    if (!is_there)
        panic("the script needs %s first", what);
}

static void adopt(struct tcp_connection *connection)
{
    node.connection = connection;
    node.sent = node.received = 0;
    node.has_changed = true;
}

// listen PORT [BACKLOG]
static void step_listen(char **words)
{
    struct os_address any = address_ipv4(0, (uint16_t)number(words[1]));
    node.listener_user.changed = changed;
    int error = tcp_open(&node.listener, &node.listener_user);
    error = error ? error : tcp_bind(node.listener, &any);
    error =
        error ? error : tcp_listen(node.listener, words[2] ? (unsigned)number(words[2]) : 16);
    if (error)
        say("listen: %s", error_text(error));
}

// accept [MILLISECONDS]
static void step_accept(char **words)
{
    char text[ADDRESS_TEXT_SIZE];
    struct os_address local, remote;
    struct tcp_connection *connection;
    need(node.listener, "listen");
    uint64_t deadline =
        words[1] ? timer_deadline_after(number(words[1]) * MILLISECOND_NS) : MACHINE_NEVER;
    node.user.changed = changed;
    int error;
    while ((error = tcp_accept(node.listener, &connection, &node.user)) == -EAGAIN)
        if (!wait_for_change(deadline))
            break;
    if (error) {
        say("accept: %s", error_text(error));
        return;
    }
    adopt(connection);
    tcp_names(connection, &local, &remote);
    say("accepted %s", address_print(&remote, text));
}

static int await_connection(void)
{
    for (;;) {
        unsigned ready = tcp_poll(node.connection);
        if (ready & OS_POLL_ERROR)
            return tcp_take_error(node.connection);
        if (ready & OS_POLL_WRITE)
            return 0;
        wait_for_change(MACHINE_NEVER);
    }
}

// connect ADDRESS:PORT [FROM-PORT]
static void step_connect(char **words)
{
    struct os_address remote;
    struct tcp_connection *connection;
    if (!words[1] || address_parse(words[1], &remote) != 0)
        panic("connect: expected ADDRESS:PORT");
    node.user.changed = changed;
    int error = tcp_open(&connection, &node.user);
    if (!error)
        adopt(connection);
    struct os_address local = address_ipv4(0, (uint16_t)number(words[2]));
    error = error || !words[2] ? error : tcp_bind(connection, &local);
    error = error ? error : tcp_connect(connection, &remote);
    error = error ? error : await_connection();
    say("connect: %s", error ? error_text(error) : "established");
    if (error && node.connection) {
        tcp_close(node.connection, false);
        node.connection = NULL;
    }
}

// close, abort, shutdown
static void step_close(char **words)
{
    need(node.connection, "a connection");
    tcp_close(node.connection, strcmp(words[0], "abort") == 0);
    node.connection = NULL;
}

static void step_shutdown(char **words)
{
    need(node.connection, "a connection");
    int error = tcp_shutdown(node.connection, OS_SHUTDOWN_WRITE);
    if (error)
        say("shutdown: %s", error_text(error));
}

// option NAME VALUE
static void step_option(char **words)
{
    static const struct {
        const char *name;
        enum os_option option;
    } options[] = {{"nodelay", OS_OPTION_NODELAY},
                   {"keepalive", OS_OPTION_KEEPALIVE},
                   {"receive-buffer", OS_OPTION_RECEIVE_BUFFER},
                   {"send-buffer", OS_OPTION_SEND_BUFFER},
                   {"congestion", OS_OPTION_CONGESTION}};
    struct tcp_connection *connection = node.connection ? node.connection : node.listener;
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (words[1] && strcmp(words[1], options[i].name) == 0) {
            int error = tcp_set_option(connection, options[i].option, (int)number(words[2]));
            if (error)
                say("option %s: %s", words[1], error_text(error));
            return;
        }
    }
    panic("option: there is no %s", words[1]);
}

// ---- Steps: bytes -------------------------------------------------------------------------

// write N
static void step_write(char **words)
{
    uint64_t end = node.sent + number(words[1]);
    int count = 0;
    need(node.connection, "a connection");
    while (node.sent < end) {
        count = write_some(end - node.sent);
        if (count == -EAGAIN)
            wait_for_change(MACHINE_NEVER);
        else if (count < 0)
            break;
    }
    if (count < 0)
        say("write: %s after %llu bytes", error_text(count), (unsigned long long)node.sent);
    else
        say("written: %llu bytes in all", (unsigned long long)node.sent);
}

// read N: or until the end
static void step_read(char **words)
{
    uint64_t end = words[1] ? node.received + number(words[1]) : UINT64_MAX;
    int count = 1;
    need(node.connection, "a connection");
    while (node.received < end && count > 0) {
        count = read_some(end - node.received);
        if (count == -EAGAIN) {
            wait_for_change(MACHINE_NEVER);
            count = 1;
        }
    }
    const char *ending = count < 0 ? error_text(count) : count == 0 ? "and the end" : "so far";
    say("read: %llu bytes, %s", (unsigned long long)node.received, ending);
}

// bulk N [MILLISECONDS]: both ways at once, to the end; with a pause after each piece that is
// read, so that windows fill
static void step_bulk(char **words)
{
    uint64_t size = number(words[1]), pause_ns = number(words[2]) * MILLISECOND_NS;
    bool has_shut = false, has_ended = false;
    need(node.connection, "a connection");
    while (!has_shut || !has_ended) {
        int written = node.sent < size ? write_some(size - node.sent) : -EAGAIN;
        int got = has_ended ? -EAGAIN : read_some(pause_ns ? PIECE / 8 : UINT64_MAX);
        if (pause_ns && got > 0)
            timer_sleep(pause_ns);
        if ((written < 0 && written != -EAGAIN) || (got < 0 && got != -EAGAIN)) {
            say("bulk: writing %s, reading %s", error_text(written), error_text(got));
            return;
        }
        has_ended |= got == 0;
        if (node.sent == size && !has_shut) {
            tcp_shutdown(node.connection, OS_SHUTDOWN_WRITE);
            has_shut = true;
        } else if (written == -EAGAIN && got == -EAGAIN) {
            wait_for_change(MACHINE_NEVER);
        }
    }
    say("bulk: %llu bytes sent, %llu received", (unsigned long long)node.sent,
        (unsigned long long)node.received);
}
