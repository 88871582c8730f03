// SPDX-License-Identifier: MIT
//
// httpd: shows the files of a directory to web browsers (HTTP/1.1)
//
//   httpd [-q] [-p PORT] [-c CONNECTIONS] [ROOT]
//
// ROOT: /www, unless given; -p: another port than 80; -c: so many connections at once, at most;
// -q: no line for each request.
//
// One thread for all: see httpd.h. Chapter 25.
#include "httpd.h"
#include "hosts.h"
#include "options.h"

enum { BACKLOG = 1024, EVENTS = 64, ACCEPTED_AT_ONCE = 64 };

// ---- New connections ---------------------------------------------------------------------
// There is no room for another one. True: now there is.
static bool make_room(struct server *server)
{
    if (connection_close_idle(server))
        return true;
    os_watch(server->watch, server->listener, 0, NULL); // until one of them ends
    server->is_full = true;
    return false;
}

static bool is_shortage(int error)
{
    return error == -EMFILE || error == -ENOMEM;
}

// Not all who wait at once: those who are here are served in between. And only one where nobody
// is: the next turn is soon enough for the next one, who most often is not there.
static void accept_some(struct server *server, bool is_alone)
{
    for (unsigned i = 0; i < (is_alone ? 1 : ACCEPTED_AT_ONCE); i++) {
        struct os_address peer;
        if (server->count >= server->count_max && !make_room(server))
            return;
        int handle = os_accept(server->listener, &peer, 0);
        if (handle >= 0)
            connection_open(server, handle, &peer);
        else if (!is_shortage(handle) || !make_room(server))
            return;
    }
}

// ---- The loop ----------------------------------------------------------------------------
static int turn(struct server *server)
{
    struct os_event events[EVENTS];
    uint64_t deadline_ns = server->deadline_ns, files_ns = server->files.deadline_ns;
    int count = os_watch_wait(server->watch, events, EVENTS,
                              deadline_ns < files_ns ? deadline_ns : files_ns);
    server->now_ns = os_clock_ns();
    for (int i = 0; i < count; i++) {
        if (events[i].context)
            connection_ready(server, events[i].context);
        else
            accept_some(server, count == 1);
    }
    if (server->now_ns >= server->deadline_ns)
        connections_expire(server);
    if (server->now_ns >= server->files.deadline_ns)
        served_expire(server);
    connections_forget_closed(server);
    return count;
}

static int open_port(uint16_t port)
{
    struct os_address any = {.family = OS_IPV4, .port = port};
    int handle = os_socket(OS_STREAM, OS_IPV4);
    if (handle < 0)
        return handle;
    int error = os_bind(handle, &any);
    if (!error)
        error = os_set_option(handle, OS_OPTION_NODELAY, 1); // its connections inherit that
    if (!error)
        error = os_listen(handle, BACKLOG);
    if (error)
        os_close(handle);
    return error ? error : handle;
}

// Returns 1, or goes on until it is asked to end.
static int serve(struct server *server, uint16_t port)
{
    server->listener = open_port(port);
    if (server->listener < 0) {
        const char *hint = "";
        if (server->listener == -EADDRINUSE)
            hint = ": another program has it (`ss` shows which; -p takes another port)";
        else if (server->listener == -ENOSYS)
            hint = ": there is no network in this image";
        os_fprintf(OS_ERROR, "httpd: port %u: %s%s\n", port, error_text(server->listener),
                   hint);
        return 1;
    }
    server->watch = os_watch_create();
    int error = server->watch;
    if (error >= 0)
        error = os_watch(server->watch, server->listener, OS_POLL_READ, NULL);
    if (error >= 0 && !server->is_quiet)
        os_printf("httpd: %s is on port %u\n", server->root_length ? server->path : "/", port);
    while (error >= 0)
        error = turn(server);
    return os_print_error("httpd", error);
}

// ---- Its arguments -----------------------------------------------------------------------
// Without the slash at its end: paths begin with one.
static int set_root(struct server *server, const char *root)
{
    struct os_status status;
    int error = os_stat(root, &status);
    if (!error && status.type != OS_TYPE_DIRECTORY)
        error = -ENOTDIR;
    if (!error && strlcpy(server->path, root, sizeof(server->path)) >= sizeof(server->path) / 2)
        error = -ENAMETOOLONG;
    if (error) {
        os_fprintf(OS_ERROR, "httpd: %s: %s: expected the directory of the files to show\n",
                   root, error_text(error));
        return 1;
    }
    server->root_length = strlen(server->path);
    while (server->root_length > 0 && server->path[server->root_length - 1] == '/')
        server->root_length--;
    server->path[server->root_length] = '\0';
    return 0;
}

int httpd_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "qp:c:");
    uint16_t port = 80;
    uint64_t count_max = CONNECTIONS_MAX;
    bool is_quiet = false, is_wrong = false;
    int letter;
    while ((letter = options_next(&options)) > 0) {
        is_quiet |= letter == 'q';
        is_wrong |= letter == 'p' && !host_ports(options.value, &port, NULL) &&
                    !options_wrong(&options, 'p', "a port, 1 to 65535");
        is_wrong |= letter == 'c' && (!options_number(options.value, &count_max) ||
                                      count_max == 0 || count_max > CONNECTIONS_MAX);
    }
    if (letter < 0 || is_wrong || port == 0 || options.count > 1)
        return os_usage("httpd [-q] [-p PORT] [-c CONNECTIONS] [ROOT]");
    struct server *server = os_alloc(sizeof(*server));
    if (!server)
        return os_print_error("httpd", -ENOMEM);
    server->is_quiet = is_quiet;
    server->count_max = (unsigned)count_max;
    server->now_ns = os_clock_ns();
    connections_init(server);
    served_init(server);
    if (set_root(server, options.count > 0 ? options.operands[0] : "/www"))
        return 1;
    return serve(server, port);
}
