// SPDX-License-Identifier: MIT
//
// What the tests of sockets have in common: the way up to os_socket(), over the loopback
// device, and what must not stay behind.
#pragma once

#include "heap.h"
#include "net/ip.h"
#include "net/socket.h"
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

static inline struct os_address unit_loopback(uint16_t port)
{
    return address_ipv4(IPV4(127, 0, 0, 1), port);
}

static inline uint64_t unit_soon(void)
{
    return os_clock_ns() + 2000000;
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
