// SPDX-License-Identifier: MIT
//
// What a connection looks like from outside: for `ss`. Chapter 23.
#include "user/os_interfaces.h"
#include "tcp_parts.h"

static const char *const state_names[] = {
    [TCP_CLOSED] = "CLOSED",           [TCP_LISTEN] = "LISTEN",
    [TCP_SYN_SENT] = "SYN-SENT",       [TCP_SYN_RECEIVED] = "SYN-RECEIVED",
    [TCP_ESTABLISHED] = "ESTABLISHED", [TCP_FIN_WAIT_1] = "FIN-WAIT-1",
    [TCP_FIN_WAIT_2] = "FIN-WAIT-2",   [TCP_CLOSE_WAIT] = "CLOSE-WAIT",
    [TCP_CLOSING] = "CLOSING",         [TCP_LAST_ACK] = "LAST-ACK",
    [TCP_TIME_WAIT] = "TIME-WAIT",
};

void tcp_names(const struct tcp_connection *connection, struct os_address *local,
               struct os_address *remote)
{
    *local = connection->entry.local;
    *remote = connection->entry.remote;
}

void tcp_describe(const struct tcp_connection *connection, struct os_connection_info *info)
{
    const struct tcp_send *send = &connection->send;
    const struct tcp_receive *receive = &connection->receive;
    *info = (struct os_connection_info){
        .protocol = "tcp",
        .state = state_names[connection->state],
        .id = connection->id,
        .receive_queue = receive->queued,
        .send_queue = tcp_buffer_used(connection),
        .rtt_ns = connection->rtt.smoothed_ns,
        .rtt_variance_ns = connection->rtt.variance_ns,
        .rto_ns = tcp_rtt_timeout(connection),
        .in_flight = tcp_in_flight(connection),
        .peer_window = send->window,
        .own_window = tcp_window(connection),
        .mss = send->mss,
        .retransmits = connection->retransmits,
        .timeouts = connection->timeouts,
        .sent_bytes = connection->sent_bytes,
        .received_bytes = connection->received_bytes,
        .congestion = "",
        .phase = "",
        .memory = connection->memory,
    };
    tcp_names(connection, &info->local, &info->remote);
    if (connection->listener) {
        info->backlog = connection->listener->ready_count;
        info->backlog_max = connection->listener->backlog;
    }
    tcp_recovery()->describe(connection, info);
}
