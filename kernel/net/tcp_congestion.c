// SPDX-License-Identifier: MIT
//
// The congestion window: what all rules have in common.
//
//   slow start            cwnd grows by what is acknowledged: it doubles every round trip
//   congestion avoidance  above ssthresh: as the rule says
//   a loss                ssthresh falls to what the rule says; a timeout: cwnd to one segment
//
// Counted in bytes acknowledged, not in ACKs (RFC 3465): a peer that acknowledges a segment in
// a hundred small steps gains nothing by it. Chapter 24.
#include "tcp_congestion.h"

#include "error.h"
#include "smaller.h"
#include "string.h"

// How many segments one ACK may add in slow start, L. RFC 3465, 2.3, allows 2; 8 is what RFC
// 9406, 4.3, gives those who do not pace, along with a watch on delays that is not here. With
// 2, a receiver that acknowledges at once what came at once slows it down.
enum { SEGMENTS_PER_ACK = 8 };

static const struct tcp_congestion_rule *const rules[] = {
    [OS_CUBIC] = &tcp_cubic,
    [OS_NEWRENO] = &tcp_newreno,
};

// Ten segments, but no more than 14600 bytes of large ones (RFC 6928, 2).
uint32_t tcp_congestion_initial(uint32_t mss)
{
    return smaller(10 * mss, larger(2 * mss, 14600));
}

void tcp_congestion_init(struct tcp_congestion *congestion,
                         const struct tcp_congestion_rule *rule, uint32_t mss)
{
    *congestion = (struct tcp_congestion){.rule = rule,
                                          .cwnd = tcp_congestion_initial(mss),
                                          .ssthresh = TCP_SSTHRESH_NONE,
                                          .mss = mss};
}

int tcp_congestion_find(const char *name)
{
    for (unsigned i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (strcmp(rules[i]->name, name) == 0)
            return (int)i;
    return -ENOENT;
}

const struct tcp_congestion_rule *tcp_congestion_rule(enum os_congestion number)
{
    return number < sizeof(rules) / sizeof(rules[0]) ? rules[number] : NULL;
}

void tcp_congestion_switch(struct tcp_congestion *congestion,
                           const struct tcp_congestion_rule *rule)
{
    congestion->rule = rule;
    congestion->counted = 0;
    congestion->cubic = (struct tcp_cubic){0};
}

// The window stays what it is, unless that is less than a segment.
void tcp_congestion_resize(struct tcp_congestion *congestion, uint32_t mss)
{
    congestion->mss = mss;
    congestion->cwnd = larger(congestion->cwnd, mss);
}

void tcp_congestion_acknowledged(struct tcp_congestion *congestion, uint32_t bytes,
                                 uint64_t now_ns, uint64_t rtt_ns)
{
    if (tcp_congestion_is_slow_start(congestion)) {
        // What would lead beyond the threshold is left for the rule.
        uint32_t most = smaller(bytes, SEGMENTS_PER_ACK * congestion->mss);
        uint32_t added = smaller(most, congestion->ssthresh - congestion->cwnd);
        congestion->cwnd = smaller(congestion->cwnd + added, TCP_WINDOW_MAX);
        bytes = most - added;
    }
    if (bytes > 0 && congestion->cwnd < TCP_WINDOW_MAX)
        congestion->rule->grow(congestion, bytes, now_ns, rtt_ns);
}

void tcp_congestion_lost(struct tcp_congestion *congestion, uint32_t flight)
{
    congestion->ssthresh =
        larger(congestion->rule->reduced(congestion, flight), 2 * congestion->mss);
    congestion->counted = 0;
}

// RFC 9937, 6.2: as much is sent, of what was delivered, as leads from the flight at the
// beginning to ssthresh. Less is under way than that where much was lost: then one segment for
// one, and one more for an ACK that shows that all goes well.
void tcp_congestion_reduce(struct tcp_congestion *congestion, struct tcp_reduction *reduction,
                           uint32_t pipe, uint32_t delivered)
{
    uint32_t quota;
    reduction->delivered += delivered;
    if (pipe > congestion->ssthresh) {
        uint64_t share = (uint64_t)reduction->delivered * congestion->ssthresh;
        share = (share + reduction->flight - 1) / reduction->flight;
        quota = excess((uint32_t)share, reduction->sent);
    } else {
        quota = larger(excess(reduction->delivered, reduction->sent), delivered);
        quota += reduction->is_safe ? congestion->mss : 0;
        quota = smaller(quota, congestion->ssthresh - pipe);
    }
    if (reduction->sent == 0) // the first goes whatever the pipe is
        quota = larger(quota, congestion->mss);
    congestion->cwnd = pipe + quota;
}

void tcp_congestion_timed_out(struct tcp_congestion *congestion, uint32_t flight, bool again)
{
    if (!again)
        tcp_congestion_lost(congestion, flight);
    congestion->cubic.timed_out = true;
    congestion->cwnd = congestion->mss;
}

void tcp_congestion_idle(struct tcp_congestion *congestion)
{
    congestion->cwnd =
        smaller(congestion->cwnd, tcp_congestion_initial(congestion->mss));
    congestion->counted = 0;
    tcp_congestion_unused(congestion);
}
