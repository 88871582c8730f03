// SPDX-License-Identifier: MIT
//
// traceroute: shows who passes on what we send to a host
//
//   traceroute [-m HOPS] [-q QUESTIONS] [-w SECONDS] HOST
//
// A question that may go one hop is thrown away by the first router, which tells us so; one
// that may go two by the second; until the host itself answers. -m: no further than that; -q:
// so many questions each; -w: how long to wait for an answer.
#include "hosts.h"
#include "options.h"

#define SECOND_NS UINT64_C(1000000000)
#define WAIT_NS   (4 * SECOND_NS) // after three, it is known that a neighbour is not there
enum { DATA_SIZE = 32, QUESTIONS_MAX = 10 };

struct question {
    struct os_echo echo;
    uint8_t data[DATA_SIZE];
};

struct trace {
    int handle;
    struct os_address address;
    struct question question;
    uint64_t hops, questions, wait_ns; // options
    struct os_address last;            // who was shown last on this line
    bool has_arrived;
};

// What an answer means, behind its time; as other systems' programs show it.
static const char *mark_of(int error)
{
    switch (error) {
    case -ENETUNREACH:
        return " !N";
    case -EHOSTUNREACH:
        return " !H";
    case -ECONNREFUSED:
        return " !P";
    default:
        return error < 0 && error != -ETIMEDOUT ? " !" : "";
    }
}

static void show(struct trace *trace, int result, const struct os_address *from, uint64_t ns)
{
    char text[OS_ADDRESS_TEXT];
    if (memcmp(&trace->last, from, sizeof(*from)) != 0)
        os_printf("  %s", os_address_print(from, text));
    trace->last = *from;
    os_printf("  %llu.%03llu ms%s", (unsigned long long)(ns / 1000000),
              (unsigned long long)(ns / 1000 % 1000), mark_of(result));
    trace->has_arrived |= result != -ETIMEDOUT; // the host, or nobody knows the way to it
}

// One question and its answer, or none. Late answers to others are passed over.
static void ask(struct trace *trace)
{
    struct question answer;
    struct os_address from;
    uint64_t start_ns = os_clock_ns(), deadline_ns = start_ns + trace->wait_ns;
    trace->question.echo.sequence++;
    int result = os_send_to(trace->handle, &trace->question, sizeof(trace->question), NULL);
    if (result < 0) {
        os_printf("  %s", host_reason(result));
        trace->has_arrived = true;
        return;
    }
    do {
        result = os_receive_from(trace->handle, &answer, sizeof(answer), &from, deadline_ns);
    } while (from.family && answer.echo.sequence != trace->question.echo.sequence);
    if (from.family)
        show(trace, result, &from, os_clock_ns() - start_ns);
    else
        os_printf("  *");
}

static void go(struct trace *trace)
{
    for (unsigned hop = 1; hop <= trace->hops && !trace->has_arrived; hop++) {
        os_set_option(trace->handle, OS_OPTION_TTL, (int)hop);
        trace->last = (struct os_address){0};
        os_printf("%2u", hop);
        for (unsigned i = 0; i < trace->questions; i++)
            ask(trace);
        os_printf("\n");
    }
}

static bool read_option(struct trace *trace, const struct options *options, int letter)
{
    const char *value = options->value;
    switch (letter) {
    case 'm':
        return (options_number(value, &trace->hops) && trace->hops - 1 < UINT8_MAX) ||
               options_wrong(options, letter, "1 to 255 hops");
    case 'q':
        return (options_number(value, &trace->questions) &&
                trace->questions - 1 < QUESTIONS_MAX) ||
               options_wrong(options, letter, "1 to 10 questions");
    default:
        return options_seconds(value, &trace->wait_ns) ||
               options_wrong(options, letter, "seconds, such as 0.2");
    }
}

// False: has said why.
static bool read_options(struct trace *trace, struct options *options)
{
    int letter;
    while ((letter = options_next(options)) > 0) {
        if (!read_option(trace, options, letter))
            return false;
    }
    if (letter == 0 && options->count == 1)
        return true;
    os_usage("traceroute [-m HOPS] [-q QUESTIONS] [-w SECONDS] HOST");
    return false;
}

int traceroute_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "m:q:w:");
    struct trace trace = {.hops = 30, .questions = 3, .wait_ns = WAIT_NS};
    if (!read_options(&trace, &options))
        return 2;
    if (host_find("traceroute", options.operands[0], &trace.address))
        return 2;
    trace.address.port = 0;
    trace.handle = os_socket(OS_ECHO, trace.address.family);
    int error = trace.handle < 0 ? trace.handle
                                 : os_connect(trace.handle, &trace.address, OS_NEVER);
    if (error) {
        host_error("traceroute", &trace.address, error);
        return 2;
    }
    char text[OS_ADDRESS_TEXT];
    os_printf("traceroute to %s (%s), %llu hops at most\n", options.operands[0],
              os_address_print(&trace.address, text), (unsigned long long)trace.hops);
    go(&trace);
    return !trace.has_arrived;
}
