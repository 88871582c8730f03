// SPDX-License-Identifier: MIT
//
// SYN cookies: a handshake of which nothing is kept (RFC 4987, 3.6).
//
//   tcp_cookie_send(listener, syn)          our SYN's number is the cookie
//   tcp_cookie_arrives(listener, segment)   an ACK that gives it back: a connection
//
// The number is made so that only we can have made it: of the names, the peer's number, and a
// count of minutes. Three of its bits say which MSS the peer had. Its other options fit into
// our timestamp, which it gives back as well. Chapter 23.
#include "machine.h"
#include "tcp_parts.h"

//   cookie      31..27 minute | 26..24 index of the MSS | 23..0 keyed hash
//   timestamp   31..5 clock   | 4 SACK                  | 3..0 window shift, 15: none
enum {
    HASH_BITS = 24,
    MINUTE_SHIFT = 27,
    MINUTE_MASK = 31,
    MINUTES_VALID = 2, // this one and the last: the peer's ACK takes no longer
    SACK_BIT = 1 << 4,
    SHIFT_MASK = 15,
    OPTION_MASK = 31,
};

static const uint64_t minute_ns = 60000000000;
static const uint16_t sizes[8] = {TCP_MSS_DEFAULT, 1200, 1300, 1360, 1400, 1440, 1460, 8960};

static uint32_t minute_now(void)
{
    return (uint32_t)(machine_clock_ns() / minute_ns);
}

// `what`: the uppermost eight bits.
static uint32_t cookie_of(const struct tcp_segment *segment, tcp_sequence irs, uint32_t minute,
                          uint32_t what)
{
    uint64_t hash = tcp_hash(TCP_HASH_COOKIE, &segment->local, &segment->remote,
                             irs + minute * 0x9e3779b9u + what);
    return what << HASH_BITS | (uint32_t)(hash >> (64 - HASH_BITS));
}

// The largest that the peer takes.
static uint32_t size_index(uint16_t mss)
{
    uint32_t index = 0;
    while (index < 7 && sizes[index + 1] <= mss)
        index++;
    return index;
}

static uint32_t clock_of(const struct tcp_segment *segment)
{
    uint64_t secret = tcp_hash(TCP_HASH_SEQUENCE, &segment->local, &segment->remote, 0);
    return (uint32_t)(machine_clock_ns() / 1000000) + tcp_timestamp_offset(secret);
}

// ---- Out ----------------------------------------------------------------------------

// A time of our clock with the peer's options in it, never in the future.
static uint32_t timestamp_with(const struct tcp_segment *syn)
{
    const struct tcp_options *options = &syn->options;
    uint32_t bits = options->window_shift >= 0 ? (uint32_t)options->window_shift : SHIFT_MASK;
    if (options->sack_permitted)
        bits |= SACK_BIT;
    uint32_t clock = clock_of(syn);
    uint32_t timestamp = (clock & ~(uint32_t)OPTION_MASK) | bits;
    return sequence_after(timestamp, clock) ? timestamp - OPTION_MASK - 1 : timestamp;
}

// A connection that lives only for these lines says what its SYN would say.
void tcp_cookie_send(struct tcp_connection *listener, const struct tcp_segment *syn)
{
    const struct tcp_options *options = &syn->options;
    struct tcp_connection shadow = {
        .entry = {.local = syn->local, .remote = syn->remote},
        .flow = {.source = syn->local, .destination = syn->remote, .protocol = IP_TCP},
        .has_sack = options->has_timestamp && options->sack_permitted,
        .has_timestamps = options->has_timestamp,
        .has_scale = options->has_timestamp && options->window_shift >= 0,
        .recent = options->timestamp,
        .receive = {.limit = listener->receive.limit,
                    .is_limit_set = listener->receive.is_limit_set},
    };
    if (ip_flow_route(&shadow.flow) != 0)
        return;
    uint8_t bytes[TCP_HEADER_MAX];
    tcp_window_init(&shadow);
    shadow.receive.mss = tcp_path_own_mss(&shadow);
    shadow.clock_offset = options->has_timestamp ? timestamp_with(syn) : 0;
    uint16_t mss = options->mss > 0 ? options->mss : TCP_MSS_DEFAULT;
    uint32_t minute = minute_now();
    uint32_t what = (minute & MINUTE_MASK) << 3 | size_index(mss);
    struct tcp_answer answer = {
        .sequence = cookie_of(syn, syn->sequence, minute, what),
        .acknowledgment = syn->sequence + 1,
        .flags = TCP_SYN | TCP_ACK,
        .window = tcp_window_field(&shadow, true),
        .options = bytes,
        .options_size = tcp_options_write_syn(&shadow, bytes, 0),
    };
    listener->listener->flooded_ns = machine_clock_ns();
    tcp_counters()->cookies_sent++;
    tcp_send_answer(syn, &answer);
}

// ---- In -----------------------------------------------------------------------------

// What the SYN said, as far as it is known. False: this cookie is not ours, or too old.
static bool read_cookie(const struct tcp_segment *segment, struct tcp_options *options)
{
    tcp_sequence cookie = segment->acknowledgment - 1;
    uint32_t what = cookie >> HASH_BITS, minute = minute_now();
    uint32_t age = (minute - (cookie >> MINUTE_SHIFT)) & MINUTE_MASK;
    if (age >= MINUTES_VALID ||
        cookie_of(segment, segment->sequence - 1, minute - age, what) != cookie)
        return false;
    uint32_t bits = segment->options.echo & OPTION_MASK;
    bool has_timestamp = segment->options.has_timestamp;
    bool has_scale = has_timestamp && (bits & SHIFT_MASK) <= TCP_WINDOW_SHIFT_MAX;
    *options = (struct tcp_options){
        .mss = sizes[what & 7],
        .window_shift = has_scale ? (int8_t)(bits & SHIFT_MASK) : -1,
        .sack_permitted = has_timestamp && bits & SACK_BIT,
        .has_timestamp = has_timestamp,
        .timestamp = segment->options.timestamp,
    };
    return true;
}

// The ACK of a handshake of which nothing was kept. False: it is not.
bool tcp_cookie_arrives(struct tcp_connection *listener, struct tcp_segment *segment)
{
    struct tcp_options options;
    uint64_t flooded_ns = listener->listener->flooded_ns;
    if (flooded_ns == 0 || segment->arrived_ns - flooded_ns > MINUTES_VALID * minute_ns)
        return false; // none was sent: do not even look
    if (!read_cookie(segment, &options))
        return false;
    if (tcp_listen_is_full(listener)) {
        tcp_counters()->backlog_full++;
        return true; // its next segment is as good as this one
    }
    struct tcp_connection *connection = tcp_listen_add(listener, segment);
    if (!connection)
        return true;
    tcp_counters()->cookies_accepted++;
    connection->has_sack = connection->has_timestamps = connection->has_scale = true;
    connection->send.iss = segment->acknowledgment - 1;
    tcp_handshake_prepare(connection);
    tcp_handshake_take_syn(connection, segment->sequence - 1, &options, segment->arrived_ns);
    connection->send.nxt = segment->acknowledgment;
    connection->receive.edge += connection->receive.limit < UINT16_MAX
                                    ? connection->receive.limit : UINT16_MAX; // what it said
    tcp_set_state(connection, TCP_SYN_RECEIVED);
    tcp_input(connection, segment);
    return true;
}
