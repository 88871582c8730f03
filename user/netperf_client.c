// SPDX-License-Identifier: MIT
//
// netperf, the side that asks for a test and prints what came of it.
// Chapter 25.
#include "netperf.h"

// ---- Figures ----------------------------------------------------------------------------
enum { TEXT = 24 };

// "12.345" of a value in thousandths. Returns `text`.
static const char *thousandths(char text[TEXT], uint64_t value)
{
    snprintf(text, TEXT, "%llu.%03llu", (unsigned long long)(value / 1000),
             (unsigned long long)(value % 1000));
    return text;
}

// Bytes a nanosecond are gigabytes a second: 8,000,000 times that are thousandths of Mbit/s.
static uint64_t mbit_thousandths(uint64_t bytes, uint64_t ns)
{
    uint64_t us = ns / 1000 > 0 ? ns / 1000 : 1;
    return bytes / us * 8000 + bytes % us * 8000 / us;
}

// In one call, so that another program's lines stay out of ours.
static void print_stream(const struct netperf *test, uint64_t bytes, uint64_t ns)
{
    char seconds[TEXT], rate[TEXT], each[TEXT];
    uint64_t kib = bytes >= 1024 ? bytes / 1024 : 1;
    os_printf("%s: %llu bytes in %s s, %s Mbit/s, %s us a KiB\n", test->test,
              (unsigned long long)bytes, thousandths(seconds, ns / 1000000),
              thousandths(rate, mbit_thousandths(bytes, ns)), thousandths(each, ns / kib));
}

static void print_rounds(const struct netperf *test, uint64_t ns)
{
    char seconds[TEXT], each[TEXT];
    uint64_t rounds = test->messages > 0 ? test->messages : 1;
    uint64_t us = ns / 1000 > 0 ? ns / 1000 : 1;
    os_printf("rr: %llu rounds of %llu bytes in %s s, %llu a second, %s us each\n",
              (unsigned long long)test->messages, (unsigned long long)test->size,
              thousandths(seconds, ns / 1000000),
              (unsigned long long)(test->messages * 1000000 / us),
              thousandths(each, ns / rounds));
}

static void print_datagrams(const struct netperf *test, uint64_t arrived, uint64_t ns)
{
    char each[TEXT];
    uint64_t sent = test->messages > 0 ? test->messages : 1;
    os_printf("udp: %llu datagrams sent, %llu arrived, %s us each to send\n",
              (unsigned long long)test->messages, (unsigned long long)arrived,
              thousandths(each, ns / sent));
}

// ---- Tests ------------------------------------------------------------------------------
static int read_numbers(struct netperf *test, uint64_t numbers[2])
{
    char line[64];
    int error = netperf_read_line(test->handle, line, sizeof(line));
    char *second = error ? NULL : strchr(line, ' ');
    numbers[1] = 0;
    if (second) {
        *second++ = 0;
        if (string_to_u64(second, 10, &numbers[1]))
            error = -EPROTO;
    }
    return error || string_to_u64(line, 10, &numbers[0]) == 0 ? error : -EPROTO;
}

// What has arrived counts, and the time until it is known to have.
static int run_bulk(struct netperf *test)
{
    uint64_t numbers[2];
    int error = netperf_send(test);
    if (!error)
        error = os_shutdown(test->handle, OS_SHUTDOWN_WRITE);
    if (!error)
        error = read_numbers(test, numbers);
    if (!error)
        print_stream(test, numbers[0], os_clock_ns() - test->start_ns);
    return error;
}

static int run_reverse(struct netperf *test)
{
    int error = netperf_receive(test);
    if (!error)
        print_stream(test, test->bytes, os_clock_ns() - test->start_ns);
    return error;
}

static int run_rounds(struct netperf *test)
{
    while (!netperf_is_over(test)) {
        int count = os_write(test->handle, test->buffer, test->size);
        for (uint64_t left = test->size; count > 0 && left > 0; left -= (uint64_t)count)
            count = os_read(test->handle, test->buffer, left);
        if (count <= 0)
            return count < 0 ? count : -EPIPE;
        test->messages++;
    }
    print_rounds(test, os_clock_ns() - test->start_ns);
    return 0;
}

static int send_datagrams(struct netperf *test, uint16_t port)
{
    int control = test->handle;
    struct os_address to;
    os_peer_name(control, &to);
    to.port = port;
    test->handle = os_socket(OS_DATAGRAM, to.family);
    int error = test->handle < 0 ? test->handle : os_connect(test->handle, &to, OS_NEVER);
    if (!error)
        error = netperf_send(test);
    if (test->handle >= 0)
        os_close(test->handle);
    test->handle = control;
    return error;
}

static int run_datagrams(struct netperf *test)
{
    uint64_t numbers[2];
    int error = read_numbers(test, numbers);
    if (!error)
        error = send_datagrams(test, (uint16_t)numbers[0]);
    uint64_t ns = os_clock_ns() - test->start_ns;
    if (!error)
        error = os_shutdown(test->handle, OS_SHUTDOWN_WRITE);
    if (!error)
        error = read_numbers(test, numbers);
    if (error)
        return error;
    print_stream(test, test->bytes, ns);
    print_datagrams(test, numbers[0], ns);
    return 0;
}

// ---- The run ----------------------------------------------------------------------------
static const struct {
    const char *name;
    int (*run)(struct netperf *test);
} runs[] = {
    {"bulk", run_bulk}, {"reverse", run_reverse}, {"rr", run_rounds}, {"udp", run_datagrams}};

static int ask_and_run(struct netperf *test)
{
    int error = os_fprintf(test->handle, "%s %llu %llu %llu\n", test->test,
                           (unsigned long long)test->size, (unsigned long long)test->count,
                           (unsigned long long)test->duration_ms);
    test->start_ns = os_clock_ns();
    for (unsigned i = 0; error >= 0 && i < sizeof(runs) / sizeof(runs[0]); i++) {
        if (strcmp(test->test, runs[i].name) == 0)
            return runs[i].run(test);
    }
    return error;
}

int netperf_run(struct netperf *test, const char *host, uint16_t port)
{
    struct os_address address;
    if (host_find("netperf", host, &address))
        return 1;
    address.port = port;
    test->buffer = os_alloc(test->size);
    if (!test->buffer)
        return os_print_error("netperf", -ENOMEM);
    test->handle = host_connect(&address, OS_NEVER);
    if (test->handle < 0)
        return host_error("netperf", &address, test->handle);
    os_set_option(test->handle, OS_OPTION_NODELAY, 1);
    int error = ask_and_run(test);
    return error < 0 ? host_error("netperf", &address, error) : 0;
}
