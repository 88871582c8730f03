// SPDX-License-Identifier: MIT
//
// What the tests of sockets have in common: the way up to os_socket(), over the loopback
// device, and what must not stay behind.
#pragma once

#include "heap.h"
#include "net/ip.h"
#include "net/socket.h"
#include "net/tcp.h"
#include "process.h"
#include "terminal.h"
#include "test.h"
#include "threads.h"
#include "unit.h"
#include "user/os.h"

// For unit_setup(). Both tables end with NULL.
static inline void unit_start_sockets(const struct boot_info *boot,
                                      const struct ip_protocol *const *protocols,
                                      const struct socket_kind *const *kinds)
{
    unit_start_time(boot);
    terminal_init();
    process_init();
    ip_init(protocols);
    socket_init(kinds);
}

// The same, with TCP and its streams alone.
static inline void unit_start_streams(const struct boot_info *boot)
{
    static const struct ip_protocol *const protocols[] = {&tcp_protocol, NULL};
    static const struct socket_kind *const kinds[] = {&socket_stream, NULL};
    unit_start_sockets(boot, protocols, kinds);
    tcp_init();
}

static inline struct os_address unit_loopback(uint16_t port)
{
    return address_ipv4(IPV4(127, 0, 0, 1), port);
}

// For what is known not to come; and for what comes, however slow the host.
static inline uint64_t unit_soon(void)
{
    return os_clock_ns() + 2000000;
}

static inline uint64_t unit_late(void)
{
    return os_clock_ns() + UINT64_C(20000000000);
}

// A handle, or an error; and the next two.
static inline int unit_listen(uint16_t port, unsigned backlog)
{
    struct os_address address = unit_loopback(port);
    int listener = os_socket(OS_STREAM, OS_IPV4);
    int error = os_bind(listener, &address);
    if (!error)
        error = os_listen(listener, backlog);
    return error ? error : listener;
}

static inline int unit_connect(uint16_t port)
{
    struct os_address address = unit_loopback(port);
    int client = os_socket(OS_STREAM, OS_IPV4);
    int error = os_connect(client, &address, unit_late());
    return error ? error : client;
}

// Both ends of a new connection: [0] has accepted it.
static inline void unit_connect_pair(uint16_t port, int ends[2])
{
    int listener = unit_listen(port, 1);
    ends[1] = unit_connect(port);
    ends[0] = os_accept(listener, NULL, unit_late());
    os_close(listener);
}

// Packets, and blocks of the heap.
struct unit_holdings {
    size_t packets, allocations;
};

static inline struct unit_holdings unit_holdings(void)
{
    struct packet_statistics packets;
    struct heap_statistics heap;
    packet_statistics(&packets);
    heap_statistics(&heap);
    return (struct unit_holdings){packets.pieces, heap.allocations};
}
