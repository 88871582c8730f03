// SPDX-License-Identifier: MIT
//
// Segments that come together are taken as one, and nobody can tell: what is read, what is
// acknowledged, how the window grows is as if each had come alone.
#include "numbered_segments.h"

void unit_setup(const struct boot_info *boot)
{
    script_setup(boot);
    netdev_merge_init();
    tcp_recovery_init();
}

static char text[20 * MSS];

// Full segments number `first` to `last` of the peer's data, each of another letter.
static void peer_sends(unsigned first, unsigned last)
{
    static char full[MSS];
    for (unsigned i = first; i <= last; i++) {
        memset(full, 'a' + (int)i, sizeof(full));
        send_bytes(ACK, 1 + i * MSS, 1, full, sizeof(full));
    }
}

// Whether so many full segments can be read, in order, and nothing else.
static bool reads(unsigned count)
{
    size_t size = count * MSS;
    if (tcp_read(connection, text, sizeof(text)) != (int)size)
        return false;
    for (size_t i = 0; i < size; i++)
        if (text[i] != 'a' + (int)(i / MSS))
            return false;
    return true;
}

static uint64_t ip_received(void)
{
    struct ip_statistics statistics;
    ip_statistics(&statistics);
    return statistics.received;
}

static void data_is_acknowledged_at_the_end(void)
{
    CHECK(begin(true, false, 0));
    netdev_begin_batch();
    peer_sends(0, 9);
    CHECK(silent());
    uint64_t packets = ip_received();
    netdev_end_batch();
    CHECK_EQUAL(ip_received(), packets + 1);
    CHECK(expect(ACK, 1, 1 + 10 * MSS, 0) && silent());
    CHECK(reads(10));
    finish();
}

// What comes alone goes up at once; what continues something goes with it.
static void the_last_is_not_kept(void)
{
    CHECK(begin(true, false, 0));
    uint64_t packets = ip_received();
    netdev_begin_batch();
    netdev_last_of_batch();
    peer_sends(0, 0);
    CHECK_EQUAL(ip_received(), packets + 1);
    peer_sends(1, 1); // others have come meanwhile
    netdev_last_of_batch();
    peer_sends(2, 2);
    CHECK_EQUAL(ip_received(), packets + 1);
    netdev_end_batch();
    CHECK_EQUAL(ip_received(), packets + 2);
    CHECK(expect(ACK, 1, 1 + 3 * MSS, 0) && silent());
    CHECK(reads(3));
    finish();
}

// A driver that lets the last frame of a batch go has said nothing of the next batch.
static void a_last_one_that_went_is_forgotten(void)
{
    CHECK(begin(true, false, 0));
    uint64_t packets = ip_received();
    netdev_begin_batch();
    netdev_last_of_batch();
    netdev_end_batch();
    netdev_begin_batch();
    peer_sends(0, 1);
    CHECK_EQUAL(ip_received(), packets);
    netdev_end_batch();
    CHECK_EQUAL(ip_received(), packets + 1);
    CHECK(expect(ACK, 1, 1 + 2 * MSS, 0) && reads(2));
    finish();
}

// RFC 5681, 4.2: the peer counts duplicate ACKs, so each early segment is worth one.
static void early_segments_are_counted(void)
{
    CHECK(begin(false, false, 0));
    netdev_begin_batch();
    peer_sends(1, 3);
    netdev_end_batch();
    for (unsigned i = 0; i < 3; i++)
        CHECK(expect(ACK, 1, 1, 0));
    CHECK(silent());
    peer_sends(0, 0);
    CHECK(expect(ACK, 1, 1 + 4 * MSS, 0) && silent());
    CHECK(reads(4));
    finish();
}

// What is not simply the next goes behind what was held, in its turn.
static void the_order_stays(void)
{
    CHECK(begin(true, false, 0));
    netdev_begin_batch();
    peer_sends(0, 1);
    peer_sends(1, 1); // twice
    peer_sends(3, 3); // too early
    peer_sends(2, 2);
    send(ACK | FIN, 1 + 4 * MSS, 1, "end");
    netdev_end_batch();
    pass_ms(100);
    while (next_segment())
        ;
    CHECK_EQUAL(seen_acknowledgment(), 1 + 4 * MSS + 4);
    CHECK_EQUAL(tcp_read(connection, text, 4 * MSS), 4 * MSS);
    CHECK_EQUAL(tcp_read(connection, text, sizeof(text)), 3);
    CHECK_EQUAL(tcp_read(connection, text, sizeof(text)), 0);
    finish();
}

// Wherever it is, it is lost and nothing else.
static void what_is_damaged_is_left_out(void)
{
    for (unsigned bad = 0; bad < 4; bad++) {
        CHECK(begin(true, false, 0));
        uint64_t before = script_counters().bad_checksum;
        netdev_begin_batch();
        for (unsigned i = 0; i < 4; i++) {
            script.bad_checksum = i == bad;
            peer_sends(i, i);
            script.bad_checksum = false;
        }
        netdev_end_batch();
        CHECK_EQUAL(script_counters().bad_checksum, before + 1);
        peer_sends(bad, bad);
        CHECK(reads(4));
        finish();
    }
}

// Ethernet has no frame below 60 bytes (IEEE 802.3, 3.2.8).
static void what_fills_a_frame_up_is_no_data(void)
{
    CHECK(begin(true, false, 0));
    netdev_begin_batch();
    script.filling = 3;
    send(ACK, 1, 1, "one");
    send(ACK, 4, 1, "two");
    send(ACK, 7, 1, "six");
    script.filling = 0;
    netdev_end_batch();
    CHECK_EQUAL(tcp_read(connection, text, sizeof(text)), 9);
    CHECK(memcmp(text, "onetwosix", 9) == 0);
    finish();
}

static void somebody_else_is_not_mixed_in(void)
{
    CHECK(begin(true, false, 0));
    netdev_begin_batch();
    peer_sends(0, 0);
    script.peer_port++;
    peer_sends(1, 1);
    script.peer_port--;
    netdev_end_batch();
    bool is_refused = false;
    while (next_segment())
        is_refused |= (script.header.flags & RST) != 0;
    CHECK(is_refused);
    CHECK(reads(1));
    finish();
}

// ---- ACKs ----------------------------------------------------------------------------------

// As starts_slowly() of test_tcp_recovery.c: two segments more for each ACK, whichever way
// they come.
static void each_ack_counts(void)
{
    CHECK(begin(true, false, 60));
    CHECK(sends(0, AT_FIRST) && silent());
    netdev_begin_batch();
    ack(2);
    ack(4);
    ack(6);
    CHECK(silent());
    netdev_end_batch();
    CHECK_EQUAL(cwnd(), (AT_FIRST + 6) * MSS);
    CHECK(sends(AT_FIRST, 12) && silent());
    finish();
}

// The third is compared with those before it, and not summed up.
static void a_damaged_ack_counts_for_nothing(void)
{
    CHECK(begin(true, false, 60));
    CHECK(sends(0, AT_FIRST) && silent());
    uint64_t before = script_counters().bad_checksum;
    netdev_begin_batch();
    ack(1);
    ack(2);
    script.bad_checksum = true;
    ack(6);
    script.bad_checksum = false;
    ack(3);
    ack(4);
    netdev_end_batch();
    CHECK_EQUAL(script_counters().bad_checksum, before + 1);
    CHECK_EQUAL(cwnd(), (AT_FIRST + 4) * MSS);
    CHECK(sends(AT_FIRST, 8) && silent());
    finish();
}

// One that says nothing new says that something is missing (RFC 5681, 2).
static void duplicates_are_news(void)
{
    CHECK(begin(false, false, 60));
    CHECK(sends(0, AT_FIRST) && silent());
    ack(1);
    CHECK(sends(AT_FIRST, 2) && silent());
    netdev_begin_batch();
    for (unsigned i = 0; i < 3; i++)
        ack(1);
    netdev_end_batch();
    CHECK(sends(1, 1));
    finish();
}

// RFC 7323, 4.3: of several, the first one's time is echoed; and one from the past counts for
// nothing (5.3), although its number is next.
static void timestamps_are_looked_at(void)
{
    CHECK(begin(true, true, 0));
    uint32_t now = script.seen.timestamp;
    netdev_begin_batch();
    with_time(5000, now);
    send(ACK, 1, 1, "one ");
    with_time(5001, now);
    send(ACK, 5, 1, "two ");
    with_time(4000, now);
    send(ACK, 9, 1, "old ");
    netdev_end_batch();
    pass_ms(100);
    while (next_segment())
        CHECK_EQUAL(seen_acknowledgment(), 9);
    CHECK_EQUAL(script.seen.echo, 5000);
    CHECK_EQUAL(tcp_read(connection, text, sizeof(text)), 8);
    CHECK(memcmp(text, "one two ", 8) == 0);
    finish();
}

const struct test unit_tests[] = {
    {"data is acknowledged at the end", data_is_acknowledged_at_the_end},
    {"the last one is not kept", the_last_is_not_kept},
    {"a last one that went is forgotten", a_last_one_that_went_is_forgotten},
    {"early segments are counted", early_segments_are_counted},
    {"the order stays", the_order_stays},
    {"what is damaged is left out", what_is_damaged_is_left_out},
    {"what fills a frame up is no data", what_fills_a_frame_up_is_no_data},
    {"somebody else is not mixed in", somebody_else_is_not_mixed_in},
    {"each ACK counts", each_ack_counts},
    {"a damaged ACK counts for nothing", a_damaged_ack_counts_for_nothing},
    {"duplicates are news", duplicates_are_news},
    {"timestamps are looked at", timestamps_are_looked_at},
    {0},
};
