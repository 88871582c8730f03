// SPDX-License-Identifier: MIT
//
// ping: asks a host whether it is there, and how long that takes
//
//   ping [-c COUNT] [-i SECONDS] [-s SIZE] [-t TTL] [-W SECONDS] [-q] HOST
//
// -c: so many questions, otherwise until Ctrl-C; -i: one so often; -s: bytes of data; -t: so
// many hops at most; -W: how long to wait for the last answer; -q: only the sums at the end.
// Status: 0: somebody has answered; 1: nobody; 2: nobody could be asked.
#include "hosts.h"
#include "options.h"

#define SECOND_NS UINT64_C(1000000000)
#define WAIT_NS   (4 * SECOND_NS) // after three, it is known that a neighbour is not there
enum { SIZE_DEFAULT = 56, HEADER = 8 }; // HEADER: ICMP's, which counts
enum { SIZE_MAX_ECHO = 65507 };         // with both headers: 65,535, which is all IPv4 has

// A question: what comes back of it tells when it was sent.
struct question {
    struct os_echo echo;
    uint8_t data[SIZE_MAX_ECHO];
};

struct ping {
    int handle;
    const char *name;
    struct os_address address;
    struct question *question, *answer;
    // Options:
    uint64_t count, interval_ns, wait_ns, size, ttl;
    bool quiet;
    // So far:
    uint64_t sent, received, failed;
    uint64_t least_ns, most_ns, sum_ns;
    int64_t first_us, sum_us, squares; // the last two of differences from the first: small ones
};

// "1.234 ms"
static void print_time(const char *before, uint64_t ns, const char *after)
{
    os_printf("%s%llu.%03llu%s", before, (unsigned long long)(ns / 1000000),
              (unsigned long long)(ns / 1000 % 1000), after);
}

// ---- Questions and answers --------------------------------------------------------------
static bool has_time(const struct ping *ping)
{
    return ping->size >= sizeof(uint64_t);
}

static void ask(struct ping *ping)
{
    uint64_t now_ns = os_clock_ns();
    ping->question->echo.sequence = (uint16_t)(ping->sent + 1);
    if (has_time(ping))
        memcpy(ping->question->data, &now_ns, sizeof(now_ns));
    size_t size = sizeof(struct os_echo) + (size_t)ping->size;
    int error = os_send_to(ping->handle, ping->question, size, NULL);
    ping->sent++;
    if (error >= 0)
        return;
    ping->failed++;
    host_error("ping", &ping->address, error);
}

static void count_time(struct ping *ping, uint64_t ns)
{
    if (ping->received == 1)
        ping->first_us = (int64_t)(ns / 1000);
    if (ping->received == 1 || ns < ping->least_ns)
        ping->least_ns = ns;
    if (ns > ping->most_ns)
        ping->most_ns = ns;
    ping->sum_ns += ns;
    int64_t difference = (int64_t)(ns / 1000) - ping->first_us;
    ping->sum_us += difference;
    ping->squares += difference * difference;
}

static void count_answer(struct ping *ping, int size, const struct os_address *from)
{
    char text[OS_ADDRESS_TEXT];
    uint64_t sent_ns = 0, ns = 0;
    ping->received++;
    if (has_time(ping)) {
        memcpy(&sent_ns, ping->answer->data, sizeof(sent_ns));
        ns = os_clock_ns() - sent_ns;
        count_time(ping, ns);
    }
    if (ping->quiet)
        return;
    os_printf("%d bytes from %s: icmp_seq=%u ttl=%u",
              size - (int)sizeof(struct os_echo) + HEADER, os_address_print(from, text),
              ping->answer->echo.sequence, ping->answer->echo.ttl);
    if (has_time(ping))
        print_time(" time=", ns, " ms");
    os_printf("\n");
}

static const char *explain(int error)
{
    switch (error) {
    case -ETIMEDOUT:
        return "it went too far: its TTL ran out";
    case -EHOSTUNREACH:
        return "destination host unreachable";
    default:
        return error_text(error);
    }
}

static void report_failure(struct ping *ping, int error, const struct os_address *from)
{
    char text[OS_ADDRESS_TEXT];
    ping->failed++;
    if (!ping->quiet)
        os_printf("from %s: icmp_seq=%u %s\n", os_address_print(from, text),
                  ping->answer->echo.sequence, explain(error));
}

// Answers until the deadline, or until all questions have theirs and there will be no more.
// False: Ctrl-C.
static bool listen_until(struct ping *ping, uint64_t deadline_ns)
{
    while (ping->sent < ping->count || ping->received + ping->failed < ping->count) {
        struct os_address from;
        int size = os_receive_from(ping->handle, ping->answer, sizeof(*ping->answer), &from,
                                   deadline_ns);
        if (size == -EINTR || os_was_interrupted())
            return false;
        if (size >= 0)
            count_answer(ping, size, &from);
        else if (from.family)
            report_failure(ping, size, &from);
        else
            break; // the deadline
    }
    return true;
}

static void ask_all(struct ping *ping)
{
    uint64_t next_ns = os_clock_ns();
    bool goes_on = true;
    while (goes_on && ping->sent < ping->count) {
        ask(ping);
        next_ns += ping->interval_ns;
        bool was_last = ping->sent == ping->count;
        goes_on = listen_until(ping, was_last ? os_clock_ns() + ping->wait_ns : next_ns);
    }
}

// ---- The sums ---------------------------------------------------------------------------
static uint64_t square_root(uint64_t value)
{
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 31; bit > 0; bit /= 2) {
        if ((root + bit) * (root + bit) <= value)
            root += bit;
    }
    return root;
}

static void print_sums(const struct ping *ping, uint64_t took_ns)
{
    uint64_t lost = ping->sent > ping->received ? ping->sent - ping->received : 0;
    os_printf("\n--- %s ping statistics ---\n", ping->name);
    os_printf("%llu packets transmitted, %llu received, ", (unsigned long long)ping->sent,
              (unsigned long long)ping->received);
    if (ping->failed > 0)
        os_printf("+%llu errors, ", (unsigned long long)ping->failed);
    os_printf("%llu%% packet loss, time %llu ms\n",
              (unsigned long long)(ping->sent ? lost * 100 / ping->sent : 0),
              (unsigned long long)(took_ns / 1000000));
    if (ping->received == 0 || !has_time(ping))
        return;
    int64_t count = (int64_t)ping->received;
    int64_t variance = (ping->squares - ping->sum_us * ping->sum_us / count) / count;
    print_time("rtt min/avg/max/mdev = ", ping->least_ns, "/");
    print_time("", ping->sum_ns / ping->received, "/");
    print_time("", ping->most_ns, "/");
    print_time("", square_root((uint64_t)variance) * 1000, " ms\n");
}

// ---- The program ------------------------------------------------------------------------
static bool read_option(struct ping *ping, const struct options *options, int letter)
{
    const char *value = options->value;
    switch (letter) {
    case 'c':
        return (options_number(value, &ping->count) && ping->count > 0) ||
               options_wrong(options, letter, "1 question or more");
    case 'i':
        return options_seconds(value, &ping->interval_ns) ||
               options_wrong(options, letter, "seconds, such as 0.2");
    case 's':
        return (options_number(value, &ping->size) && ping->size <= SIZE_MAX_ECHO) ||
               options_wrong(options, letter, "0 to 65507 bytes");
    case 't':
        return (options_number(value, &ping->ttl) && ping->ttl - 1 < UINT8_MAX) ||
               options_wrong(options, letter, "1 to 255 hops");
    case 'W':
        return options_seconds(value, &ping->wait_ns) ||
               options_wrong(options, letter, "seconds, such as 0.2");
    default:
        ping->quiet = true;
        return true;
    }
}

// False: has said why.
static bool read_options(struct ping *ping, struct options *options)
{
    int letter;
    while ((letter = options_next(options)) > 0) {
        if (!read_option(ping, options, letter))
            return false;
    }
    if (letter == 0 && options->count == 1)
        return true;
    os_usage("ping [-q] [-c COUNT] [-i SECONDS] [-s SIZE] [-t TTL] [-W SECONDS] HOST");
    return false;
}

static int prepare(struct ping *ping)
{
    ping->question = os_alloc(sizeof(*ping->question));
    ping->answer = os_alloc(sizeof(*ping->answer));
    if (!ping->question || !ping->answer)
        return -ENOMEM;
    for (unsigned i = 0; i < ping->size; i++)
        ping->question->data[i] = (uint8_t)i;
    ping->handle = os_socket(OS_ECHO, ping->address.family);
    if (ping->handle < 0)
        return ping->handle;
    int error = os_set_option(ping->handle, OS_OPTION_TTL, (int)ping->ttl);
    return error ? error : os_connect(ping->handle, &ping->address, OS_NEVER);
}

int ping_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "c:i:s:t:W:q");
    struct ping ping = {.count = UINT64_MAX,
                        .interval_ns = SECOND_NS,
                        .wait_ns = WAIT_NS,
                        .size = SIZE_DEFAULT,
                        .ttl = 64};
    if (!read_options(&ping, &options))
        return 2;
    ping.name = options.operands[0];
    if (host_find("ping", ping.name, &ping.address))
        return 2;
    ping.address.port = 0;
    int error = prepare(&ping);
    if (error) {
        host_error("ping", &ping.address, error);
        return 2;
    }
    char text[OS_ADDRESS_TEXT];
    os_printf("PING %s (%s) %llu bytes of data\n", ping.name,
              os_address_print(&ping.address, text), (unsigned long long)ping.size);
    os_catch_interrupt();
    uint64_t start_ns = os_clock_ns();
    ask_all(&ping);
    print_sums(&ping, os_clock_ns() - start_ns);
    return ping.received == 0;
}
