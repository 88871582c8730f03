// SPDX-License-Identifier: MIT
//
// What the files of TCP share: a connection and its parts. Nobody else includes it; everyone
// else's interface is tcp.h.
//
//   tcp.c              opening, closing, the table of connections
//   tcp_input.c        a segment arrives: one function per step of RFC 9293, 3.10.7
//   tcp_output.c       what is to be sent, and when
//   tcp_buffer.c       bytes waiting to be sent and acknowledged; out of order; to be read
//   tcp_options.c      options of a segment, both ways
//   tcp_timer.c        retransmission, persist, keepalive, delayed ACK, TIME-WAIT
//   tcp_rtt.c          the time a segment takes (RFC 6298)
//   tcp_listen.c       the backlog, and cookies when it is full
//   tcp_recovery.c ..  losses and congestion: chapter 24, through struct tcp_recovery
//
// Names are the RFCs': SND.UNA is send.una. Chapter 23.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"
#include "sequence.h"
#include "tcp.h"
#include "timer.h"

struct tcp_header {
    be16 source, destination;
    be32 sequence, acknowledgment;
    uint8_t offset;            // in the upper four bits: the header's length in words
    uint8_t flags;             // enum tcp_flags
    be16 window, checksum, urgent;
};
_Static_assert(sizeof(struct tcp_header) == 20, "RFC 9293, 3.1");
enum tcp_flags { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };

enum tcp_state {
    TCP_CLOSED, TCP_LISTEN, TCP_SYN_SENT, TCP_SYN_RECEIVED, TCP_ESTABLISHED, TCP_FIN_WAIT_1,
    TCP_FIN_WAIT_2, TCP_CLOSE_WAIT, TCP_CLOSING, TCP_LAST_ACK, TCP_TIME_WAIT,
};

enum { TCP_SACK_BLOCKS_MAX = 4, TCP_MSS_DEFAULT = 536 };

struct tcp_block { // [start, end)
    tcp_sequence start, end;
};

struct tcp_options {
    uint16_t mss;          // 0: not given
    int8_t window_scale;   // -1: not given
    bool sack_permitted, has_timestamp;
    uint32_t timestamp, echo; // TSval, TSecr (RFC 7323)
    unsigned blocks;
    struct tcp_block sack[TCP_SACK_BLOCKS_MAX];
};

// A segment that has arrived, in the host's order.
struct tcp_segment {
    struct packet *packet;  // begins at the data; NULL once somebody has taken it over
    const struct ip_ends *ends;
    uint16_t source_port, destination_port;
    tcp_sequence sequence, acknowledgment;
    uint32_t length;        // of the data, and 1 each for SYN and FIN: SEG.LEN
    uint32_t window;        // scaled
    uint8_t flags;
    struct tcp_options options;
};

struct tcp_connection;

// What chapter 24 adds. Without it: what the receiver's window allows is sent, and what is lost
// comes again when the retransmission timer expires, one segment at a time. None sleeps.
struct tcp_recovery {
    void (*opened)(struct tcp_connection *connection); // its MSS is known: the first window
    // An ACK has been accepted. `acknowledged`: bytes that it adds to those acknowledged; 0: a
    // duplicate, or only SACK blocks or a window.
    void (*acknowledged)(struct tcp_connection *connection, const struct tcp_segment *segment,
                         uint32_t acknowledged);
    void (*timed_out)(struct tcp_connection *connection); // before the retransmission
    void (*idle)(struct tcp_connection *connection); // sends after a pause (RFC 5681, 4.1)
    // How many bytes may be sent now beyond what is under way (pipe).
    uint32_t (*allowance)(const struct tcp_connection *connection);
    // The next bytes to be sent again (RFC 6675, NextSeg, 1, 3 and 4). False: none.
    bool (*next_retransmit)(struct tcp_connection *connection, struct tcp_block *block);
    void (*sent)(struct tcp_connection *connection, struct tcp_block block, bool again);
    void (*closed)(struct tcp_connection *connection); // frees what it has
};
void tcp_set_recovery(const struct tcp_recovery *recovery);
