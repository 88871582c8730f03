// SPDX-License-Identifier: MIT
//
// TCP, what happens rarely: a second attempt, a clock after a month, a window of a few bytes,
// a path that shrinks behind our back.
#include "smaller.h"
#include "tcp_script.h"

void unit_setup(const struct boot_info *boot)
{
    script_setup(boot);
}

static char bytes[8192];

// ---- Opening ------------------------------------------------------------------------

// An attempt that has failed leaves nothing behind: neither its number nor its long timeout.
static void opens_a_second_time(void)
{
    const struct os_address remote = address_ipv4(WIRE_PEER, PEER_PORT);
    struct tcp_connection *connection = script_connect();
    CHECK(expect(SYN, 0, 0, 0));
    tcp_sequence before = script.our_first;
    uint16_t port = script.our_port;
    pass_ms(3000);
    while (next_segment())
        ;
    send(RST | ACK, 0, 1, "");
    CHECK_EQUAL(tcp_take_error(connection), -ECONNREFUSED);

    CHECK_EQUAL(tcp_connect(connection, &remote), 0);
    script.our_port = connection->entry.local.port;
    CHECK(script.our_port != port);
    CHECK(expect(SYN, 0, 0, 0));
    CHECK(script.our_first != before); // RFC 6528
    pass_ms(1000);
    CHECK(expect(SYN, 0, 0, 0));
    send(SYN | ACK, 0, 1, "");
    CHECK_EQUAL(connection->state, TCP_ESTABLISHED);
    CHECK_EQUAL(connection->timeouts, 1);
    script_end(connection);
}

// ---- Timestamps ---------------------------------------------------------------------

// With the option of RFC 7323. The peer's clock shows `time`.
static struct tcp_connection *establish_at(uint32_t time)
{
    struct tcp_connection *listener = script_listen(4), *connection = NULL;
    with_time(time, 0);
    send(SYN, 0, 0, "");
    bool is_answered = expect(SYN | ACK, 0, 1, 0);
    with_time(time, script.seen.timestamp);
    send(ACK, 1, 1, "");
    if (!is_answered || tcp_accept(listener, &connection, &script_user) != 0)
        panic("no connection");
    tcp_close(listener, false);
    return connection;
}

// RFC 7323, 5.5: its clock has gone half way around meanwhile, and is believed again.
static void follows_a_clock_after_a_month(void)
{
    struct tcp_connection *connection = establish_at(1000);
    time_passes(25ull * 24 * 3600 * TIME_SECOND);
    with_time(1000 - 5000, 0); // "before" what is remembered
    send(ACK, 1, 1, "a");
    pass_ms(50);
    CHECK(expect(ACK, 1, 2, 0));
    CHECK_EQUAL(script.seen.echo, 1000 - 5000u);
    with_time(1000 - 6000, 0); // and from now on there is a past again
    send(ACK, 2, 1, "b");
    CHECK(expect(ACK, 1, 2, 0));
    CHECK_EQUAL(connection->receive.nxt, script.peer_first + 2);
    script_end(connection);
}

// RFC 5961, 4.2: a SYN gets its answer whatever options it has. A peer that has forgotten
// everything has other ones, and would wait for nothing.
static void challenges_a_syn_without_a_timestamp(void)
{
    struct tcp_connection *connection = establish_at(1000);
    send(SYN, 300000, 0, "");
    CHECK(expect(ACK, 1, 1, 0));
    send(SYN, 1, 0, "");
    CHECK(expect(ACK, 1, 1, 0));
    CHECK_EQUAL(connection->state, TCP_ESTABLISHED);
    script_end(connection);
}

// ---- Windows ------------------------------------------------------------------------

// A small buffer: the peer waits for room for a full segment (RFC 9293, 3.8.6.2.1), though a
// quarter of the window is open.
static void tells_of_room_for_a_segment(void)
{
    struct tcp_connection *listener = script_listen(1);
    CHECK_EQUAL(tcp_set_option(listener, OS_OPTION_RECEIVE_BUFFER, 4096), 0);
    struct tcp_connection *connection = script_accept(listener);
    send_bytes(ACK, 1, 1, bytes, 1460);
    send_bytes(ACK, 1461, 1, bytes, 1460);
    CHECK(expect(ACK, 1, 2921, 0));
    CHECK_EQUAL(seen_window(), 4096 - 2920);
    CHECK_EQUAL(tcp_read(connection, bytes, sizeof(bytes)), 2920);
    CHECK(expect(ACK, 1, 2921, 0));
    CHECK_EQUAL(seen_window(), 4096);
    tcp_close(listener, false);
    script_end(connection);
}

// Taken back with data under way, which the peer has thrown away: they go again when it opens,
// not when a timer that has doubled for minutes expires.
static void goes_on_after_a_window_was_taken_back(void)
{
    struct tcp_connection *connection = script_establish();
    CHECK_EQUAL(tcp_write(connection, bytes, 1460), 1460);
    CHECK(expect(ACK, 1, 1, 1460));
    script.window = 0;
    send(ACK, 1, 1, "");
    for (uint64_t ms = 200; ms < 30000; ms *= 2) {
        pass_ms(ms);
        CHECK(expect(ACK, 1, 1, 1));
        send(ACK, 1, 1, "");
    }
    script.window = 9000;
    send(ACK, 1, 1, "");
    CHECK(expect(ACK, 1, 1, 1460));
    pass_ms(200);
    CHECK(expect(ACK, 1, 1, 1460)); // as soon as that, if it is lost
    script_end(connection);
}

// ---- Timers -------------------------------------------------------------------------

// Karn's algorithm (RFC 6298, 3 and 5.5): the path has become slower than the timeout, and
// without timestamps only what is sent once can tell. So what follows a retransmission gets the
// doubled time; else all would be sent twice, for ever.
static void gets_used_to_a_slower_path(void)
{
    struct tcp_connection *connection = script_establish();
    CHECK_EQUAL(tcp_write(connection, bytes, 100), 100);
    CHECK(expect(ACK, 1, 1, 100));
    pass_ms(200);
    CHECK(expect(ACK, 1, 1, 100));
    pass_ms(50);
    send(ACK, 1, 101, ""); // after 250 ms
    CHECK_EQUAL(tcp_write(connection, bytes, 100), 100);
    CHECK(expect(ACK, 101, 1, 100));
    pass_ms(250);
    CHECK(silent());
    send(ACK, 1, 201, "");
    CHECK(connection->rtt.smoothed_ns > 0 && connection->rtt.latest_ns >= 250000000);
    CHECK(connection->rtt.rto_ns > 250000000);
    script_end(connection);
}

// Without memory for the ACK that was put off, the timer tries again later, not at once and
// without end.
static void waits_for_memory_for_an_ack(void)
{
    struct list all = {&all, &all}, *first;
    struct tcp_connection *connection = script_establish();
    send(ACK, 1, 1, "a");
    for (struct packet *packet; (packet = packet_alloc(0, PACKET_ROOM));)
        list_append(&all, &packet->link);
    unsigned count = 0;
    for (uint64_t passed_ns = 0; passed_ns < TIME_SECOND && count < 100; count++)
        passed_ns += time_passes_to_timer();
    while ((first = list_take_first(&all)))
        packet_put(container_of(first, struct packet, link));
    CHECK(count < 30);
    pass_ms(100);
    CHECK(expect(ACK, 1, 2, 0));
    script_end(connection);
}

// ---- The path -----------------------------------------------------------------------

// Another connection to the same host was told of a narrower path. An ACK has gone since: what
// IP knows by then is news to us all the same.
static void hears_what_others_were_told(void)
{
    struct tcp_connection *connection = script_establish();
    ip_mtu_lower(&connection->entry.remote, 1000);
    send(ACK, 1, 1, "a");
    pass_ms(50);
    CHECK(expect(ACK, 1, 2, 0));
    CHECK_EQUAL(tcp_write(connection, bytes, 2000), 2000);
    CHECK(next_segment() && script.size == 960);
    script_end(connection);
    time_passes(660 * TIME_SECOND); // forgotten
}

// The same while a segment is under way that is lost: it goes again in a size that fits.
static void sends_a_smaller_one_again(void)
{
    struct tcp_connection *connection = script_establish();
    CHECK_EQUAL(tcp_write(connection, bytes, 1460), 1460);
    CHECK(expect(ACK, 1, 1, 1460));
    ip_mtu_lower(&connection->entry.remote, 1000);
    pass_ms(200);
    CHECK(expect(ACK, 1, 1, 960));

    // The router's word of the first one comes late: nothing is too large any more.
    struct ip_ends ends = {connection->entry.local, connection->entry.remote};
    struct ip_failure failure = {.error = -EMSGSIZE, .mtu = 1000};
    uint8_t quoted[8];
    be16_write(quoted, script.our_port);
    be16_write(quoted + 2, script.peer_port);
    be32_write(quoted + 4, script.our_first + 1);
    tcp_protocol.failed(&ends, quoted, sizeof(quoted), &failure);
    CHECK(silent());
    script_end(connection);
    time_passes(660 * TIME_SECOND);
}

// A router may say 68 bytes (RFC 1191, 3). What is left beside all options has to be something.
static void keeps_room_for_data(void)
{
    struct tcp_connection *listener = script_listen(4), *connection = NULL;
    with_mss(1460);
    with_sack();
    send(SYN, 0, 0, "");
    CHECK(expect(SYN | ACK, 0, 1, 0));
    send(ACK, 1, 1, "");
    CHECK_EQUAL(tcp_accept(listener, &connection, &script_user), 0);
    tcp_close(listener, false);
    for (uint32_t i = 0; i < 4; i++) { // gaps, of which each segment tells
        send(ACK, 10 + 10 * i, 1, "gap");
        CHECK(expect(ACK, 1, 1, 0));
    }
    ip_mtu_lower(&connection->entry.remote, 68);
    CHECK_EQUAL(tcp_write(connection, bytes, 2000), 2000);
    CHECK_EQUAL(connection->send.mss, 256);
    CHECK(!connection->flow.dont_fragment);
    CHECK_EQUAL(tcp_in_flight(connection), 9 * 220); // beside four blocks; the rest waits
    script_end(connection);
    time_passes(660 * TIME_SECOND);
}

// ---- Where memory is short ----------------------------------------------------------

static bool was_told;

static void note_news(struct tcp_user *user)
{
    (void)user;
    was_told = true;
}

// What the peer takes, until the buffer holds so little that we hear of it, or nothing.
static uint32_t acknowledge_until_told(uint32_t from, uint32_t until)
{
    was_told = false;
    while (!was_told && from < until) {
        from = (uint32_t)smaller(from + 1000, until);
        send(ACK, 1, from, "");
    }
    wire_forget();
    return from;
}

// Each has a page. Whoever waits hears when there is room again, also where memory was short
// when he began, and is not now, or the other way round.
static void gives_a_page_where_memory_is_short(void)
{
    enum { LIMIT = 12000 }; // all of it goes at once
    const size_t all = tcp_limits()->memory + 1;
    script_user.changed = note_news;
    for (unsigned when = 0; when < 4; when++) {
        bool is_short = when & 1, will_be_short = when & 2;
        struct tcp_connection *connection = script_establish();
        connection->send.limit = LIMIT;
        if (is_short)
            tcp_memory_add(NULL, all);
        uint32_t written = 1;
        int count;
        while ((count = tcp_write(connection, bytes, sizeof(bytes))) > 0)
            written += (uint32_t)count;
        CHECK_EQUAL(count, -EAGAIN);
        CHECK_EQUAL(written - 1, is_short ? PACKET_ROOM : LIMIT);
        CHECK(!(tcp_poll(connection) & OS_POLL_WRITE));
        if (is_short != will_be_short)
            (is_short ? tcp_memory_subtract : tcp_memory_add)(NULL, all);
        uint32_t heard = 1;
        do // it may be too early
            heard = acknowledge_until_told(heard, written);
        while (heard < written && !(tcp_poll(connection) & OS_POLL_WRITE));
        CHECK(was_told && tcp_poll(connection) & OS_POLL_WRITE);
        CHECK(tcp_write(connection, bytes, 1) == 1);
        if (will_be_short)
            tcp_memory_subtract(NULL, all);
        script_end(connection);
    }
    script_user.changed = NULL;
}

const struct test unit_tests[] = {
    {"opens a second time", opens_a_second_time},
    {"follows a clock after a month", follows_a_clock_after_a_month},
    {"challenges a SYN without a timestamp", challenges_a_syn_without_a_timestamp},
    {"tells of room for a segment", tells_of_room_for_a_segment},
    {"goes on after a window was taken back", goes_on_after_a_window_was_taken_back},
    {"gets used to a slower path", gets_used_to_a_slower_path},
    {"waits for memory for an ACK", waits_for_memory_for_an_ack},
    {"hears what others were told", hears_what_others_were_told},
    {"sends a smaller one again", sends_a_smaller_one_again},
    {"keeps room for data", keeps_room_for_data},
    {"gives a page where memory is short", gives_a_page_where_memory_is_short},
    {0},
};
