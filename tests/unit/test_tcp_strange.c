// SPDX-License-Identifier: MIT
//
// TCP, what hardly any peer sends: flags that contradict each other, options cut short, urgent
// data, a stream that goes on behind its end, numbers and clocks that somebody has guessed.
#include "tcp_script.h"

void unit_setup(const struct boot_info *boot)
{
    script_setup(boot);
}

static char buffer[8192];

// ---- Headers ------------------------------------------------------------------------

// RFC 9293, 3.10.7.2. Flags that nobody knows change nothing, and are not answered in kind.
static void minds_its_flags_when_it_listens(void)
{
    struct tcp_connection *listener = script_listen(4);
    send(0, 1, 0, "x");
    send(FIN | URG | PSH, 1, 0, "x");
    send(SYN | RST, 1, 0, "x");
    send(FIN | SYN | RST | PSH | ACK | URG, 1, 5, "");
    CHECK(silent());
    send(SYN | ACK, 1, 5, "");
    CHECK(expect(RST, 5, 0, 0));
    send(FIN | ACK, 1, 5, "x");
    CHECK(expect(RST, 5, 0, 0));
    send(SYN | 0xc0, 0, 0, ""); // asks for ECN (RFC 3168, 6.1.1): we have none
    CHECK(expect(SYN | ACK, 0, 1, 0));
    script_end(listener);
}

static void minds_its_flags_when_it_is_established(void)
{
    struct tcp_connection *connection = script_establish();
    send(0, 1, 0, "x");
    send(FIN, 1, 0, "x");
    send(PSH | URG, 1, 0, "x");
    CHECK(silent());
    send(FIN | SYN, 1, 0, "");
    CHECK(expect(ACK, 1, 1, 0));
    send(FIN | SYN | PSH | ACK | URG, 1, 1, "");
    CHECK(expect(ACK, 1, 1, 0));
    CHECK_EQUAL(connection->state, TCP_ESTABLISHED);
    send(ACK | 0xc0, 1, 1, "text");
    CHECK_EQUAL(tcp_read(connection, buffer, sizeof(buffer)), 4);
    pass_ms(50);
    CHECK(expect(ACK, 1, 5, 0));
    send(FIN | SYN | RST | PSH | ACK | URG, 5, 1, "text"); // RFC 9293, 3.5.3: it may have data
    CHECK_EQUAL(connection->state, TCP_CLOSED);
    CHECK(silent());
    script_end(connection);
}

// Whatever length the header says it has, or the packet.
static void needs_a_whole_header(void)
{
    struct tcp_connection *listener = script_listen(4);
    static uint8_t bytes[100] __attribute__((aligned(4)));
    const struct os_address us = address_ipv4(WIRE_US, 0), peer = address_ipv4(WIRE_PEER, 0);
    for (unsigned words = 0; words < 16; words++) {
        struct tcp_header header = {.source = to_be16(PEER_PORT),
                                    .destination = to_be16(OUR_PORT),
                                    .offset = (uint8_t)(words << 4),
                                    .flags = SYN};
        uint64_t sum = ip_pseudo_sum(&peer, &us, IP_TCP, sizeof(header));
        header.checksum = checksum_finish(checksum_add(sum, &header, sizeof(header)));
        for (size_t size = 0; size <= sizeof(header); size++)
            wire_receive(bytes, wire_ip(bytes, WIRE_PEER, IP_TCP, &header, size));
        CHECK_EQUAL(next_segment(), words == sizeof(header) / 4);
    }
    script_end(listener);
}

// RFC 9293, 3.1: what an option says counts only if it has the length that it should have;
// one whose length leads nowhere ends them (MUST-7).
static void takes_options_as_they_come(void)
{
    static const struct {
        uint8_t bytes[12];
        uint16_t mss; // that follows from it
        int shift;    // -1: none
    } cases[] = {
        {{2, 4, 5, 0x78}, 1400, -1},     {{1, 1, 1, 2, 4, 5, 0x78}, 1400, -1},
        {{2, 3, 5, 1}, 536, -1},         {{2, 5, 5, 0x78, 0}, 536, -1},
        {{2, 4, 0, 0}, 536, -1},         {{2, 4, 0, 1}, 64, -1},
        {{2}, 536, -1},                  {{2, 0, 5, 0x78}, 536, -1},
        {{0, 2, 4, 5, 0x78}, 536, -1},   {{99, 1, 2, 4, 5, 0x78}, 536, -1},
        {{99, 2, 2, 4, 5, 0x78}, 1400, -1}, {{254, 40, 2, 4, 5, 0x78}, 536, -1},
        {{3, 3, 7}, 536, 7},             {{3, 3, 15}, 536, 14}, // RFC 7323, 2.3
        {{3, 3, 255}, 536, 14},          {{3, 2, 2, 4, 5, 0x78}, 1400, -1},
        {{8, 9, 0, 0, 0, 1, 0, 0, 0}, 536, -1}, {{5, 10, 0, 0, 0, 1, 0, 0, 0, 2}, 536, -1},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tcp_connection *listener = script_listen(4), *connection;
        script_option(cases[i].bytes, sizeof(cases[i].bytes));
        send(SYN, 0, 0, "");
        CHECK(expect(SYN | ACK, 0, 1, 0));
        CHECK(!script.seen.has_timestamp && !script.seen.sack_permitted);
        script_option(cases[i].bytes, sizeof(cases[i].bytes));
        send(ACK, 1, 1, "text"); // there they mean nothing, or nothing new
        CHECK_EQUAL(tcp_accept(listener, &connection, &script_user), 0);
        CHECK_EQUAL(connection->send.mss, cases[i].mss);
        CHECK_EQUAL(connection->has_scale, cases[i].shift >= 0);
        CHECK_EQUAL(connection->send.window_shift, cases[i].shift >= 0 ? cases[i].shift : 0);
        CHECK_EQUAL(tcp_read(connection, buffer, sizeof(buffer)), 4);
        tcp_close(listener, false);
        script_end(connection);
    }
}

// RFC 9293, 3.9.2.3: neither from an address that no peer can have, ours among them, nor to one
// that is many; whatever the frame says (MUST-57, MUST-63).
static void answers_only_those_who_can_be_a_peer(void)
{
    const be32 ends[][2] = {
        {IPV4(0, 0, 0, 0), WIRE_US},         {IPV4(10, 0, 2, 255), WIRE_US},
        {IPV4(224, 0, 0, 1), WIRE_US},       {IPV4(255, 255, 255, 255), WIRE_US},
        {IPV4(127, 0, 0, 1), WIRE_US},       {WIRE_US, WIRE_US},
        {WIRE_PEER, IPV4(10, 0, 2, 255)},    {WIRE_PEER, IPV4(255, 255, 255, 255)},
        {WIRE_PEER, IPV4(224, 0, 0, 1)},     {WIRE_PEER, IPV4(127, 0, 0, 1)},
        {WIRE_PEER, WIRE_US},
    };
    struct tcp_connection *listener = script_listen(4);
    static uint8_t bytes[100] __attribute__((aligned(4)));
    for (unsigned i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        const struct os_address from = address_ipv4(ends[i][0], 0),
                                to = address_ipv4(ends[i][1], 0);
        struct tcp_header header = {.source = to_be16(PEER_PORT),
                                    .destination = to_be16(OUR_PORT),
                                    .offset = sizeof(header) / 4 << 4,
                                    .flags = SYN};
        uint64_t sum = ip_pseudo_sum(&from, &to, IP_TCP, sizeof(header));
        header.checksum = checksum_finish(checksum_add(sum, &header, sizeof(header)));
        size_t size = wire_ip(bytes, ends[i][0], IP_TCP, &header, sizeof(header));
        ((struct ip_header *)(void *)bytes)->destination = ends[i][1];
        wire_seal(bytes);
        wire_receive(bytes, size);
        wire_receive_from(wire.peer, ethernet_broadcast, bytes, size);
        bool is_right = ends[i][0] == WIRE_PEER && ends[i][1] == WIRE_US;
        CHECK_EQUAL(wire_forget(), is_right);
    }
    script_end(listener);
}

// ---- Numbers ------------------------------------------------------------------------

// All that a segment says holds although its data finds no room (RFC 9293, 3.10.7.4, first).
static void hears_through_a_closed_window(void)
{
    struct tcp_connection *listener = script_listen(1);
    CHECK_EQUAL(tcp_set_option(listener, OS_OPTION_RECEIVE_BUFFER, 4096), 0);
    struct tcp_connection *connection = script_accept(listener);
    tcp_close(listener, false);
    for (uint32_t sequence = 1; sequence < 4097 - 1024; sequence += 1024)
        send_bytes(ACK, sequence, 1, buffer, 1024);
    CHECK_EQUAL(tcp_write(connection, "words", 5), 5);
    send_bytes(FIN | ACK, 4097 - 1024, 1, buffer, 1024); // its FIN is just outside
    wire_forget();
    CHECK_EQUAL(tcp_window(connection), 0);
    send(ACK, 4097, 6, "probe"); // and the words have come
    CHECK(expect(ACK, 6, 4097, 0));
    CHECK_EQUAL(seen_window(), 0);
    CHECK_EQUAL(tcp_buffer_used(connection), 0);
    CHECK_EQUAL(connection->state, TCP_ESTABLISHED);
    send(RST, 4098, 0, "");
    CHECK(silent());
    send(RST, 4097, 0, "why");
    CHECK_EQUAL(connection->state, TCP_CLOSED);
    script_end(connection);
}

// Data behind its FIN is none, and a FIN in front of its data neither: whichever came first.
static void knows_where_the_stream_ends(void)
{
    struct tcp_connection *connection = script_establish();
    send(FIN | ACK, 4, 1, "def");
    send(ACK, 7, 1, "ghi");
    send(ACK, 4, 1, "defghi");
    send(ACK, 1, 1, "abcdefg");
    send(ACK, 1, 1, "abc");
    CHECK_EQUAL(connection->state, TCP_CLOSE_WAIT);
    CHECK_EQUAL(tcp_read(connection, buffer, sizeof(buffer)), 6);
    CHECK_EQUAL(tcp_read(connection, buffer, sizeof(buffer)), 0);
    script_end(connection);

    connection = script_establish();
    send(ACK, 4, 1, "defghi");
    send(FIN | ACK, 4, 1, "d");
    send(FIN | ACK, 1, 1, "abc");
    CHECK_EQUAL(connection->state, TCP_ESTABLISHED);
    CHECK_EQUAL(tcp_read(connection, buffer, sizeof(buffer)), 9);
    CHECK_EQUAL(tcp_read(connection, buffer, sizeof(buffer)), -EAGAIN);
    send(FIN | ACK, 10, 1, "");
    CHECK_EQUAL(connection->state, TCP_CLOSE_WAIT);
    script_end(connection);
}

static int urgent_bytes(struct tcp_connection *connection)
{
    int count;
    return tcp_get_option(connection, OS_OPTION_URGENT, &count) == 0 ? count : -1;
}

// Urgent data is read like any other (RFC 6093, 6); how far it goes is told at once, however
// far that is (RFC 9293, 3.8.5, MUST-31 to MUST-33).
static void says_what_is_urgent(void)
{
    struct tcp_connection *connection = script_establish();
    send(ACK, 1, 1, "ab");
    script.urgent = 6; // of bytes that are yet to come
    send(ACK | URG, 3, 1, "");
    CHECK(tcp_poll(connection) & OS_POLL_URGENT);
    CHECK_EQUAL(urgent_bytes(connection), 8);
    CHECK_EQUAL(tcp_read(connection, buffer, 1), 1);
    CHECK_EQUAL(urgent_bytes(connection), 7);
    script.urgent = 1; // it cannot recede
    send(ACK | URG, 3, 1, "cdef");
    CHECK_EQUAL(urgent_bytes(connection), 7);
    CHECK_EQUAL(tcp_read(connection, buffer, sizeof(buffer)), 5);
    CHECK(tcp_poll(connection) & OS_POLL_URGENT);
    send(ACK, 7, 1, "ghi");
    CHECK_EQUAL(tcp_read(connection, buffer, sizeof(buffer)), 3);
    CHECK(!(tcp_poll(connection) & OS_POLL_URGENT));
    CHECK_EQUAL(urgent_bytes(connection), 0);
    script.urgent = 0; // of nothing that is unread
    send(ACK | URG, 10, 1, "j");
    send(ACK | URG | FIN, 1, 1, "abcd");
    CHECK_EQUAL(urgent_bytes(connection), 0);
    script_end(connection);
}

// While both have ended and neither knows it of the other.
static void says_where_it_is_when_it_closes(void)
{
    struct tcp_connection *connection = script_establish();
    CHECK_EQUAL(tcp_shutdown(connection, OS_SHUTDOWN_WRITE), 0);
    CHECK(expect(FIN | ACK, 1, 1, 0));
    send(FIN | ACK, 1, 1, "");
    CHECK(expect(ACK, 2, 2, 0));
    send(FIN | ACK, 1, 1, "");
    CHECK(expect(ACK, 2, 2, 0));
    send(ACK, 2, 1, "behind the end");
    CHECK(silent());
    send(ACK, 100000, 1, "far");
    CHECK(expect(ACK, 2, 2, 0));
    send(ACK, 2, 3, ""); // of what was never sent
    CHECK(expect(ACK, 2, 2, 0));
    CHECK_EQUAL(connection->state, TCP_CLOSING);
    script_end(connection);
}

// ---- Clocks -------------------------------------------------------------------------

// Who has guessed where we are, but not what we have sent, must not set the clock by which the
// peer's own segments are judged.
static void believes_no_clock_without_an_ack(void)
{
    struct tcp_connection *listener = script_listen(4), *connection;
    with_time(100, 0);
    send(SYN, 0, 0, "");
    CHECK(expect(SYN | ACK, 0, 1, 0));
    with_time(100, 0);
    send(ACK, 1, 1, "");
    CHECK_EQUAL(tcp_accept(listener, &connection, &script_user), 0);
    with_time(2000000000, 0);
    send(ACK, 1, 77777, "x");
    CHECK(expect(ACK, 1, 1, 0));
    CHECK_EQUAL(script.seen.echo, 100);
    with_time(2000000000, 0);
    send(0, 1, 0, "x");
    with_time(101, 0);
    send(ACK, 1, 1, "text");
    CHECK_EQUAL(tcp_read(connection, buffer, sizeof(buffer)), 4);
    tcp_close(listener, false);
    script_end(connection);
}

// They are old, but what the peer has heard meanwhile is not (RFC 9293, A.2).
static void takes_the_ack_of_data_that_comes_again(void)
{
    struct tcp_connection *connection = script_establish();
    send(ACK, 1, 1, "old");
    pass_ms(100);
    CHECK(expect(ACK, 1, 4, 0));
    CHECK_EQUAL(tcp_write(connection, "new", 3), 3);
    CHECK(expect(ACK, 1, 4, 3));
    send(ACK, 1, 4, "old");
    CHECK(expect(ACK, 4, 4, 0));
    pass_ms(1000);
    CHECK(silent());
    CHECK_EQUAL(connection->receive.queued, 3); // and not a second time
    script_end(connection);
}

const struct test unit_tests[] = {
    {"minds its flags when it listens", minds_its_flags_when_it_listens},
    {"minds its flags when it is established", minds_its_flags_when_it_is_established},
    {"needs a whole header", needs_a_whole_header},
    {"takes options as they come", takes_options_as_they_come},
    {"answers only those who can be a peer", answers_only_those_who_can_be_a_peer},
    {"hears through a closed window", hears_through_a_closed_window},
    {"knows where the stream ends", knows_where_the_stream_ends},
    {"says what is urgent", says_what_is_urgent},
    {"says where it is when it closes", says_where_it_is_when_it_closes},
    {"believes no clock without an ACK", believes_no_clock_without_an_ack},
    {"takes the ACK of data that comes again", takes_the_ack_of_data_that_comes_again},
    {0},
};
