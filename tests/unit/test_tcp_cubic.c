// SPDX-License-Identifier: MIT
//
// Congestion windows: slow start, NewReno's line, CUBIC's curve against the formulas of RFC
// 9438, and the ends of all numbers.
#include "net/tcp_congestion.h"

#include "machine.h"
#include "print.h"
#include "test.h"
#include "unit.h"

enum { MSS = 1460 };
static const uint64_t MS = 1000000, START = 77000000000;

void unit_setup(const struct boot_info *boot)
{
}

static struct tcp_congestion window;

// Congestion avoidance with these windows, in segments.
static void begin(const struct tcp_congestion_rule *rule, uint32_t cwnd)
{
    tcp_congestion_init(&window, rule, MSS);
    window.cwnd = window.ssthresh = cwnd * MSS;
}

// A whole window is acknowledged, two segments an ACK.
static void acknowledge_window(uint64_t now_ns, uint64_t rtt_ns)
{
    uint32_t left = window.cwnd;
    while (left > 0) {
        uint32_t piece = left < 2 * MSS ? left : 2 * MSS;
        tcp_congestion_acknowledged(&window, piece, now_ns, rtt_ns);
        left -= piece;
    }
}

static void the_first_window(void)
{
    CHECK_EQUAL(tcp_congestion_initial(1460), 14600); // RFC 6928, 2
    CHECK_EQUAL(tcp_congestion_initial(536), 5360);
    CHECK_EQUAL(tcp_congestion_initial(9000), 18000);
    CHECK_EQUAL(tcp_congestion_initial(4000), 14600);
}

static void slow_start_doubles(void)
{
    tcp_congestion_init(&window, &tcp_newreno, MSS);
    CHECK(tcp_congestion_is_slow_start(&window));
    acknowledge_window(START, 100 * MS);
    CHECK_EQUAL(window.cwnd, 20 * MSS);
    acknowledge_window(START, 100 * MS);
    CHECK_EQUAL(window.cwnd, 40 * MSS);
    // One ACK for everything counts for eight segments (RFC 9406, 4.3).
    tcp_congestion_acknowledged(&window, 40 * MSS, START, 100 * MS);
    CHECK_EQUAL(window.cwnd, 48 * MSS);
}

// RFC 5681, 3.1: a thousand small ACKs are worth no more than one.
static void ack_division_gains_nothing(void)
{
    tcp_congestion_init(&window, &tcp_newreno, MSS);
    for (unsigned i = 0; i < MSS; i++)
        tcp_congestion_acknowledged(&window, 1, START, 100 * MS);
    CHECK_EQUAL(window.cwnd, 11 * MSS);
    begin(&tcp_newreno, 10);
    for (unsigned i = 0; i < 10 * MSS; i++)
        tcp_congestion_acknowledged(&window, 1, START, 100 * MS);
    CHECK_EQUAL(window.cwnd, 11 * MSS);
}

static void newreno_adds_a_segment_a_window(void)
{
    begin(&tcp_newreno, 10);
    for (unsigned i = 1; i <= 20; i++) {
        acknowledge_window(START, 100 * MS);
        CHECK_EQUAL(window.cwnd, (10 + i) * MSS);
    }
    tcp_congestion_lost(&window, 30 * MSS);
    CHECK_EQUAL(window.ssthresh, 15 * MSS);
    tcp_congestion_lost(&window, MSS); // two segments at least
    CHECK_EQUAL(window.ssthresh, 2 * MSS);
}

static void a_timeout_leaves_one_segment(void)
{
    begin(&tcp_newreno, 40);
    tcp_congestion_timed_out(&window, 40 * MSS, false);
    CHECK_EQUAL(window.cwnd, MSS);
    CHECK_EQUAL(window.ssthresh, 20 * MSS);
    tcp_congestion_timed_out(&window, MSS, true); // once more: the threshold stays
    CHECK_EQUAL(window.cwnd, MSS);
    CHECK_EQUAL(window.ssthresh, 20 * MSS);
}

static void a_pause_shrinks_to_the_first_window(void)
{
    begin(&tcp_cubic, 40);
    tcp_congestion_idle(&window);
    CHECK_EQUAL(window.cwnd, 10 * MSS);
    CHECK_EQUAL(window.ssthresh, 40 * MSS);
    window.cwnd = 3 * MSS;
    tcp_congestion_idle(&window); // never grows by that
    CHECK_EQUAL(window.cwnd, 3 * MSS);
}

static void cube_roots(void)
{
    static const struct {
        uint64_t value;
        uint32_t root;
    } cases[] = {
        {0, 0}, {1, 1}, {7, 1}, {8, 2}, {26, 2}, {27, 3}, {999999, 99}, {1000000, 100},
        {1ull << 30, 1024}, {(1ull << 30) - 1, 1023}, {UINT64_MAX, 2642245},
        {2642245ull * 2642245 * 2642245, 2642245},
        {2642245ull * 2642245 * 2642245 - 1, 2642244},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CHECK_EQUAL(tcp_cube_root(cases[i].value), cases[i].root);
}

static bool is_near(uint32_t found, uint32_t expected, uint32_t tolerance)
{
    if (found + tolerance >= expected && found <= expected + tolerance)
        return true;
    print("found %u, expected %u: ", found, expected);
    return false;
}

// W_cubic(t) with W_max = 1000 segments after a loss, so that cwnd = 700: K = 9.0856 s. What
// the formula gives (RFC 9438, figure 1) at these times, in bytes.
static const struct {
    uint32_t time_ms, expected;
} cubic_points[] = {
    {100, 1036304}, {1000, 1151290}, {2000, 1252249}, {3000, 1328379}, {5000, 1420173},
    {8000, 1459253}, {9000, 1460000}, {10000, 1460446}, {12000, 1474456}, {15000, 1580822},
    {18000, 1873703},
};

static void cubic_follows_its_curve(void)
{
    begin(&tcp_cubic, 1000);
    tcp_congestion_lost(&window, 1000 * MSS);
    CHECK_EQUAL(window.ssthresh, 700 * MSS);
    window.cwnd = window.ssthresh;
    tcp_congestion_acknowledged(&window, 1, START, 0); // the epoch begins
    CHECK(is_near(window.cubic.k, 9303, 1)); // 9.0856 s
    for (unsigned i = 0; i < sizeof(cubic_points) / sizeof(cubic_points[0]); i++) {
        uint64_t now = START + cubic_points[i].time_ms * MS;
        // A whole window acknowledged leads to where the curve is; the round trip is in it.
        tcp_congestion_acknowledged(&window, window.cwnd, now - 50 * MS, 50 * MS);
        CHECK(is_near(window.cwnd, cubic_points[i].expected, MSS / 2));
    }
}

// RFC 9438, 4.3: on a short path the curve is slower than Reno, whose share is then taken.
static void cubic_is_no_worse_than_reno(void)
{
    begin(&tcp_cubic, 20);
    tcp_congestion_lost(&window, 20 * MSS);
    window.cwnd = window.ssthresh; // 14 segments
    uint64_t now = START;
    for (unsigned i = 0; i < 12; i++)
        acknowledge_window(now += MS, MS);
    // 9/17 of a segment a window, up to where it was; then a whole one.
    CHECK(is_near(window.cwnd, (14 + 6) * MSS, MSS));
    for (unsigned i = 0; i < 10; i++)
        acknowledge_window(now += MS, MS);
    CHECK(is_near(window.cwnd, (20 + 10) * MSS, 2 * MSS));
}

// RFC 9438, 4.7: lost again before it was where it had been: it leaves room.
static void cubic_converges_fast(void)
{
    begin(&tcp_cubic, 100);
    tcp_congestion_lost(&window, 100 * MSS);
    CHECK_EQUAL(window.cubic.max, 100 * MSS);
    window.cwnd = 80 * MSS;
    tcp_congestion_lost(&window, 80 * MSS);
    CHECK_EQUAL(window.cubic.max, 68 * MSS); // 80 * 0.85
    CHECK_EQUAL(window.ssthresh, 56 * MSS);
    window.cwnd = 90 * MSS;
    tcp_congestion_lost(&window, 90 * MSS);
    CHECK_EQUAL(window.cubic.max, 90 * MSS);
}

// RFC 9438, 4.8: level at once, as before any loss (4.10).
static void cubic_after_a_timeout(void)
{
    begin(&tcp_cubic, 100);
    tcp_congestion_timed_out(&window, 100 * MSS, false);
    CHECK_EQUAL(window.cwnd, MSS);
    CHECK_EQUAL(window.ssthresh, 70 * MSS);
    while (tcp_congestion_is_slow_start(&window))
        tcp_congestion_acknowledged(&window, MSS, START, 100 * MS);
    CHECK_EQUAL(window.cwnd, 70 * MSS);
    tcp_congestion_acknowledged(&window, 1, START, 100 * MS);
    CHECK_EQUAL(window.cubic.k, 0);
    CHECK_EQUAL(window.cubic.origin, 70 * MSS);
    // 0.4 * 5^3 = 50 segments more after 5 s.
    tcp_congestion_acknowledged(&window, window.cwnd, START + 4900 * MS, 100 * MS);
    tcp_congestion_acknowledged(&window, window.cwnd, START + 4900 * MS, 100 * MS);
    CHECK(is_near(window.cwnd, 120 * MSS, MSS / 2));
}

// RFC 9438, 4.2 and 5.8: a time in which the window was not used is no part of the curve, which
// goes on from where it was.
static void cubic_counts_time_in_use(void)
{
    begin(&tcp_cubic, 1000);
    tcp_congestion_lost(&window, 1000 * MSS);
    window.cwnd = window.ssthresh;
    tcp_congestion_acknowledged(&window, 1, START, 0);
    tcp_congestion_acknowledged(&window, window.cwnd, START + 950 * MS, 50 * MS);
    uint32_t after_a_second = window.cwnd;
    tcp_congestion_unused(&window); // for a minute
    tcp_congestion_acknowledged(&window, 1, START + 60950 * MS, 50 * MS);
    CHECK(is_near(window.cwnd, after_a_second, MSS));
    tcp_congestion_acknowledged(&window, window.cwnd, START + 61950 * MS, 50 * MS);
    CHECK(is_near(window.cwnd, cubic_points[2].expected, 8 * MSS)); // as after two seconds
}

// Nothing overflows with the largest windows, segments and times; it never shrinks by an ACK
// and never leaps by more than half.
static void the_ends_of_numbers(void)
{
    uint64_t seed = machine_clock_ns() | 1, random = seed;
    print("seed %llu ", (unsigned long long)seed);
    for (unsigned round = 0; round < 2000; round++) {
        uint32_t mss = 1 + (uint32_t)(unit_random(&random) % 65535);
        uint64_t now = START;
        tcp_congestion_init(&window, &tcp_cubic, mss);
        window.cwnd = 2 * mss + (uint32_t)(unit_random(&random) % (TCP_WINDOW_MAX - 2 * mss));
        tcp_congestion_lost(&window, window.cwnd);
        window.cwnd = window.ssthresh;
        for (unsigned i = 0; i < 20; i++) {
            uint32_t before = window.cwnd;
            now += unit_random(&random) >> (20 + unit_random(&random) % 30);
            tcp_congestion_acknowledged(&window, 1 + (uint32_t)(unit_random(&random) % before),
                                        now, unit_random(&random) >> 24);
            CHECK(window.cwnd >= before && window.cwnd <= before + before / 2 + mss);
            CHECK(window.cwnd <= TCP_WINDOW_MAX + TCP_WINDOW_MAX / 2 + mss);
        }
    }
}

const struct test unit_tests[] = {
    {"the first window", the_first_window},
    {"slow start doubles", slow_start_doubles},
    {"ACK division gains nothing", ack_division_gains_nothing},
    {"newreno adds a segment a window", newreno_adds_a_segment_a_window},
    {"a timeout leaves one segment", a_timeout_leaves_one_segment},
    {"a pause shrinks to the first window", a_pause_shrinks_to_the_first_window},
    {"cube roots", cube_roots},
    {"cubic follows its curve", cubic_follows_its_curve},
    {"cubic is no worse than reno", cubic_is_no_worse_than_reno},
    {"cubic converges fast", cubic_converges_fast},
    {"cubic after a timeout", cubic_after_a_timeout},
    {"cubic counts time in use", cubic_counts_time_in_use},
    {"the ends of numbers", the_ends_of_numbers},
    {0},
};
