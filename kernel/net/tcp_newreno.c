// SPDX-License-Identifier: MIT
//
// NewReno's window: a segment more for each window acknowledged, half of it after a loss
// (RFC 5681, 3.1; how losses are found and repaired without SACK, RFC 6582, is in
// tcp_recovery.c). Chapter 24.
#include "tcp_congestion.h"

// RFC 5681, equation 4.
static uint32_t newreno_reduced(struct tcp_congestion *congestion, uint32_t flight)
{
    return flight / 2;
}

// RFC 5681, 3.1, the recommended way: bytes are counted, and a window full of them is worth a
// segment.
static void newreno_grow(struct tcp_congestion *congestion, uint32_t bytes, uint64_t now_ns,
                         uint64_t rtt_ns)
{
    congestion->counted += bytes;
    if (congestion->counted >= congestion->cwnd) {
        congestion->counted -= congestion->cwnd;
        congestion->cwnd += congestion->mss;
    }
}

const struct tcp_congestion_rule tcp_newreno = {
    .name = "newreno",
    .reduced = newreno_reduced,
    .grow = newreno_grow,
};
