// SPDX-License-Identifier: MIT
//
// Events of one connection, in a ring: see tcp_trace.h.
//
//   os_trace_start(id)                  0: the next one that opens
//   os_trace_read(id, &next, ...)       what was noted since
//
// They stay when the connection ends, until another one is traced. Chapter 24.
#include "tcp_trace.h"

#include "error.h"
#include "heap.h"
#include "machine.h"
#include "user/os_interfaces.h"

enum { EVENTS_MAX = 4096 };

static struct {
    struct os_trace_event *events; // a ring; NULL: nobody has traced yet
    uint64_t count;                // noted so far
    uint64_t id;                   // whose they are; 0: of one that will open
    bool is_waiting;
} tcp_traces;

static void follow(struct tcp_connection *connection)
{
    tcp_traces.id = connection->id;
    tcp_traces.is_waiting = false;
    connection->loss.is_traced = true;
}

void tcp_trace_opened(struct tcp_connection *connection)
{
    if (tcp_traces.is_waiting)
        follow(connection);
}

void tcp_trace_note(struct tcp_connection *connection, char what)
{
    const struct tcp_loss *loss = &connection->loss;
    tcp_traces.events[tcp_traces.count++ % EVENTS_MAX] = (struct os_trace_event){
        .time_ns = machine_clock_ns(),
        .cwnd = loss->congestion.cwnd,
        .ssthresh = loss->congestion.ssthresh,
        .in_flight = tcp_sack_pipe(&loss->board),
        .peer_window = connection->send.window,
        .rtt_us = (uint32_t)(connection->rtt.smoothed_ns / 1000),
        .what = what,
    };
}

static struct tcp_connection *find(uint64_t id)
{
    struct tcp_connection *connection = id > 0 ? tcp_next(id - 1) : NULL;
    return connection && connection->id == id ? connection : NULL;
}

int os_trace_start(uint64_t id)
{
    struct tcp_connection *connection = find(id), *before = find(tcp_traces.id);
    if (id != 0 && (!connection || !connection->loss.congestion.rule))
        return -ESRCH;
    if (!tcp_traces.events)
        tcp_traces.events = heap_alloc(EVENTS_MAX * sizeof(tcp_traces.events[0]));
    if (!tcp_traces.events)
        return -ENOMEM;
    if (before)
        before->loss.is_traced = false;
    tcp_traces.count = 0;
    tcp_traces.id = 0;
    tcp_traces.is_waiting = id == 0;
    if (connection)
        follow(connection);
    return 0;
}

unsigned os_trace_read(uint64_t id, uint64_t *next, struct os_trace_event *events,
                       unsigned count)
{
    unsigned given = 0;
    if (id != 0 && id != tcp_traces.id)
        return 0;
    if (tcp_traces.count > EVENTS_MAX && *next < tcp_traces.count - EVENTS_MAX)
        *next = tcp_traces.count - EVENTS_MAX;
    while (given < count && *next < tcp_traces.count)
        events[given++] = tcp_traces.events[(*next)++ % EVENTS_MAX];
    return given;
}
