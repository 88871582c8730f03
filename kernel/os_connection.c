// SPDX-License-Identifier: MIT
//
// os.h: connections, for those who look. Chapter 24.
#include "net/tcp.h"
#include "net/udp.h"
#include "user/os_interfaces.h"

// UDP's ports have no numbers of their own: they come behind all of TCP's, in the order in
// which they are found.
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
    while (given < count && after < UDP_FIRST && (connection = tcp_next(after))) {
        tcp_describe(connection, &infos[given]);
        after = infos[given++].id;
    }
    return given + describe_ports(after, infos + given, count - given);
}
