// SPDX-License-Identifier: MIT
//
// netperf, the side that is asked for tests: a thread for each client.
// Chapter 25.
#include "netperf.h"

#define LATE_NS UINT64_C(100000000) // how long datagrams may come behind the end: 100 ms

// ---- Tests ------------------------------------------------------------------------------
static int serve_bulk(struct netperf *test)
{
    int error = netperf_receive(test);
    return error ? error : os_fprintf(test->handle, "%llu\n", (unsigned long long)test->bytes);
}

static int serve_rounds(struct netperf *test)
{
    int count;
    uint64_t got = 0;
    while ((count = os_read(test->handle, test->buffer + got, test->size - got)) > 0) {
        got += (uint64_t)count;
        if (got < test->size)
            continue;
        count = os_write(test->handle, test->buffer, test->size);
        if (count < 0)
            return count;
        test->bytes += 2 * got;
        got = 0;
    }
    return count;
}

// Those that have come, without waiting.
static void take_datagrams(struct netperf *test, int datagrams)
{
    int count;
    while ((count = os_read(datagrams, test->buffer, test->size)) >= 0) {
        test->messages++;
        test->bytes += (uint64_t)count;
    }
}

// Until the client says that it was the last one, and a little longer.
static int count_datagrams(struct netperf *test, int datagrams)
{
    struct os_poll polls[] = {{datagrams, OS_POLL_READ, 0}, {test->handle, OS_POLL_READ, 0}};
    uint64_t deadline_ns = OS_NEVER;
    int ready;
    while ((ready = os_poll(polls, 2, deadline_ns)) > 0) {
        take_datagrams(test, datagrams);
        if (polls[1].ready) {
            polls[1].handle = -1;
            deadline_ns = os_clock_ns() + LATE_NS;
        }
    }
    return ready;
}

static int serve_datagrams(struct netperf *test)
{
    struct os_address local;
    os_local_name(test->handle, &local);
    local.port = 0;
    int datagrams = os_socket(OS_DATAGRAM, local.family);
    int error = datagrams < 0 ? datagrams : os_bind(datagrams, &local);
    if (!error)
        error = os_set_option(datagrams, OS_OPTION_WAIT, 0);
    if (!error)
        error = os_local_name(datagrams, &local);
    if (!error)
        error = os_fprintf(test->handle, "%u\n", local.port);
    if (error >= 0)
        error = count_datagrams(test, datagrams);
    if (error >= 0)
        error = os_fprintf(test->handle, "%llu %llu\n", (unsigned long long)test->messages,
                           (unsigned long long)test->bytes);
    if (datagrams >= 0)
        os_close(datagrams);
    return error;
}

static const struct {
    const char *name;
    int (*serve)(struct netperf *test);
} services[] = {{"bulk", serve_bulk},
                {"reverse", netperf_send},
                {"rr", serve_rounds},
                {"udp", serve_datagrams}};

// ---- Clients ----------------------------------------------------------------------------
// "bulk 16384 0 5000". 0 or -EPROTO.
static int parse_order(char *line, struct netperf *test)
{
    uint64_t *numbers[] = {&test->size, &test->count, &test->duration_ms};
    char *word = strchr(line, ' ');
    if (word)
        *word++ = 0;
    strlcpy(test->test, line, sizeof(test->test));
    for (unsigned i = 0; i < 3; i++) {
        char *next = word ? strchr(word, ' ') : NULL;
        if (next)
            *next++ = 0;
        if (!word || string_to_u64(word, 10, numbers[i]))
            return -EPROTO;
        word = next;
    }
    return test->size > 0 && test->size <= NETPERF_SIZE_MAX ? 0 : -EPROTO;
}

static int serve(struct netperf *test)
{
    char line[64];
    int error = netperf_read_line(test->handle, line, sizeof(line));
    if (!error)
        error = parse_order(line, test);
    if (error)
        return error;
    test->buffer = os_alloc(test->size);
    if (!test->buffer)
        return -ENOMEM;
    os_set_option(test->handle, OS_OPTION_NODELAY, 1);
    test->start_ns = os_clock_ns();
    for (unsigned i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        if (strcmp(test->test, services[i].name) == 0)
            return services[i].serve(test);
    }
    return -EPROTO;
}

static int serve_client(void *context)
{
    struct netperf *test = context;
    struct os_address peer = {0};
    char text[OS_ADDRESS_TEXT];
    os_peer_name(test->handle, &peer);
    int error = serve(test);
    if (error < 0)
        host_error("netperf", &peer, error);
    else
        os_printf("%s with %s: %llu bytes\n", test->test, os_address_print(&peer, text),
                  (unsigned long long)test->bytes);
    os_close(test->handle);
    os_free(test->buffer);
    os_free(test);
    return error < 0;
}

enum { CLIENTS_MAX = 16 };

// A free place among the clients' threads: those that have ended make room. When none has,
// the first one is waited for.
static struct os_thread **find_place(struct os_thread *threads[CLIENTS_MAX])
{
    struct os_thread **place = NULL;
    for (unsigned i = 0; i < CLIENTS_MAX; i++) {
        if (threads[i] && os_thread_join(threads[i], NULL, os_clock_ns()) == 0)
            threads[i] = NULL;
        if (!threads[i])
            place = &threads[i];
    }
    if (place)
        return place;
    os_thread_join(threads[0], NULL, OS_NEVER);
    threads[0] = NULL;
    return &threads[0];
}

static void start_client(int handle, struct os_thread **place)
{
    struct netperf *test = os_alloc(sizeof(*test));
    if (test) {
        test->file = -1;
        test->handle = handle;
        *place = os_thread_create("netperf-client", serve_client, test);
    }
    if (*place)
        return;
    os_print_error("netperf", -ENOMEM);
    os_free(test);
    os_close(handle);
}

int netperf_serve(uint16_t port)
{
    struct os_thread *threads[CLIENTS_MAX] = {0};
    struct os_address address = {.family = OS_IPV4, .port = port};
    int listener = os_socket(OS_STREAM, OS_IPV4);
    int error = listener < 0 ? listener : os_bind(listener, &address);
    if (!error)
        error = os_listen(listener, 16);
    if (error)
        return host_error("netperf", &address, error);
    for (;;) {
        int handle = os_accept(listener, NULL, OS_NEVER);
        if (handle < 0)
            return os_print_error("netperf", handle);
        start_client(handle, find_place(threads));
    }
}
