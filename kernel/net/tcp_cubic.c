// SPDX-License-Identifier: MIT
//
// CUBIC's window: a curve of the time since the last loss (RFC 9438).
//
//            W(t) = C (t - K)^3 + W_max            C = 0.4, in segments and seconds
//
// It climbs fast while it is far below the window at which the last loss came, levels off
// there, K seconds after the loss, and then searches beyond, faster and faster. How often ACKs
// come does not matter, so that long paths get as much as short ones. Where Reno would have
// more (on short paths), it has as much as Reno.
//
// Fixed point: times are in 1/1024 s and windows in bytes, and every product fits 64 bits with
// windows up to 2^30 and segments up to 2^16. Chapter 24.
#include "tcp_congestion.h"

enum {
    TICKS = 1024,            // a second
    TIME_MAX = 1 << 17,      // two minutes: by then any window is at its end
    ALPHA_UP = 9,            // alpha_cubic = 3 (1 - beta) / (1 + beta) = 9 / 17 (4.3)
    ALPHA_DOWN = 17,
};

// 0.7 of it: beta_cubic (4.6).
static uint32_t times_beta(uint32_t bytes)
{
    return (uint32_t)((uint64_t)bytes * 7 / 10);
}

// Digit by digit: each step tries whether the next lower bit belongs to the root.
uint32_t tcp_cube_root(uint64_t value)
{
    uint64_t root = 0;
    for (int bit = 21; bit >= 0; bit--) { // (2^22)^3 is above all of 64 bits
        uint64_t tried = root | 1ull << bit;
        // (2^22 - 1)^3 does not fit: 2642245 is the largest root there is.
        if (tried <= 2642245 && tried * tried * tried <= value)
            root = tried;
    }
    return (uint32_t)root;
}

// Nanoseconds in ticks, at most TIME_MAX.
static uint32_t to_ticks(uint64_t ns)
{
    uint64_t ticks = ns / 1000 * TICKS / 1000000;
    return ticks < TIME_MAX ? (uint32_t)ticks : TIME_MAX;
}

// C x^3, in bytes; x in ticks, up to TIME_MAX. The shifts come in two steps: x^3 may have 51
// bits, 41 are left, and 16 of the segment's size and 1 of the factor are added.
static uint64_t curve(uint64_t x, uint32_t mss)
{
    return (x * x * x >> 10) * mss * 2 / 5 >> 20;
}

// RFC 9438, 4.2: where the curve is `ticks` after its epoch; at most `most`.
static uint32_t cubic_window(const struct tcp_congestion *congestion, uint32_t ticks,
                             uint32_t most)
{
    const struct tcp_cubic *cubic = &congestion->cubic;
    if (ticks < cubic->k) {
        uint64_t below = curve(cubic->k - ticks, congestion->mss);
        uint32_t window = below < cubic->origin ? cubic->origin - (uint32_t)below : 0;
        return window < most ? window : most;
    }
    uint64_t window = cubic->origin + curve(ticks - cubic->k, congestion->mss);
    return window < most ? (uint32_t)window : most;
}

// A stage of congestion avoidance begins (4.2; 4.8 after a timeout, 4.10 before any loss).
static void begin_epoch(struct tcp_congestion *congestion, uint64_t now_ns)
{
    struct tcp_cubic *cubic = &congestion->cubic;
    cubic->epoch_ns = now_ns;
    cubic->estimate = congestion->cwnd;
    cubic->counted = 0;
    cubic->rest = 0;
    if (cubic->timed_out || cubic->max <= congestion->cwnd) {
        cubic->origin = congestion->cwnd;
        cubic->k = 0;
        return;
    }
    // K^3 = (W_max - cwnd) / C, in cubic ticks: 2^30 of them are a cubic second.
    uint64_t below = cubic->max - congestion->cwnd;
    cubic->origin = cubic->max;
    cubic->k = tcp_cube_root(((below * 5) << 30) / (2 * congestion->mss));
    if (cubic->k > TIME_MAX)
        cubic->k = TIME_MAX;
}

// RFC 9438, 4.3: W_est grows by alpha segments a window, and as Reno does once it is where the
// last loss came.
static void grow_estimate(struct tcp_congestion *congestion, uint32_t bytes)
{
    struct tcp_cubic *cubic = &congestion->cubic;
    bool is_there = cubic->estimate >= cubic->prior;
    uint32_t up = is_there ? 1 : ALPHA_UP, down = is_there ? 1 : ALPHA_DOWN;
    uint64_t worth = (uint64_t)congestion->cwnd * down / up; // bytes for a segment

    cubic->counted += bytes;
    if (cubic->counted >= worth) {
        cubic->counted -= (uint32_t)worth;
        cubic->estimate += congestion->mss;
    }
}

// Towards where the curve is a round trip from now, half as much again at most (4.4 and 4.5).
static void approach(struct tcp_congestion *congestion, uint32_t target, uint32_t bytes)
{
    if (target <= congestion->cwnd)
        return;
    struct tcp_cubic *cubic = &congestion->cubic;
    uint64_t step = (uint64_t)(target - congestion->cwnd) * bytes + cubic->rest;
    cubic->rest = step % congestion->cwnd;
    congestion->cwnd += (uint32_t)(step / congestion->cwnd);
}

static void cubic_grow(struct tcp_congestion *congestion, uint32_t bytes, uint64_t now_ns,
                       uint64_t rtt_ns)
{
    struct tcp_cubic *cubic = &congestion->cubic;
    if (cubic->epoch_ns == 0)
        begin_epoch(congestion, now_ns);
    grow_estimate(congestion, bytes);

    uint64_t age_ns = now_ns - cubic->epoch_ns;
    if (cubic_window(congestion, to_ticks(age_ns), TCP_WINDOW_MAX) < cubic->estimate) {
        if (congestion->cwnd < cubic->estimate) // Reno would have more (4.3)
            congestion->cwnd = cubic->estimate;
        return;
    }
    uint32_t most = congestion->cwnd + congestion->cwnd / 2;
    approach(congestion, cubic_window(congestion, to_ticks(age_ns + rtt_ns), most), bytes);
}

// 4.6; and 4.7, fast convergence: whoever has to give way a second time before reaching the
// window it had leaves room for the newcomer who takes it.
static uint32_t cubic_reduced(struct tcp_congestion *congestion, uint32_t flight)
{
    struct tcp_cubic *cubic = &congestion->cubic;
    cubic->prior = congestion->cwnd;
    cubic->max = congestion->cwnd < cubic->max
                     ? (uint32_t)((uint64_t)congestion->cwnd * 17 / 20) // (1 + beta) / 2
                     : congestion->cwnd;
    cubic->epoch_ns = 0;
    cubic->timed_out = false;
    return times_beta(flight);
}

const struct tcp_congestion_rule tcp_cubic = {
    .name = "cubic",
    .reduced = cubic_reduced,
    .grow = cubic_grow,
};
