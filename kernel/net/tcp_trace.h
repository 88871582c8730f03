// SPDX-License-Identifier: MIT
//
// What happens to a connection's window, written down for `tcptrace`: os_trace_start() and
// os_trace_read() (os_interfaces.h). One connection at a time. Chapter 24.
#pragma once

#include "tcp_connection.h"

void tcp_trace_opened(struct tcp_connection *connection); // perhaps it was waited for
void tcp_trace_note(struct tcp_connection *connection, char what);

// Costs nothing as long as nobody looks.
static inline void tcp_trace(struct tcp_connection *connection, char what)
{
    if (connection->loss.is_traced)
        tcp_trace_note(connection, what);
}
