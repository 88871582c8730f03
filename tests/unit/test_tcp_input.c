// SPDX-License-Identifier: MIT
//
// TCP, what arrives: in order and not, twice, in pieces, too old, from somebody else (RFC 9293,
// 3.10.7.4; RFC 5961; RFC 7323, 5; RFC 2018).
#include "tcp_script.h"

void unit_setup(const struct boot_info *boot)
{
    script_setup(boot);
}

static char buffer[70000];

// What can be read now, as text.
static const char *text_of(struct tcp_connection *connection)
{
    int count = tcp_read(connection, buffer, sizeof(buffer) - 1);
    buffer[count > 0 ? count : 0] = '\0';
    return buffer;
}

// With the options of RFC 2018 and RFC 7323. The peer's clock shows `time`.
static struct tcp_connection *establish_with(bool sack, bool timestamps, uint32_t time)
{
    struct tcp_connection *listener = script_listen(4), *connection = NULL;
    with_mss(1460);
    if (sack)
        with_sack();
    if (timestamps)
        with_time(time, 0);
    send(SYN, 0, 0, "");
    bool is_answered = expect(SYN | ACK, 0, 1, 0);
    if (timestamps)
        with_time(time, script.seen.timestamp);
    send(ACK, 1, 1, "");
    if (!is_answered || tcp_accept(listener, &connection, &script_user) != 0)
        panic("no connection");
    tcp_close(listener, false);
    return connection;
}

// ---- Data ---------------------------------------------------------------------------

static void acknowledges_every_second_segment_at_once(void)
{
    static char full[1460];
    struct tcp_connection *connection = script_establish();
    send_bytes(ACK, 1, 1, full, sizeof(full));
    CHECK(silent());
    send_bytes(ACK, 1461, 1, full, sizeof(full));
    CHECK(expect(ACK, 1, 2921, 0));
    send_bytes(ACK, 2921, 1, full, sizeof(full));
    pass_ms(39);
    CHECK(silent());
    pass_ms(2);
    CHECK(expect(ACK, 1, 4381, 0)); // RFC 9293, 3.8.6.3: not much later
    pass_ms(1000);
    CHECK(silent());
    script_end(connection);
}

static void puts_early_data_in_order(void)
{
    struct tcp_connection *connection = script_establish();
    send(ACK, 4, 1, "def");
    CHECK(expect(ACK, 1, 1, 0));
    CHECK_EQUAL(tcp_read(connection, buffer, 1), -EAGAIN);
    send(ACK, 10, 1, "jkl");
    CHECK(expect(ACK, 1, 1, 0));
    send(ACK, 1, 1, "abc");
    CHECK(expect(ACK, 1, 7, 0));
    CHECK_STRING(text_of(connection), "abcdef");
    send(ACK, 7, 1, "ghi");
    CHECK(expect(ACK, 1, 13, 0));
    CHECK_STRING(text_of(connection), "ghijkl");
    script_end(connection);
}

static void takes_each_byte_once(void)
{
    struct tcp_connection *connection = script_establish();
    send(ACK, 3, 1, "cdef");
    send(ACK, 5, 1, "efgh");   // overlaps its end
    send(ACK, 2, 1, "bcd");    // its beginning
    send(ACK, 4, 1, "de");     // is inside
    send(ACK, 12, 1, "lm");
    send(ACK, 2, 1, "bcdefghijklmno"); // covers everything
    send(ACK, 1, 1, "abcde");
    CHECK_STRING(text_of(connection), "abcdefghijklmno");
    send(ACK, 10, 1, "jklmnopq"); // the first part is old
    CHECK_STRING(text_of(connection), "pq");
    send(ACK, 1, 1, "abc");
    CHECK_EQUAL(tcp_read(connection, buffer, 1), -EAGAIN);
    script_end(connection);
}

// Segments of a random stream in any order, any pieces, several times.
static void survives_any_order(void)
{
    enum { SIZE = 3000 };
    static uint8_t stream[SIZE], got[SIZE];
    uint64_t seed = 0x5eed + machine_clock_ns(), state = seed;
    struct tcp_connection *connection = script_establish();
    print("seed %llu ", (unsigned long long)seed);
    for (size_t i = 0; i < SIZE; i++)
        stream[i] = (uint8_t)unit_random(&state);
    size_t received = 0;
    for (unsigned i = 0; i < 20000 && received < SIZE; i++) {
        size_t start = unit_random(&state) % SIZE, size = 1 + unit_random(&state) % 100;
        if (size > SIZE - start)
            size = SIZE - start;
        send_bytes(ACK, 1 + (uint32_t)start, 1, stream + start, size);
        int count = tcp_read(connection, got + received, SIZE - received);
        received += count > 0 ? (size_t)count : 0;
        wire_forget();
    }
    CHECK_EQUAL(received, SIZE);
    CHECK_EQUAL(memcmp(stream, got, SIZE), 0);
    CHECK_EQUAL(connection->receive.run_count, 0);
    script_end(connection);
}

// One byte each, in order, backwards, and every second one: the window bounds the memory, not
// the number of packets.
static void holds_tiny_segments_in_little_memory(void)
{
    enum { SIZE = 8000 };
    struct tcp_connection *connection = script_establish();
    for (uint32_t i = 0; i < SIZE; i++)
        send(ACK, 1 + i, 1, "x");
    CHECK_EQUAL(connection->receive.queued, SIZE);
    CHECK(connection->memory < 8 * PAGE_SIZE);
    for (uint32_t i = 0; i < SIZE; i++)
        send(ACK, 2 * SIZE - i, 1, "y");
    CHECK(connection->memory < SIZE * 400);
    for (uint32_t i = 0; i < SIZE; i++)
        send(ACK, 3 * SIZE + 2 * i, 1, "z");
    CHECK(connection->receive.run_count <= 128);
    CHECK_EQUAL(tcp_read(connection, buffer, sizeof(buffer)), 2 * SIZE);
    script_end(connection);
}

static void knows_where_the_sequence_space_ends(void)
{
    script.peer_first = 0xfffffff0;
    struct tcp_connection *connection = script_establish();
    send(ACK, 12, 1, "behind the end");
    CHECK(expect(ACK, 1, 1, 0));
    send(ACK, 1, 1, "the ends; a");
    CHECK(expect(ACK, 1, 26, 0));
    CHECK_STRING(text_of(connection), "the ends; abehind the end");
    send(FIN | ACK, 26, 1, "");
    CHECK(expect(ACK, 1, 27, 0));
    script.peer_first = 1000;
    script_end(connection);
}

// ---- SACK ---------------------------------------------------------------------------

static uint32_t block_start(unsigned i)
{
    return script.seen.sack[i].start - script.peer_first;
}

static uint32_t block_end(unsigned i)
{
    return script.seen.sack[i].end - script.peer_first;
}

static void says_what_it_has(void)
{
    struct tcp_connection *connection = establish_with(true, false, 0);
    send(ACK, 11, 1, "0123456789");
    CHECK(expect(ACK, 1, 1, 0));
    CHECK_EQUAL(script.seen.blocks, 1);
    CHECK(block_start(0) == 11 && block_end(0) == 21);
    send(ACK, 31, 1, "0123456789");
    CHECK(expect(ACK, 1, 1, 0)); // the latest first (RFC 2018, 4)
    CHECK_EQUAL(script.seen.blocks, 2);
    CHECK(block_start(0) == 31 && block_start(1) == 11);
    send(ACK, 21, 1, "01234");
    CHECK(expect(ACK, 1, 1, 0));
    CHECK(block_start(0) == 11 && block_end(0) == 26 && block_start(1) == 31);
    send(ACK, 32, 1, "123"); // we have that: RFC 2883, 4
    CHECK(expect(ACK, 1, 1, 0));
    CHECK_EQUAL(script.seen.blocks, 3);
    CHECK(block_start(0) == 32 && block_end(0) == 35 && block_start(1) == 31);
    send(ACK, 1, 1, "0123456789");
    CHECK(expect(ACK, 1, 26, 0));
    CHECK_EQUAL(script.seen.blocks, 1);
    send(ACK, 1, 1, "0123456789");
    CHECK(expect(ACK, 1, 26, 0));
    CHECK(script.seen.blocks == 2 && block_start(0) == 1 && block_end(0) == 11);
    script_end(connection);
}

// RFC 2883, 4.2: only a part of the segment is old; which, and where it lies.
static void says_what_came_twice(void)
{
    struct tcp_connection *connection = establish_with(true, false, 0);
    send(ACK, 11, 1, "0123456789");
    send(ACK, 16, 1, "5678901234"); // the end of what is early, and more
    CHECK(expect(ACK, 1, 1, 0) && expect(ACK, 1, 1, 0));
    CHECK(block_start(0) == 16 && block_end(0) == 21 && block_end(1) == 26);
    send(ACK, 31, 1, "0123456789");
    send(ACK, 26, 1, "5678901234567890"); // all of the next one
    CHECK(expect(ACK, 1, 1, 0) && expect(ACK, 1, 1, 0));
    CHECK(block_start(0) == 31 && block_end(0) == 41 && block_end(1) == 42);
    send(ACK, 1, 1, "0123456789012345"); // closes the gap, and reaches behind it
    CHECK(expect(ACK, 1, 42, 0));
    CHECK_EQUAL(script.seen.blocks, 1);
    CHECK(block_start(0) == 11 && block_end(0) == 17);
    send(ACK, 32, 1, "0123456789x"); // the end of what is in order, and more: at once
    CHECK(expect(ACK, 1, 43, 0));
    CHECK_EQUAL(script.seen.blocks, 1);
    CHECK(block_start(0) == 32 && block_end(0) == 42);
    script_end(connection);
}

static void says_as_much_as_fits(void)
{
    struct tcp_connection *connection = establish_with(true, true, 5);
    for (uint32_t i = 1; i <= 6; i++) {
        with_time(5, 0);
        send(ACK, 1 + 10 * i, 1, "x");
        CHECK(expect(ACK, 1, 1, 0));
    }
    CHECK(script.seen.has_timestamp);
    CHECK_EQUAL(script.seen.blocks, 3);
    CHECK_EQUAL(block_start(0), 61);
    script_end(connection);
}

// ---- Old and foreign segments -------------------------------------------------------

static void resets_only_for_the_next_number(void)
{
    struct tcp_connection *connection = script_establish();
    send(RST, 0, 0, "");                // outside: RFC 5961, 3.2, 1
    send(RST, 200000, 0, "");
    CHECK(silent());
    send(RST, 2, 0, "");                // inside: a challenge
    CHECK(expect(ACK, 1, 1, 0));
    send(RST | ACK, 5000, 1, "");
    CHECK(expect(ACK, 1, 1, 0));
    CHECK_EQUAL(connection->state, TCP_ESTABLISHED);
    send(ACK, 1, 1, "last words");
    send(RST, 11, 0, "");
    CHECK_EQUAL(connection->state, TCP_CLOSED);
    CHECK(tcp_poll(connection) & OS_POLL_ERROR);
    CHECK_STRING(text_of(connection), "last words");
    CHECK_EQUAL(tcp_read(connection, buffer, 1), -ECONNRESET);
    CHECK_EQUAL(tcp_read(connection, buffer, 1), 0);
    CHECK_EQUAL(tcp_write(connection, "x", 1), -EPIPE);
    CHECK(silent());
    script_end(connection);
}

static void challenges_a_syn(void)
{
    struct tcp_connection *connection = script_establish();
    send(SYN, 5, 0, "");                // RFC 5961, 4.2: wherever it is
    CHECK(expect(ACK, 1, 1, 0));
    send(SYN, 400000, 0, "");
    CHECK(expect(ACK, 1, 1, 0));
    send(SYN | ACK, 1, 1, "");
    CHECK(expect(ACK, 1, 1, 0));
    CHECK_EQUAL(connection->state, TCP_ESTABLISHED);
    send(RST, 1, 0, "");                // the peer has forgotten us indeed
    CHECK_EQUAL(connection->state, TCP_CLOSED);
    script_end(connection);
}

static void does_not_challenge_without_end(void)
{
    struct tcp_connection *connection = script_establish();
    unsigned count = 0;
    for (unsigned i = 0; i < 100; i++)
        send(RST, 100 + i, 0, "");
    while (next_segment())
        count++;
    CHECK_EQUAL(count, 10); // RFC 5961, 7
    pass_ms(5000);
    send(RST, 100, 0, "");
    CHECK(expect(ACK, 1, 1, 0));
    script_end(connection);
}

static void minds_what_an_ack_may_say(void)
{
    struct tcp_connection *connection = script_establish();
    CHECK_EQUAL(tcp_write(connection, "hello", 5), 5);
    CHECK(expect(ACK, 1, 1, 5));
    send(ACK, 1, 7, "injected");        // never sent: RFC 9293, 3.10.7.4, fifth
    CHECK(expect(ACK, 6, 1, 0));
    send(ACK, 1, 1 - 70000u, "injected"); // too old: RFC 5961, 5.2
    CHECK(expect(ACK, 6, 1, 0));
    send(0, 1, 0, "injected");          // none
    CHECK(silent());
    CHECK_EQUAL(tcp_read(connection, buffer, 1), -EAGAIN);
    send(ACK, 1, 0, "old");             // within what the peer's window was
    CHECK_STRING(text_of(connection), "old");
    script_end(connection);
}

static void answers_what_is_outside_the_window(void)
{
    struct tcp_connection *connection = script_establish();
    send(ACK, 1, 1, "abc");
    CHECK_STRING(text_of(connection), "abc");
    pass_ms(100);
    CHECK(expect(ACK, 1, 4, 0));
    send(ACK, 1, 1, "abc");             // our ACK was lost
    CHECK(expect(ACK, 1, 4, 0));
    send(ACK, 200000, 1, "far");
    CHECK(expect(ACK, 1, 4, 0));
    send(ACK, 3, 1, "");                // a keepalive
    CHECK(expect(ACK, 1, 4, 0));
    send(FIN | ACK, 200000, 1, "");
    CHECK(expect(ACK, 1, 4, 0));
    CHECK_EQUAL(connection->state, TCP_ESTABLISHED);
    script_end(connection);
}

// RFC 7323, 5: a segment of an earlier turn of the sequence space has the right number.
static void tells_the_past_by_its_timestamps(void)
{
    struct tcp_connection *connection = establish_with(false, true, 0xfffffff0);
    with_time(0x10, 0); // the clock has wrapped around
    send(ACK, 1, 1, "new");
    CHECK_STRING(text_of(connection), "new");
    with_time(0xfffffff1, 0);
    send(ACK, 4, 1, "old");
    CHECK(expect(ACK, 1, 4, 0));
    CHECK_EQUAL(script.seen.echo, 0x10);
    send(ACK, 4, 1, "none"); // RFC 7323, 3.2
    CHECK(silent());
    CHECK_EQUAL(tcp_read(connection, buffer, 1), -EAGAIN);
    time_passes(25ull * 24 * 3600 * TIME_SECOND); // 5.5: that long nobody remembers
    with_time(0xfffffff2, 0);
    send(ACK, 4, 1, "after a month");
    CHECK_STRING(text_of(connection), "after a month");
    with_time(0, 0);
    send(RST, 17, 0, ""); // a reset needs no timestamp that is right
    CHECK_EQUAL(connection->state, TCP_CLOSED);
    script_end(connection);
}

const struct test unit_tests[] = {
    {"acknowledges every second segment at once", acknowledges_every_second_segment_at_once},
    {"puts early data in order", puts_early_data_in_order},
    {"takes each byte once", takes_each_byte_once},
    {"survives any order", survives_any_order},
    {"holds tiny segments in little memory", holds_tiny_segments_in_little_memory},
    {"knows where the sequence space ends", knows_where_the_sequence_space_ends},
    {"says what it has", says_what_it_has},
    {"says what came twice", says_what_came_twice},
    {"says as much as fits", says_as_much_as_fits},
    {"resets only for the next number", resets_only_for_the_next_number},
    {"challenges a SYN", challenges_a_syn},
    {"does not challenge without end", does_not_challenge_without_end},
    {"minds what an ACK may say", minds_what_an_ack_may_say},
    {"answers what is outside the window", answers_what_is_outside_the_window},
    {"tells the past by its timestamps", tells_the_past_by_its_timestamps},
    {0},
};
