// SPDX-License-Identifier: MIT
//
// TCP, every kind of segment in every state, around every edge of the window and of what was
// sent: what RFC 9293, 3.10.7, says of it is written here once more, and compared.
#include "tcp_script.h"

void unit_setup(const struct boot_info *boot)
{
    script_setup(boot);
}

enum { WINDOW = 4096, FIRST = TCP_SYN_SENT, LAST = TCP_TIME_WAIT, REOPENED = LAST + 1 };

// What arrives. Numbers count from the next one that we expect, and from the oldest of ours
// that is not acknowledged.
struct arrival {
    uint8_t state; // REOPENED: in SYN-RECEIVED, and it was us who began
    unsigned flags;
    int32_t sequence, acknowledgment;
    uint32_t data;
};

// What follows from it.
struct outcome {
    uint8_t state;
    unsigned flags;    // of our answer; 0: none
    uint32_t sequence; // of that
    uint32_t received; // numbers that are acknowledged now
};

static struct {
    struct tcp_connection *connection, *listener;
    uint32_t next, ours, oldest; // RCV.NXT, SND.NXT, SND.UNA
} us;

// ---- Ours ---------------------------------------------------------------------------

static void open_passively(bool wholly)
{
    us.listener = script_listen(1);
    tcp_set_option(us.listener, OS_OPTION_RECEIVE_BUFFER, WINDOW);
    if (wholly)
        us.connection = script_accept(us.listener);
    else
        send(SYN, 0, 0, "");
    next_segment();
}

static void open_actively(bool simultaneously)
{
    const struct os_address remote = address_ipv4(WIRE_PEER, PEER_PORT);
    tcp_open(&us.connection, &script_user);
    tcp_set_option(us.connection, OS_OPTION_RECEIVE_BUFFER, WINDOW);
    tcp_connect(us.connection, &remote);
    script.our_port = us.connection->entry.local.port;
    next_segment();
    if (simultaneously) {
        send(SYN, 0, 0, "");
        next_segment();
    }
}

static void bring_into(uint8_t state)
{
    bool has_ended = state > TCP_ESTABLISHED && state != TCP_CLOSE_WAIT && state != REOPENED;
    us.next = us.ours = us.oldest = 1;
    if (state == TCP_SYN_SENT || state == REOPENED)
        open_actively(state == REOPENED);
    else
        open_passively(state != TCP_SYN_RECEIVED);
    if (state < TCP_ESTABLISHED || state == REOPENED)
        us.oldest = 0;
    if (state == TCP_SYN_SENT)
        us.next = 0;
    if (state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK)
        send(FIN | ACK, us.next++, 1, "");
    if (has_ended) {
        tcp_shutdown(us.connection, OS_SHUTDOWN_WRITE);
        us.ours = 2;
    }
    if (state == TCP_CLOSING || state == TCP_TIME_WAIT)
        send(FIN | ACK, us.next++, 1, "");
    if (state == TCP_FIN_WAIT_2 || state == TCP_TIME_WAIT) {
        send(ACK, us.next, 2, "");
        us.oldest = 2;
    }
    wire_forget();
}

static uint8_t state_now(void)
{
    const struct os_address local = address_ipv4(WIRE_US, script.our_port);
    const struct os_address remote = address_ipv4(WIRE_PEER, PEER_PORT);
    struct tcp_entry *entry = tcp_table_find(&local, &remote);
    if (!entry)
        return TCP_CLOSED;
    return entry->is_time_wait ? TCP_TIME_WAIT
                               : container_of(entry, struct tcp_connection, entry)->state;
}

static void clear(void)
{
    if (us.connection)
        tcp_close(us.connection, true);
    if (us.listener)
        tcp_close(us.listener, true);
    us.connection = us.listener = NULL;
    script_end(NULL);
}

// ---- The RFC's ----------------------------------------------------------------------

static struct outcome nothing(uint8_t state)
{
    return (struct outcome){.state = state};
}

static struct outcome answered(uint8_t state, uint32_t received)
{
    return (struct outcome){state, ACK, us.ours, us.next + received};
}

static struct outcome refused(uint8_t state, const struct arrival *arrival)
{
    return (struct outcome){state, RST, us.oldest + (uint32_t)arrival->acknowledgment, 0};
}

// 3.10.7.3.
static struct outcome in_syn_sent(const struct arrival *arrival)
{
    bool is_reset = arrival->flags & RST;
    if (arrival->flags & ACK && arrival->acknowledgment != 1)
        return is_reset ? nothing(TCP_SYN_SENT) : refused(TCP_SYN_SENT, arrival);
    if (is_reset)
        return nothing(arrival->flags & ACK ? TCP_CLOSED : TCP_SYN_SENT);
    if (!(arrival->flags & SYN))
        return nothing(TCP_SYN_SENT);
    if (!(arrival->flags & ACK))
        return (struct outcome){TCP_SYN_RECEIVED, SYN | ACK, 0,
                                (uint32_t)arrival->sequence + 1};
    bool is_end = arrival->flags & FIN;
    return answered(is_end ? TCP_CLOSE_WAIT : TCP_ESTABLISHED,
                    (uint32_t)arrival->sequence + 1 + arrival->data + is_end);
}

static bool is_in_window(int64_t number)
{
    return number >= 0 && number < WINDOW - (us.next - 1); // a FIN has taken its place
}

// 3.10.7.4, seventh and eighth.
static struct outcome take(uint8_t state, const struct arrival *arrival)
{
    static const uint8_t ended[] = {[TCP_ESTABLISHED] = TCP_CLOSE_WAIT,
                                    [TCP_FIN_WAIT_1] = TCP_CLOSING,
                                    [TCP_FIN_WAIT_2] = TCP_TIME_WAIT};
    bool is_end = arrival->flags & FIN;
    int64_t end = (int64_t)arrival->sequence + arrival->data;
    if (state > TCP_FIN_WAIT_2 || (arrival->data == 0 && !is_end))
        return nothing(state);
    if (arrival->sequence > 0)
        return answered(state, 0);
    return answered(is_end ? ended[state] : state, (uint32_t)end + is_end);
}

// 3.10.7.4, fifth, where our FIN is all that may be under way.
static struct outcome in_order(uint8_t state, const struct arrival *arrival)
{
    bool is_known = arrival->acknowledgment == (int32_t)(us.ours - us.oldest);
    if (state == TCP_SYN_RECEIVED) {
        if (!is_known)
            return refused(state, arrival);
        state = TCP_ESTABLISHED;
    }
    if (arrival->acknowledgment > (int32_t)(us.ours - us.oldest))
        return answered(state, 0);
    if (state == TCP_FIN_WAIT_1 && is_known)
        state = TCP_FIN_WAIT_2;
    if (state == TCP_CLOSING || state == TCP_LAST_ACK)
        return nothing(!is_known ? state : state == TCP_CLOSING ? TCP_TIME_WAIT : TCP_CLOSED);
    return take(state, arrival);
}

// A.2: what came last comes again, and its ACK is taken, that of our FIN.
static uint8_t after_last_again(uint8_t state, const struct arrival *arrival)
{
    static const uint8_t next[] = {[TCP_FIN_WAIT_1] = TCP_FIN_WAIT_2,
                                   [TCP_CLOSING] = TCP_TIME_WAIT,
                                   [TCP_LAST_ACK] = TCP_CLOSED};
    bool has_unacknowledged_fin =
        state == TCP_FIN_WAIT_1 || state == TCP_CLOSING || state == TCP_LAST_ACK;
    if (!has_unacknowledged_fin || (arrival->flags & (SYN | ACK)) != ACK ||
        arrival->acknowledgment != (int32_t)(us.ours - us.oldest))
        return state;
    return next[state];
}

// 3.10.7.4, first to fourth.
static struct outcome in_others(struct arrival arrival)
{
    uint8_t state = arrival.state == REOPENED ? TCP_SYN_RECEIVED : arrival.state;
    bool is_again = state == TCP_SYN_RECEIVED && arrival.flags & SYN &&
                    !(arrival.flags & RST) && arrival.sequence == -1;
    if (is_again && !(arrival.flags & ACK)) // the answer was lost: not in the RFC
        return (struct outcome){state, SYN | ACK, 0, us.next};
    if (is_again) { // figure 7
        arrival.flags &= ~(unsigned)SYN;
        arrival.sequence++;
    }
    uint32_t length = arrival.data + !!(arrival.flags & SYN) + !!(arrival.flags & FIN);
    int64_t last = (int64_t)arrival.sequence + length - 1;
    if (!is_in_window(arrival.sequence) && !(length > 0 && is_in_window(last))) {
        bool is_last = length > 0 && last == -1;
        return arrival.flags & RST
                   ? nothing(state)
                   : answered(is_last ? after_last_again(state, &arrival) : state, 0);
    }
    if (arrival.flags & RST)
        return arrival.sequence == 0 ? nothing(TCP_CLOSED) : answered(state, 0);
    if (arrival.flags & SYN)
        return arrival.state == TCP_SYN_RECEIVED ? nothing(TCP_CLOSED) : answered(state, 0);
    if (!(arrival.flags & ACK))
        return nothing(state);
    return in_order(state, &arrival);
}

// What is kept of a connection answers what it did not expect, and makes way for a new one.
static struct outcome in_time_wait(const struct arrival *arrival)
{
    if ((arrival->flags & (SYN | ACK | RST)) == SYN && arrival->sequence > 0)
        return (struct outcome){TCP_SYN_RECEIVED, SYN | ACK, 0,
                                us.next + (uint32_t)arrival->sequence + 1};
    bool is_right = arrival->sequence == 0 && arrival->acknowledgment == 0;
    if (!(arrival->flags & RST))
        return arrival->flags == ACK && arrival->data == 0 && is_right
                   ? nothing(TCP_TIME_WAIT) : answered(TCP_TIME_WAIT, 0);
    if (arrival->sequence == 0)
        return nothing(TCP_CLOSED);
    return is_in_window(arrival->sequence) ? answered(TCP_TIME_WAIT, 0)
                                           : nothing(TCP_TIME_WAIT);
}

static struct outcome outcome_of(const struct arrival *arrival)
{
    if (arrival->state == TCP_SYN_SENT)
        return in_syn_sent(arrival);
    return arrival->state == TCP_TIME_WAIT ? in_time_wait(arrival) : in_others(*arrival);
}

// ---- Both ---------------------------------------------------------------------------

// The last of our answers counts: an ACK may be followed by one of more.
static struct outcome try_it(const struct arrival *arrival)
{
    struct outcome outcome = {0};
    bring_into(arrival->state);
    send(arrival->flags, us.next + (uint32_t)arrival->sequence,
         us.oldest + (uint32_t)arrival->acknowledgment, arrival->data ? "x" : "");
    pass_ms(50); // an ACK may be put off
    while (next_segment()) {
        outcome.flags = script.header.flags;
        outcome.sequence = seen_sequence();
        outcome.received = script.header.flags & ACK ? seen_acknowledgment() : 0;
    }
    outcome.state = state_now();
    clear();
    return outcome;
}

static bool is_as_expected(const struct arrival *arrival)
{
    struct outcome found = try_it(arrival), expected = outcome_of(arrival);
    if (found.state == expected.state && found.flags == expected.flags &&
        (found.flags == 0 || (found.sequence == expected.sequence &&
                              (!(found.flags & ACK) || found.received == expected.received))))
        return true;
    print("  state %u, flags %x, number %d, ack %d, %u bytes: state %u, flags %x, %u, ack %u; "
          "expected state %u, flags %x, %u, ack %u\n",
          arrival->state, arrival->flags, arrival->sequence, arrival->acknowledgment,
          arrival->data, found.state, found.flags, found.sequence, found.received,
          expected.state, expected.flags, expected.sequence, expected.received);
    return false;
}

static void does_as_the_rfc_says(void)
{
    static const unsigned flags[] = {0,   SYN, SYN | ACK, SYN | FIN, ACK, FIN, FIN | ACK,
                                     RST, RST | ACK, SYN | RST, SYN | FIN | ACK};
    static const int32_t sequences[] = {-2, -1, 0, 1, WINDOW - 2, WINDOW - 1, WINDOW, 1 << 20};
    unsigned wrong = 0, count = 0;
    struct arrival a = {0};
    for (a.state = FIRST; a.state <= REOPENED; a.state++)
        for (unsigned f = 0; f < sizeof(flags) / sizeof(flags[0]); f++)
            for (unsigned s = 0; s < sizeof(sequences) / sizeof(sequences[0]); s++)
                for (a.acknowledgment = 0; a.acknowledgment <= 3; a.acknowledgment++)
                    for (a.data = 0; a.data <= 1; a.data++, count++) {
                        a.flags = flags[f];
                        a.sequence = sequences[s];
                        wrong += !is_as_expected(&a);
                    }
    CHECK(count > 5000);
    CHECK_EQUAL(wrong, 0);
}

const struct test unit_tests[] = {
    {"does as the RFC says", does_as_the_rfc_says},
    {0},
};
