// SPDX-License-Identifier: MIT
//
// Congestion control: how much may be under way, so that the network is used and not flooded
// (RFC 5681).
//
//   tcp_congestion_init(congestion, rule, mss)
//   tcp_congestion_acknowledged(congestion, bytes, now, rtt)   it may grow
//   tcp_congestion_lost(congestion, flight)                    it has to shrink
//
// The window grows by a slow start up to a threshold, and then as its rule says: by a segment a
// round trip (NewReno), or along a cubic curve of time (CUBIC). All in bytes, without floating
// point. Nothing here knows of connections: the arithmetic can be tested alone. Chapter 24.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "user/os_net.h"

struct tcp_congestion;

struct tcp_congestion_rule {
    const char *name;
    // ssthresh after a loss, when `flight` bytes were under way.
    uint32_t (*reduced)(struct tcp_congestion *congestion, uint32_t flight);
    // Congestion avoidance: `bytes` more were acknowledged, and the window was in use.
    void (*grow)(struct tcp_congestion *congestion, uint32_t bytes, uint64_t now_ns,
                 uint64_t rtt_ns);
};
extern const struct tcp_congestion_rule tcp_newreno, tcp_cubic;

// What CUBIC remembers (RFC 9438, 4.1).
struct tcp_cubic {
    uint64_t epoch_ns;     // when this stage of congestion avoidance began; 0: it will
    uint32_t max;          // W_max: the window before the last reduction; 0: there was none
    uint32_t origin;       // what the curve is level at: W_max, or where it began
    uint32_t prior;        // cwnd_prior
    uint32_t estimate;     // W_est: what Reno would have
    uint32_t k;            // K: from the epoch to the level part, in 1/1024 s
    uint32_t counted;      // bytes acknowledged, not yet in W_est
    uint64_t rest;         // of the last division
    bool timed_out;        // the last reduction was a timeout's: K is 0
};

struct tcp_congestion {
    const struct tcp_congestion_rule *rule;
    uint32_t cwnd, ssthresh; // bytes
    uint32_t mss;
    uint32_t counted;        // NewReno's: bytes acknowledged, not yet in cwnd
    struct tcp_cubic cubic;
};

// Proportional rate reduction (RFC 9937): during a fast recovery.
struct tcp_reduction {
    uint32_t flight;    // RecoverFS: bytes under way at its start
    uint32_t delivered; // prr_delivered: since then
    uint32_t sent;      // prr_out
    bool is_safe;       // safeACK: SND.UNA has moved, and no further loss is known
};

enum {
    TCP_WINDOW_MAX = 1u << 30,       // RFC 7323, 2.3
    TCP_SSTHRESH_NONE = 0x7fffffff,  // "arbitrarily high" (RFC 5681, 3.1)
};

void tcp_congestion_init(struct tcp_congestion *congestion,
                         const struct tcp_congestion_rule *rule, uint32_t mss);
int tcp_congestion_find(const char *name); // enum os_congestion; -ENOENT
const struct tcp_congestion_rule *tcp_congestion_rule(enum os_congestion number); // or NULL
// Another rule goes on from the same window.
void tcp_congestion_switch(struct tcp_congestion *congestion,
                           const struct tcp_congestion_rule *rule);
void tcp_congestion_resize(struct tcp_congestion *congestion, uint32_t mss); // the path's
uint32_t tcp_congestion_initial(uint32_t mss); // RFC 6928, 2

static inline bool tcp_congestion_is_slow_start(const struct tcp_congestion *congestion)
{
    return congestion->cwnd < congestion->ssthresh;
}

// `bytes` more were acknowledged while the window was in use; after a timeout the peer may
// acknowledge many that it had already, so that then each ACK counts for a segment at most.
void tcp_congestion_acknowledged(struct tcp_congestion *congestion, uint32_t bytes,
                                 uint64_t now_ns, uint64_t rtt_ns);
// The same while it was not: such a time does not count for CUBIC's curve (RFC 9438, 4.2).
static inline void tcp_congestion_unused(struct tcp_congestion *congestion)
{
    congestion->cubic.epoch_ns = 0;
}
// A loss was seen: ssthresh falls; what cwnd becomes is up to the recovery, which ends at
// ssthresh.
void tcp_congestion_lost(struct tcp_congestion *congestion, uint32_t flight);
// During a fast recovery, with so much under way (`pipe`): cwnd for what was delivered now.
void tcp_congestion_reduce(struct tcp_congestion *congestion, struct tcp_reduction *reduction,
                           uint32_t pipe, uint32_t delivered);
// The retransmission timer expired: one segment. `again`: since the last progress; then
// ssthresh stays (RFC 5681, 3.1).
void tcp_congestion_timed_out(struct tcp_congestion *congestion, uint32_t flight, bool again);
// Nothing was sent for longer than the retransmission timeout (RFC 5681, 4.1).
void tcp_congestion_idle(struct tcp_congestion *congestion);

// tcp_cubic.c: the largest number whose cube is not above `value`.
uint32_t tcp_cube_root(uint64_t value);
