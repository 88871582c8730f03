// SPDX-License-Identifier: MIT
//
// The congestion window over time, as lines of text: see window.h.
#include "window.h"

enum { UNIT_FIRST = 1460 };

// How many columns so many bytes are; what is left of one counts.
static unsigned columns_of(const struct window_view *view, uint32_t bytes)
{
    uint32_t columns = bytes / view->unit + (bytes % view->unit != 0);
    return columns < WINDOW_COLUMNS ? columns : WINDOW_COLUMNS;
}

static void draw_bar(const struct window_view *view, char bar[WINDOW_COLUMNS + 2])
{
    unsigned window = columns_of(view, view->last.cwnd);
    unsigned used = columns_of(view, view->in_flight);
    unsigned threshold = columns_of(view, view->last.ssthresh);
    memset(bar, ' ', WINDOW_COLUMNS + 1);
    bar[WINDOW_COLUMNS + 1] = '\0';
    memset(bar, '-', window);
    memset(bar, '=', used);
    if (view->last.ssthresh / view->unit < WINDOW_COLUMNS)
        bar[threshold] = '|';
}

// What happened, in words; the size of a column when it has changed.
static void describe(const struct window_view *view, char *text, size_t size)
{
    size_t length = 0;
    text[0] = '\0';
    if (view->recoveries > 0)
        length += (size_t)snprintf(text + length, size - length, " recovery");
    if (view->timeouts > 0)
        length += (size_t)snprintf(text + length, size - length, " timeout");
    if (view->again > 0)
        length += (size_t)snprintf(text + length, size - length, " %u again", view->again);
    if (view->has_ended)
        length += (size_t)snprintf(text + length, size - length, " end");
    if (view->is_scaled)
        snprintf(text + length, size - length, " (a column: %u)", view->unit);
}

bool window_last(struct window_view *view, char line[WINDOW_LINE])
{
    char bar[WINDOW_COLUMNS + 2], words[48];
    if (!view->has_events)
        return false;
    while (view->last.cwnd / view->unit >= WINDOW_COLUMNS) {
        view->unit *= 2;
        view->is_scaled = true;
    }
    draw_bar(view, bar);
    describe(view, words, sizeof(words));
    uint64_t ms = (view->line_ns - view->start_ns) / 1000000;
    snprintf(line, WINDOW_LINE, "%4llu.%03llu s %8u %s%s", (unsigned long long)(ms / 1000),
             (unsigned long long)(ms % 1000), view->last.cwnd, bar, words);
    view->has_events = view->is_scaled = view->has_ended = false;
    view->again = view->timeouts = view->recoveries = 0;
    view->in_flight = 0;
    return true;
}

bool window_add(struct window_view *view, const struct os_trace_event *event,
                char line[WINDOW_LINE])
{
    bool is_complete =
        view->has_events && event->time_ns - view->line_ns >= view->period_ns;
    if (is_complete)
        window_last(view, line);
    if (view->unit == 0) {
        view->unit = UNIT_FIRST;
        view->is_scaled = true;
        view->start_ns = event->time_ns;
    }
    if (!view->has_events)
        view->line_ns = event->time_ns;
    view->has_events = true;
    view->last = *event;
    if (event->in_flight > view->in_flight)
        view->in_flight = event->in_flight;
    view->again += event->what == 'r';
    view->timeouts += event->what == 't';
    view->recoveries += event->what == 'f';
    view->has_ended |= event->what == 'e';
    return is_complete;
}
