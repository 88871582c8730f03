// SPDX-License-Identifier: MIT
//
// A TCP connection and its parts: what the files of TCP share. Nobody else includes it;
// everyone else's interface is tcp.h. What the files call of each other is in tcp_parts.h.
//
// Names are the RFCs': SND.UNA is send.una. Chapter 23.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"
#include "sequence.h"
#include "tcp.h"
#include "tcp_loss.h"
#include "timer.h"

enum tcp_state {
    TCP_CLOSED, TCP_LISTEN, TCP_SYN_SENT, TCP_SYN_RECEIVED, TCP_ESTABLISHED, TCP_FIN_WAIT_1,
    TCP_FIN_WAIT_2, TCP_CLOSE_WAIT, TCP_CLOSING, TCP_LAST_ACK, TCP_TIME_WAIT,
};

// In the table of connections, by its two addresses with their ports.
struct tcp_entry {
    struct tcp_entry *next; // in the same bucket
    uint32_t hash;
    bool is_listed, is_time_wait; // the latter: a struct tcp_time_wait, see tcp_time_wait.c
    struct os_address local, remote; // remote: family 0 for those who listen
};

// What we send. The buffer holds the bytes from `first` to `end`; those up to `nxt` are under
// way, and what follows has never been sent.
struct tcp_send {
    tcp_sequence iss;      // of our SYN
    tcp_sequence una, nxt; // the oldest without an ACK; the next new one: never goes back
    tcp_sequence first, end; // of the buffer; a FIN has the number `end`
    tcp_sequence wl1, wl2; // the segment that the window comes from (RFC 9293, 3.3.1)
    uint32_t window;       // SND.WND
    uint32_t window_max;   // the largest that the peer has ever had
    uint16_t peer_mss;     // as its SYN says, without options
    uint16_t mss;          // data of a full segment now: less for the path, and for options
    bool is_too_large;     // what is under way may be, for mss has become less since
    uint8_t window_shift;  // Snd.Wind.Shift (RFC 7323, 2.2)
    bool fin;              // nothing follows what is in the buffer
    bool is_probing;       // its timer is for a closed window (RFC 9293, 3.8.6.1)
    uint8_t backoff;       // how often the timer has expired in a row
    bool nodelay;          // small segments go at once
    uint32_t limit;        // bytes that the buffer takes
    struct list pieces;    // packets: the buffer
    struct packet *piece;  // where we were last (tcp_buffer.c), or NULL
    tcp_sequence piece_start; // its first byte's number
    uint64_t sent_ns;      // when something was sent last
    uint64_t progress_ns;  // when una moved last, or became less than nxt
};

// What is known of the way to the peer (tcp_path.c).
struct tcp_path {
    uint32_t generation, mtu; // of the routes, and theirs, that send.mss follows from
    be32 next_hop;
    uint16_t proven;       // bytes acknowledged at once, the most: such a segment gets through
    uint16_t mss;          // what a black hole has taught us; 0: nothing
    uint8_t timeouts;      // in a row, without a reason that is known
    bool is_tried, is_cut; // a larger one all the same; or even that may be cut up by routers
};

// Contiguous bytes that came before those in front of them (tcp_queue.c).
struct tcp_run;

// What we receive.
struct tcp_receive {
    tcp_sequence irs, nxt; // of its SYN; the next that we expect
    tcp_sequence edge;     // RCV.NXT + RCV.WND as told last: it never moves back
    tcp_sequence acked;    // RCV.NXT as told last
    uint16_t mss;          // as our SYN says
    uint16_t segment;      // the largest that has come: full ones are acknowledged in pairs
    uint8_t window_shift;  // Rcv.Wind.Shift
    bool has_fin, is_urgent;  // nothing follows the byte before `fin`; those before `urgent`
    tcp_sequence fin, urgent; // are (RCV.UP)
    bool is_shut;          // nobody will read it
    bool is_limit_set;     // by the user: it does not grow
    uint32_t limit;        // bytes that we are willing to hold
    uint32_t queued;       // bytes in `packets`
    uint32_t taken;        // read since `taken_ns`: whether the limit holds it up
    uint64_t taken_ns;
    struct list packets;   // in order, to be read
    struct list runs;      // struct tcp_run, by sequence
    struct list recent;    // the same, as they have changed last (RFC 2018, 4)
    unsigned run_count;
    struct tcp_block duplicate; // to be reported once (RFC 2883); empty: none
};

struct tcp_rtt { // RFC 6298
    uint64_t smoothed_ns, variance_ns, rto_ns; // SRTT, 0: no sample yet; RTTVAR; RTO
    uint64_t latest_ns, least_ns; // samples: the last, the smallest
    uint64_t timed_at_ns;         // when `timed` was sent; 0: nothing is being timed
    uint64_t expired_ns;          // when the timer sent something again last; 0: never
    tcp_sequence timed;           // it ends when this is acknowledged
    uint8_t doublings;            // of the timeout, by the timer since the last sample
};

// When something has to happen; 0: never. One timer serves all: it runs until the earliest or
// some moment before, so that most changes are one store.
struct tcp_deadlines {
    struct timer timer;
    uint64_t retransmit_ns; // or a probe of a closed window
    uint64_t ack_ns;        // an ACK has been put off
    uint64_t idle_ns;       // keepalive, or the end of those whose user is gone
    uint64_t tail_ns;       // an ACK is overdue: chapter 24's
    uint64_t path_ns;       // larger segments are tried again
};

// Of a connection that listens, on the heap.
struct tcp_listener {
    struct list opening;    // in SYN-RECEIVED, by connection.waiting
    struct list ready;      // established, to be accepted
    unsigned opening_count, ready_count, backlog;
    uint64_t flooded_ns;    // when a cookie was sent last; 0: never
};

struct tcp_connection {
    struct tcp_entry entry;
    struct list all;        // by ascending id
    struct list bound;      // those that have a port by tcp_bind() or tcp_listen()
    struct list waiting;    // on a listener's queue
    struct list pending;    // on tcp_batch.c's list
    uint64_t id;            // 1, 2, 3 ... never used again
    struct tcp_user *user;  // NULL: has let go, or nobody has accepted it yet
    struct tcp_connection *parent; // the listener, until somebody accepts it
    struct tcp_listener *listener; // when it is one itself
    uint8_t state;          // enum tcp_state
    uint8_t congestion;     // enum os_congestion, for chapter 24
    bool is_active;         // has sent a SYN by tcp_connect()
    bool is_orphan;         // its user has closed it
    bool wants_ack;         // at the end of the batch
    bool is_exclusive;      // tcp_bind() minds connections that linger
    bool has_sack, has_timestamps, has_scale; // agreed on
    bool is_established_once; // names stay known after the end
    int error;              // told once: tcp_take_error()
    int soft_error;         // what is said if we give up (RFC 9293, 3.9.2.2)
    uint32_t recent;        // TS.Recent (RFC 7323, 4.3)
    uint64_t recent_ns;     // when that was set
    uint32_t clock_offset;  // of our timestamps (RFC 7323, 5.4)
    uint64_t heard_ns;      // when a segment of the peer came last
    uint32_t user_timeout_s; // 0: GIVE_UP_S (tcp_timer.c)
    uint32_t keepalive_s;   // 0: off
    uint8_t keepalive_probes; // sent without an answer
    uint8_t challenges;     // challenge ACKs (RFC 5961, 7) since `challenged_ns`
    uint64_t challenged_ns;
    struct ip_flow flow;
    struct tcp_path path;
    struct tcp_send send;
    struct tcp_receive receive;
    struct tcp_rtt rtt;
    struct tcp_deadlines deadlines;
    size_t memory;          // bytes that it holds
    uint64_t sent_bytes, received_bytes;
    uint32_t retransmits, timeouts; // segments
    struct tcp_loss loss;   // chapter 24's: all zeros until opened()
};

struct tcp_segment;

// What chapter 24 adds. Without it: what the receiver's window allows is sent, and what is lost
// comes again when the retransmission timer expires, one segment at a time. None sleeps. All
// must be there.
struct tcp_recovery {
    uint8_t congestion; // enum os_congestion: what connections begin with
    // Established, its MSS is known: the first window.
    void (*opened)(struct tcp_connection *connection);
    // An ACK has been accepted; send.una has moved already. `acknowledged`: bytes that it adds
    // to those acknowledged; 0: a duplicate, or only SACK blocks or a window. Whatever may be
    // sent now goes right after this.
    void (*acknowledged)(struct tcp_connection *connection, const struct tcp_segment *segment,
                         uint32_t acknowledged);
    void (*timed_out)(struct tcp_connection *connection); // before the retransmission
    // A router has dropped some of what is under way, for its size: before the first segment
    // goes again. Without it the rest waits for the timer.
    void (*too_large)(struct tcp_connection *connection);
    void (*tail_due)(struct tcp_connection *connection); // as tcp_timer_start_tail() has asked
    void (*resized)(struct tcp_connection *connection); // send.mss is another one
    void (*idle)(struct tcp_connection *connection); // sends after a pause (RFC 5681, 4.1)
    // How many bytes may be sent now beyond what is under way (pipe).
    uint32_t (*allowance)(const struct tcp_connection *connection);
    // The next bytes to be sent again (RFC 6675, NextSeg, 1, 3 and 4), up to send.mss of them
    // at once; whether the window has room for them is its own affair. A FIN counts as one.
    // False: none now.
    bool (*next_retransmit)(struct tcp_connection *connection, struct tcp_block *block);
    void (*sent)(struct tcp_connection *connection, struct tcp_block block, bool again);
    void (*closed)(struct tcp_connection *connection); // frees what it has
    // What it knows: cwnd, ssthresh, congestion, phase.
    void (*describe)(const struct tcp_connection *connection, struct os_connection_info *info);
};
void tcp_set_recovery(const struct tcp_recovery *recovery);

// Bytes between what is acknowledged and what was sent, a SYN or FIN counted as one.
static inline uint32_t tcp_in_flight(const struct tcp_connection *connection)
{
    return (uint32_t)sequence_distance(connection->send.una, connection->send.nxt);
}
