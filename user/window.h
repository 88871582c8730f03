// SPDX-License-Identifier: MIT
//
// The congestion window over time, as lines of text:
//
//     0.120 s    28960 =============-----|                  2 again
//     |          |     |            |    |                  what happened meanwhile
//     when       cwnd  in flight    cwnd ssthresh
//
//   struct window_view view = {.period_ns = 20000000};
//   if (window_add(&view, &event, line)) ... print the line
//   window_last(&view, line)
//
// A line is for all events of a period; periods without any have none. When the window grows
// out of the picture, columns stand for twice as much from there on, and the line says so.
// Chapter 24.
#pragma once

#include "os.h"

enum { WINDOW_COLUMNS = 40, WINDOW_LINE = 128 };

struct window_view {
    uint64_t period_ns;     // set by its owner; the rest begins as zeros
    uint64_t start_ns, line_ns; // of the first event, of this line's first
    uint32_t unit;          // bytes of a column
    bool has_events, is_scaled;
    struct os_trace_event last;
    uint32_t in_flight;     // the most
    unsigned again, timeouts, recoveries;
    bool has_ended;
};

// True: `line` holds those before this one, without a newline.
bool window_add(struct window_view *view, const struct os_trace_event *event,
                char line[WINDOW_LINE]);
bool window_last(struct window_view *view, char line[WINDOW_LINE]);
