// SPDX-License-Identifier: MIT
//
// The application interface, continued: what the network is made of, for those who look at it
// and those who set it up. Programs include os.h, which includes this. Chapters 20 to 24.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os_net.h"

// ---- Interfaces ------------------------------------------------------------------------
struct os_interface_info {
    char name[16]; // "eth0"
    uint8_t mac[6];
    uint16_t mtu;
    bool link_up, is_loopback, checksums, segments; // the last two: the device's work
    struct os_address address, gateway, servers[3], time_servers[3]; // DNS, NTP
    unsigned prefix;
    const char *source;       // "dhcp", "static", "" when it has no address
    uint64_t lease_left_ns;   // of dhcp's
    uint64_t sent_packets, sent_bytes, sent_errors, sent_dropped;
    uint64_t received_packets, received_bytes, received_errors, received_dropped;
};
bool os_interface_next(unsigned i, struct os_interface_info *info); // the i-th; false: no more
// A static address; family 0: none. DHCP is left alone from then on. -ENODEV, -EINVAL.
int os_interface_set(const char *name, const struct os_address *address, unsigned prefix,
                     const struct os_address *gateway, const struct os_address *server);
// Asks for an address by DHCP, again if it has one; waits. -ETIMEDOUT: nobody answers.
int os_interface_dhcp(const char *name, uint64_t deadline_ns);
int os_interface_release(const char *name); // gives the lease back

// ---- Routes and neighbours -------------------------------------------------------------
struct os_route_info {
    struct os_address network, gateway; // gateway: family 0, it is on the link
    unsigned prefix, metric; // of two to one network, the one with the smaller metric is taken
    char interface[16];
    bool link_up;            // of the interface: without it, the next one is taken
};
bool os_route_next(unsigned i, struct os_route_info *info);
int os_route_add(const struct os_address *network, unsigned prefix,
                 const struct os_address *gateway, const char *interface);
int os_route_remove(const struct os_address *network, unsigned prefix);
struct os_neighbour_info {
    struct os_address address;
    uint8_t mac[6];
    char interface[16];
    const char *state; // "incomplete", "reachable", "stale", "permanent"
    uint64_t age_ns;
    unsigned waiting;  // packets
};
bool os_neighbour_next(unsigned i, struct os_neighbour_info *info);
int os_neighbour_set(const char *interface, const struct os_address *address,
                     const uint8_t mac[6]);
int os_neighbour_forget(const struct os_address *address);

// ---- Connections -----------------------------------------------------------------------
struct os_connection_info {
    const char *protocol, *state; // "tcp", "ESTABLISHED"; "udp", ""
    uint64_t id;                  // for os_trace_read(); never used again
    struct os_address local, remote;
    uint32_t receive_queue, send_queue; // bytes
    uint64_t rtt_ns, rtt_variance_ns, rto_ns;
    uint32_t cwnd, ssthresh, in_flight, peer_window, own_window, mss; // bytes
    uint64_t retransmits, timeouts, sent_bytes, received_bytes;
    const char *congestion, *phase; // "cubic"; "slow start", "recovery" ...
    unsigned backlog, backlog_max;  // of a listener
    size_t memory;                  // bytes that it holds
};
// Of those that can be traced; what has ended, and UDP, has ids above it.
#define OS_TRACEABLE_MAX (UINT64_C(1) << 62)
// Those with an id above `after`, by ascending id; how many were filled in.
unsigned os_connections(uint64_t after, struct os_connection_info *infos, unsigned count);

// A moment in a connection's life, noted while it is traced: the last 4096 of them.
struct os_trace_event {
    uint64_t time_ns;
    uint32_t cwnd, ssthresh, in_flight, peer_window, rtt_us;
    // 's'ent, 'a'cknowledged, 'r'etransmitted, 't'imeout, 'f'ast recovery, 'e'nd of it
    char what;
};
// From now on, instead of the one before. -ESRCH: it is not open; -ENOMEM. 0 for id: the next
// connection that opens.
int os_trace_start(uint64_t id);
// Copies events from number *next on, and moves that behind them; what is no longer there is
// left out. How many; 0: no more yet. 0 for id: whichever is traced.
unsigned os_trace_read(uint64_t id, uint64_t *next, struct os_trace_event *events,
                       unsigned count);

// ---- Frames ----------------------------------------------------------------------------
struct os_frame {
    uint64_t time_ns; // os_wall_clock_ns() as it passed, or since boot when there is no clock
    uint32_t size, captured; // bytes of the frame; and of those that are here
    bool is_sent;
    uint8_t interface;       // number
    bool has_ethernet;
};
// A handle from which frames that pass are taken; up to `snap` bytes of each. NULL: all
// interfaces. Frames are dropped when nobody takes them.
int os_capture_open(const char *interface, unsigned snap);
// Waits. The bytes behind `frame`; -EINVAL: the handle is no capture.
int os_capture_read(int handle, struct os_frame *frame, void *bytes, size_t size,
                    uint64_t deadline_ns);
uint64_t os_capture_dropped(int handle);

// ---- Time -----------------------------------------------------------------------------
void os_wall_clock_set(uint64_t unix_ns); // what `date` says from now on
// What an NTP server says (RFC 4330).
struct os_time_answer {
    uint64_t clock_ns, unix_ns; // at this moment of os_clock_ns() it is that time
    uint64_t delay_ns;          // there and back: it is right to half of it
    uint8_t stratum;            // 1: the server has a clock of its own; 2: it asks such a one
    char reference[5];          // that clock ("GPS"), or why we are not welcome ("RATE")
};
// Asks; waits. -EACCES: the server wants no questions, see `reference`; -EAGAIN: it does not
// know the time itself; -ECONNREFUSED, -ENETUNREACH, -ETIMEDOUT.
int os_time_query(const struct os_address *server, struct os_time_answer *answer,
                  uint64_t deadline_ns);
