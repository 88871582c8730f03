// SPDX-License-Identifier: MIT
//
// tcptrace: draws a connection's window as it changes: tcptrace ID (see ss), tcptrace next
#include "options.h"
#include "window.h"

enum { AT_ONCE = 32, LOOK_PERIOD_NS = 50000000, LINE_NS = 100000000 };

// Everything that has been noted since. *has_ended: the connection is gone.
static int draw(uint64_t id, uint64_t *next, struct window_view *view, bool *has_ended)
{
    struct os_trace_event events[AT_ONCE];
    char line[WINDOW_LINE];
    unsigned count;
    while ((count = os_trace_read(id, next, events, AT_ONCE)) > 0) {
        for (unsigned i = 0; i < count; i++) {
            if (window_add(view, &events[i], line) && os_printf("%s\n", line) < 0)
                return 1;
            *has_ended |= events[i].what == 'e';
        }
    }
    return 0;
}

static int follow(uint64_t id, uint64_t period_ns)
{
    struct window_view view = {.period_ns = period_ns};
    char line[WINDOW_LINE];
    uint64_t next = 0;
    bool has_ended = false;
    os_printf("    time     cwnd (= in flight, - free, | ssthresh)\n");
    while (!has_ended) {
        if (draw(id, &next, &view, &has_ended))
            return 1;
        if (!has_ended)
            os_sleep_ns(LOOK_PERIOD_NS);
    }
    return window_last(&view, line) && os_printf("%s\n", line) < 0;
}

int tcptrace_main(int argc, char **argv)
{
    uint64_t id = 0, period_ns = LINE_NS;
    struct options options = options_start(argc, argv, "p:");
    int letter;
    while ((letter = options_next(&options)) > 0)
        if (!options_seconds(options.value, &period_ns))
            letter = -1;
    if (letter < 0 || options.count != 1 ||
        (strcmp(options.operands[0], "next") != 0 && !options_number(options.operands[0], &id)))
        return os_usage("tcptrace [-p SECONDS] ID | next (a line for 0.1 s; `ss` shows IDs)");
    int error = os_trace_start(id);
    if (error == -ESRCH) {
        os_fprintf(OS_ERROR, "tcptrace: %s: no such connection (`ss` shows those there are)\n",
                   options.operands[0]);
        return 1;
    }
    return error ? os_print_error("tcptrace", error) : follow(id, period_ns);
}
