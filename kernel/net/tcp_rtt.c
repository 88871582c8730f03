// SPDX-License-Identifier: MIT
//
// How long an ACK takes, and from that how long to wait for one before sending again (RFC
// 6298).
//
//   tcp_rtt_start(connection, end)       sent just now: its ACK will be a sample
//   tcp_rtt_cancel(connection)           sent twice: which one is acknowledged is not known
//   tcp_rtt_expired(connection)          the same, because nothing was acknowledged for long
//   tcp_rtt_acknowledged(connection, segment)   a sample, if there is one
//
// One segment at a time is timed with our own clock. While none can be (after a retransmission)
// the peer's echo of our timestamp tells (RFC 7323, 4.1). Chapter 23.
#include "machine.h"
#include "tcp_parts.h"

static const uint64_t MS = 1000000;

enum {
    RTO_START_MS = 1000,  // RFC 6298, 2.1
    // RFC 6298, 2.4 has 1 s, from the days of coarse clocks. It has to be above what receivers
    // put their ACKs off by, which is 40 ms here and 200 ms at most elsewhere.
    RTO_LEAST_MS = 200,
    RTO_MOST_MS = 60000,  // 2.5
    GRANULARITY_MS = 1,   // G
    DOUBLINGS_MAX = 10,   // by then it is RTO_MOST_MS
};

void tcp_rtt_init(struct tcp_connection *connection)
{
    connection->rtt.rto_ns = RTO_START_MS * MS;
}

void tcp_rtt_start(struct tcp_connection *connection, tcp_sequence end, uint64_t now_ns)
{
    struct tcp_rtt *rtt = &connection->rtt;
    if (rtt->timed_at_ns != 0)
        return;
    rtt->timed = end;
    rtt->timed_at_ns = now_ns;
}

// Karn's rule (RFC 6298, 3).
void tcp_rtt_cancel(struct tcp_connection *connection)
{
    connection->rtt.timed_at_ns = 0;
}

// By the timer, now. The timeout stays doubled until there is a sample: where the path has
// become slower than it, every segment would else be sent twice, and never be one (Karn's
// rule, the other half; RFC 6298, 5.5).
void tcp_rtt_expired(struct tcp_connection *connection)
{
    struct tcp_rtt *rtt = &connection->rtt;
    tcp_rtt_cancel(connection);
    rtt->expired_ns = machine_clock_ns();
    if (rtt->doublings < DOUBLINGS_MAX)
        rtt->doublings++;
}

static uint64_t within_limits(uint64_t rto_ns)
{
    if (rto_ns < RTO_LEAST_MS * MS)
        return RTO_LEAST_MS * MS;
    return rto_ns < RTO_MOST_MS * MS ? rto_ns : RTO_MOST_MS * MS;
}

// RFC 6298, 2.2 and 2.3.
static void take_sample(struct tcp_rtt *rtt, uint64_t sample_ns)
{
    rtt->latest_ns = sample_ns;
    if (rtt->least_ns == 0 || sample_ns < rtt->least_ns)
        rtt->least_ns = sample_ns;
    if (rtt->smoothed_ns == 0) {
        rtt->smoothed_ns = sample_ns;
        rtt->variance_ns = sample_ns / 2;
    } else {
        uint64_t smoothed = rtt->smoothed_ns;
        uint64_t deviation = sample_ns > smoothed ? sample_ns - smoothed : smoothed - sample_ns;
        rtt->variance_ns += deviation / 4 - rtt->variance_ns / 4;
        rtt->smoothed_ns += sample_ns / 8 - smoothed / 8;
    }
    uint64_t margin = 4 * rtt->variance_ns;
    if (margin < GRANULARITY_MS * MS)
        margin = GRANULARITY_MS * MS;
    rtt->rto_ns = within_limits(rtt->smoothed_ns + margin);
    rtt->doublings = 0;
}

// RFC 2883, 4: what this is the ACK of has come before.
static bool reports_a_copy(const struct tcp_segment *segment)
{
    const struct tcp_options *options = &segment->options;
    return options->blocks > 0 &&
           sequence_before(options->sack[0].start, segment->acknowledgment);
}

// When our SYN went twice, perhaps it is the first one's time.
static bool echo_is_of_use(const struct tcp_connection *connection,
                           const struct tcp_segment *segment)
{
    bool is_handshake = segment->acknowledgment == connection->send.iss + 1;
    return connection->has_timestamps && segment->options.has_timestamp &&
           !(is_handshake && connection->timeouts > 0);
}

// The ACK of the first copy was lost: what this one echoes is long ago, and nothing of the
// path. But where there was one copy more, it is the ACK of that, and ends the doubling. Of
// several it is the last one's if it comes as soon as ACKs do on this path: that of an earlier
// one would be late by a doubled timeout, and come just now by chance.
static void take_copy(struct tcp_connection *connection, uint64_t now_ns)
{
    struct tcp_rtt *rtt = &connection->rtt;
    const struct tcp_send *send = &connection->send;
    uint64_t sample_ns = now_ns - rtt->expired_ns + 1;
    bool is_last = send->backoff == 1 || (rtt->smoothed_ns != 0 && sample_ns < rtt->rto_ns);
    if (is_last && !send->is_probing)
        take_sample(rtt, sample_ns);
}

// An echo of a time before the timer sent something again: the path has become slow, or else
// the first ACK was lost and the path is what it was. A sample no longer than the timeout lets
// that grow if it has to, and never by much.
static void take_echo(struct tcp_rtt *rtt, uint64_t sample_ns, uint64_t now_ns)
{
    bool is_doubtful = rtt->expired_ns != 0 && sample_ns > now_ns - rtt->expired_ns;
    if (is_doubtful && rtt->smoothed_ns == 0)
        return;
    if (is_doubtful && sample_ns > rtt->rto_ns)
        sample_ns = rtt->rto_ns;
    take_sample(rtt, sample_ns);
}

void tcp_rtt_acknowledged(struct tcp_connection *connection, const struct tcp_segment *segment)
{
    struct tcp_rtt *rtt = &connection->rtt;
    uint64_t now_ns = segment->arrived_ns;
    if (rtt->timed_at_ns != 0) {
        if (sequence_before(segment->acknowledgment, rtt->timed))
            return;
        take_sample(rtt, now_ns - rtt->timed_at_ns + 1); // 0 would mean that there is none
        rtt->timed_at_ns = 0;
        return;
    }
    if (reports_a_copy(segment)) {
        take_copy(connection, now_ns);
        return;
    }
    if (!echo_is_of_use(connection, segment))
        return;
    // An echo of a time before the connection's, or of the future, is the peer's mistake.
    uint32_t age_ms = tcp_timestamp(connection, now_ns) - segment->options.echo;
    if (age_ms < RTO_MOST_MS)
        take_echo(rtt, age_ms * MS + MS / 2, now_ns);
}

// How long to wait for an ACK, or for a window to open (RFC 9293, 3.8.6.1: later and later).
uint64_t tcp_rtt_timeout(const struct tcp_connection *connection)
{
    const struct tcp_send *send = &connection->send;
    unsigned shift = send->is_probing ? send->backoff : connection->rtt.doublings;
    return within_limits(connection->rtt.rto_ns << (shift < DOUBLINGS_MAX ? shift
                                                                          : DOUBLINGS_MAX));
}

// Data will be sent. RFC 6298, 5.7: a SYN was lost, or the path is slower than we thought.
void tcp_rtt_established(struct tcp_connection *connection)
{
    struct tcp_rtt *rtt = &connection->rtt;
    if (rtt->smoothed_ns != 0 || rtt->doublings == 0)
        return;
    rtt->rto_ns = 3 * RTO_START_MS * MS;
    rtt->doublings = 0;
}
