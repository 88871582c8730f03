// SPDX-License-Identifier: MIT
//
// os.h: connections, for those who look. Chapter 24.
#include "net/tcp.h"
#include "net/udp.h"
#include "user/os_interfaces.h"

// Only TCP's connections have numbers of their own. What is left of those that have ended, and
// UDP's ports, come behind them in the order in which they are found.
static const uint64_t UDP_FIRST = 1ull << 63;

static void describe_port(const struct udp_port *port, uint64_t id,
                          struct os_connection_info *info)
{
    *info = (struct os_connection_info){
        .protocol = "udp",
        .state = port->remote.family ? "CONNECTED" : "",
        .id = id,
        .local = port->local,
        .remote = port->remote,
        .congestion = "",
        .phase = "",
        .memory = sizeof(*port),
    };
    size_t bytes = 0, memory = 0;
    if (port->queued)
        port->queued(port, &bytes, &memory);
    info->receive_queue = (uint32_t)bytes;
    info->memory += memory;
}

static unsigned describe_ended(uint64_t after, struct os_connection_info *infos, unsigned count)
{
    uint64_t i = after < OS_TRACEABLE_MAX ? 0 : after - OS_TRACEABLE_MAX;
    uint64_t id = OS_TRACEABLE_MAX + 1;
    const struct tcp_time_wait *record = tcp_time_wait_next(NULL);
    for (; record && i > 0; i--, id++)
        record = tcp_time_wait_next(record);

    unsigned given = 0;
    for (; record && given < count; record = tcp_time_wait_next(record)) {
        tcp_time_wait_describe(record, &infos[given]);
        infos[given++].id = id++;
    }
    return given;
}

static unsigned describe_ports(uint64_t after, struct os_connection_info *infos, unsigned count)
{
    uint64_t i = after < UDP_FIRST ? 0 : after - UDP_FIRST + 1, id = UDP_FIRST;
    const struct udp_port *port = udp_next(NULL);
    for (; port && i > 0; i--, id++)
        port = udp_next(port);

    unsigned given = 0;
    for (; port && given < count; port = udp_next(port))
        describe_port(port, id++, &infos[given++]);
    return given;
}

unsigned os_connections(uint64_t after, struct os_connection_info *infos, unsigned count)
{
    unsigned given = 0;
    const struct tcp_connection *connection = NULL;
    while (given < count && after < OS_TRACEABLE_MAX && (connection = tcp_next(after))) {
        tcp_describe(connection, &infos[given]);
        after = infos[given++].id;
    }
    if (after < UDP_FIRST)
        given += describe_ended(after, infos + given, count - given);
    return given + describe_ports(after, infos + given, count - given);
}
