// SPDX-License-Identifier: MIT
//
// netperf: measures what the network carries
//
//   netperf -s [-p PORT]
//   netperf [-t bulk|reverse|rr|udp] [-l SECONDS] [-n COUNT] [-m SIZE] [-f FILE] [-p PORT] HOST
//
// The first is the other side of the second. bulk: one stream to there; reverse: from there;
// rr: requests and responses in turn; udp: datagrams to there. For so long, or so many
// messages of a size. -f: bulk sends the file's first bytes again and again, out of the block
// cache, where otherwise each message is copied once.
#include "netperf.h"
#include "options.h"

static const struct {
    const char *name;
    uint64_t size; // of a message, when none is given
} tests[] = {{"bulk", 65536}, {"reverse", 65536}, {"rr", 1}, {"udp", 1024}};

bool netperf_is_over(const struct netperf *test)
{
    if (test->count > 0 && test->messages >= test->count)
        return true;
    return test->duration_ms > 0 &&
           os_clock_ns() - test->start_ns >= test->duration_ms * 1000000;
}

static int send_message(struct netperf *test)
{
    if (test->file < 0)
        return os_write(test->handle, test->buffer, test->size);
    const struct os_file_part part = {.file = test->file, .size = test->size};
    int sent = os_send_file(test->handle, &part, OS_NEVER);
    return sent == 0 ? -EINVAL : sent; // an empty file
}

int netperf_send(struct netperf *test)
{
    while (!netperf_is_over(test)) {
        int sent = send_message(test);
        if (sent < 0)
            return sent;
        test->messages++;
        test->bytes += (uint64_t)sent;
    }
    return 0;
}

int netperf_receive(struct netperf *test)
{
    int count;
    while ((count = os_read(test->handle, test->buffer, test->size)) > 0)
        test->bytes += (uint64_t)count;
    return count;
}

int netperf_read_line(int handle, char *line, size_t size)
{
    for (size_t length = 0; length < size; length++) {
        int count = os_read(handle, line + length, 1);
        if (count <= 0)
            return count < 0 ? count : -EPIPE;
        if (line[length] == '\n') {
            line[length] = 0;
            return 0;
        }
    }
    return -EPROTO;
}

// ---- Options ----------------------------------------------------------------------------
static bool choose_test(struct netperf *test)
{
    for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        if (strcmp(test->test, tests[i].name) != 0)
            continue;
        if (test->size == 0)
            test->size = tests[i].size;
        bool is_datagram = strcmp(test->test, "udp") == 0;
        return test->size <= (is_datagram ? NETPERF_DATAGRAM_MAX : NETPERF_SIZE_MAX);
    }
    return false;
}

static bool read_options(struct netperf *test, struct options *options, bool *serves,
                         uint16_t *port)
{
    int letter;
    uint64_t duration_ns = 0;
    bool right = true;
    while (right && (letter = options_next(options)) != 0) {
        if (letter == 's')
            *serves = true;
        else if (letter == 't')
            strlcpy(test->test, options->value, sizeof(test->test));
        else if (letter == 'l')
            right = options_seconds(options->value, &duration_ns) && duration_ns > 0;
        else if (letter == 'n')
            right = options_number(options->value, &test->count) && test->count > 0;
        else if (letter == 'm')
            right = options_number(options->value, &test->size) && test->size > 0;
        else if (letter == 'f')
            test->file_name = options->value;
        else if (letter == 'p')
            right = host_ports(options->value, port, NULL) ||
                    options_wrong(options, 'p', "a port, 1 to 65535");
        else
            right = false;
    }
    test->duration_ms = (duration_ns + 999999) / 1000000;
    bool sends_file = !test->file_name || (!*serves && strcmp(test->test, "bulk") == 0);
    return right && sends_file && choose_test(test) && options->count == !*serves;
}

int netperf_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "st:l:n:m:f:p:");
    struct netperf test = {.test = "bulk", .file = -1};
    uint16_t port = NETPERF_PORT;
    bool serves = false;
    if (!read_options(&test, &options, &serves, &port))
        return os_usage("netperf -s [-p PORT]; netperf [-t bulk|reverse|rr|udp] [-l SECONDS] "
                        "[-n COUNT] [-m SIZE] [-f FILE] [-p PORT] HOST");
    if (serves)
        return netperf_serve(port);
    if (test.count == 0 && test.duration_ms == 0)
        test.duration_ms = 5000;
    if (test.file_name) {
        test.file = os_open(test.file_name, OS_READ_ONLY);
        if (test.file < 0)
            return os_print_error(test.file_name, test.file);
    }
    return netperf_run(&test, options.operands[0], port);
}
