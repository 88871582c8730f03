// SPDX-License-Identifier: MIT
//
// A TCP segment: its header on the wire, and what we know of one that has arrived. Chapter 23.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ip.h"
#include "sequence.h"
#include "tcp_connection.h"

struct tcp_header {
    be16 source, destination;
    be32 sequence, acknowledgment;
    uint8_t offset; // in the upper four bits: the header's length in words
    uint8_t flags;  // enum tcp_flags
    be16 window, checksum, urgent;
};
_Static_assert(sizeof(struct tcp_header) == 20, "RFC 9293, 3.1");
enum tcp_flags {
    TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32,
};

enum {
    TCP_HEADER_MAX = 60,
    TCP_OPTIONS_MAX = 40,
    TCP_SACK_BLOCKS_MAX = 4,
    TCP_MSS_DEFAULT = 536,      // when a SYN does not say (RFC 9293, 3.7.1)
    TCP_WINDOW_SHIFT_MAX = 14,  // RFC 7323, 2.3
    TCP_TIMESTAMP_SIZE = 12,    // of a segment's options, once agreed on
    // And how these begin, as nearly every peer writes them: two NOTHINGs, kind, length.
    TCP_TIMESTAMP_START = 0x0101080a,
};

struct tcp_options {
    uint16_t mss;          // 0: not given
    int8_t window_shift;   // -1: not given
    bool sack_permitted, has_timestamp;
    uint32_t timestamp, echo; // TSval, TSecr (RFC 7323)
    unsigned blocks;
    struct tcp_block sack[TCP_SACK_BLOCKS_MAX];
};

static inline bool tcp_timestamp_before(uint32_t a, uint32_t b) // RFC 7323, 5.2
{
    return (int32_t)(a - b) < 0;
}

// In the host's order.
struct tcp_segment {
    struct packet *packet;  // begins at the data; NULL once somebody has taken it over
    struct os_address local, remote; // with their ports
    tcp_sequence sequence, acknowledgment;
    uint32_t length;        // of the data, and 1 each for SYN and FIN: SEG.LEN
    uint32_t window;        // in bytes, once it is known whose it is (RFC 7323, 2.3)
    uint8_t flags;
    uint16_t count;         // of segments that this is, in one (netdev_merge.c)
    uint64_t arrived_ns;    // machine_clock_ns()
    struct tcp_options options;
};

// Behind the last byte that it takes.
static inline tcp_sequence tcp_segment_end(const struct tcp_segment *segment)
{
    return segment->sequence + segment->length;
}
