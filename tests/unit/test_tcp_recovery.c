// SPDX-License-Identifier: MIT
//
// What TCP does about losses, segment by segment: which come again, when, and how many at once.
#include "numbered_segments.h"

void unit_setup(const struct boot_info *boot)
{
    script_setup(boot);
    tcp_recovery_init();
}

// ---- The window ----------------------------------------------------------------------------

static void starts_slowly(void)
{
    CHECK(begin(true, false, 60));
    CHECK(sends(0, AT_FIRST) && silent());
    ack(2);
    CHECK(sends(10, 4) && silent()); // two left, two more
    ack(4);
    CHECK(sends(14, 4) && silent());
    ack(14);
    CHECK(sends(18, 18) && silent()); // ten left; an ACK adds eight at most
    CHECK_EQUAL(cwnd(), 22 * MSS);
    finish();
}

// RFC 5681, 3.1: with one segment, when the answer to the peer's SYN was lost.
static void starts_with_one_after_a_lost_answer(void)
{
    static const uint8_t zeros[4 * MSS];
    struct tcp_connection *listener = script_listen(4);
    with_mss(MSS);
    send(SYN, 0, 0, "");
    CHECK(expect(SYN | ACK, 0, 1, 0));
    pass_ms(500); // the peer is less patient than we are
    with_mss(MSS);
    send(SYN, 0, 0, "");
    CHECK(expect(SYN | ACK, 0, 1, 0));
    send(ACK, 1, 1, "");
    CHECK_EQUAL(tcp_accept(listener, &connection, &script_user), 0);
    tcp_close(listener, false);
    CHECK_EQUAL(tcp_write(connection, zeros, sizeof(zeros)), (int)sizeof(zeros));
    CHECK(sends(0, 1) && silent());
    finish();
}

// RFC 5681, 3.1: bytes count, not ACKs.
static void ack_division_gains_nothing(void)
{
    CHECK(begin(true, false, 60));
    CHECK(sends(0, AT_FIRST));
    for (unsigned byte = 1; byte <= 2 * MSS; byte++)
        send(ACK, 1, 1 + byte, "");
    CHECK_EQUAL(cwnd(), 12 * MSS);
    CHECK(sends(10, 4) && silent());
    finish();
}

static void does_not_grow_unused(void)
{
    CHECK(begin(true, false, 0));
    for (unsigned i = 0; i < 100; i++) {
        static const uint8_t zeros[MSS];
        CHECK_EQUAL(tcp_write(connection, zeros, MSS), MSS);
        CHECK(sends(i, 1));
        ack(i + 1);
    }
    CHECK_EQUAL(cwnd(), AT_FIRST * MSS);
    connection->loss.congestion.ssthresh = cwnd(); // nor does the time count for CUBIC
    connection->loss.congestion.cubic.epoch_ns = 1;
    static const uint8_t zero;
    CHECK_EQUAL(tcp_write(connection, &zero, 1), 1);
    wire_forget();
    send(ACK, 1, 1 + 100 * MSS + 1, "");
    CHECK_EQUAL(connection->loss.congestion.cubic.epoch_ns, 0);
    finish();
}

// RFC 5681, 4.1.
static void a_pause_takes_it_back(void)
{
    static const uint8_t zeros[40 * MSS];
    CHECK(begin(true, false, 20));
    CHECK(sends(0, 10));
    ack(2);
    ack(4);
    ack(6);
    CHECK_EQUAL(cwnd(), 16 * MSS);
    CHECK(sends(10, 10));
    ack(20);
    pass_ms(10000);
    CHECK_EQUAL(tcp_write(connection, zeros, sizeof(zeros)), (int)sizeof(zeros));
    CHECK(sends(20, 10) && silent());
    finish();
}

static void takes_the_rule_that_it_is_given(void)
{
    struct os_connection_info info;
    int value;
    CHECK(begin(true, false, 20));
    CHECK_EQUAL(tcp_get_option(connection, OS_OPTION_CONGESTION, &value), 0);
    CHECK_EQUAL(value, OS_CUBIC);
    CHECK_EQUAL(tcp_set_option(connection, OS_OPTION_CONGESTION, OS_NEWRENO), 0);
    CHECK_EQUAL(tcp_set_option(connection, OS_OPTION_CONGESTION, 17), -EINVAL);
    ack(1);
    tcp_describe(connection, &info);
    CHECK_STRING(info.congestion, "newreno");
    CHECK_STRING(info.phase, "slow start");
    finish();
}

// ---- Fast recovery -------------------------------------------------------------------------

// RFC 6675, 5; RFC 9937: one round trip, and the window ends at ssthresh.
static void repairs_one_loss_in_a_round_trip(void)
{
    CHECK(begin(true, false, 60));
    CHECK(sends(0, AT_FIRST));
    sack(0, 1, 2);
    CHECK(sends(10, 1) && silent()); // limited transmit (RFC 3042)
    sack(0, 1, 3);
    CHECK(sends(11, 1) && silent());
    sack(0, 1, 4);
    CHECK(sends(0, 1)); // the third
    CHECK_EQUAL(connection->loss.phase, TCP_RECOVERY);
    CHECK_EQUAL(ssthresh(), 7 * MSS); // of ten: CUBIC
    for (unsigned to = 5; to <= 12; to++)
        sack(0, 1, to);
    unsigned sent = count_sent();
    CHECK(sent >= 5 && sent <= 6); // seven for ten, less the one that came again
    ack(12);
    CHECK_EQUAL(connection->loss.phase, TCP_OPEN);
    CHECK_EQUAL(cwnd(), 7 * MSS);
    CHECK_EQUAL(connection->retransmits, 1);
    CHECK_EQUAL(connection->timeouts, 0);
    finish();
}

static void repairs_many_losses_without_a_timeout(void)
{
    CHECK(begin(true, false, 10));
    CHECK(sends(0, AT_FIRST));
    sack(0, 1, 2); // 0, 2, 4 are lost
    sack(0, 3, 4);
    sack(0, 5, 6);
    CHECK(sends(0, 1)); // three pieces: it is lost for sure
    sack(0, 5, 7);
    sack(0, 5, 8);
    sack(0, 5, 9);
    sack(0, 5, 10);
    CHECK(sends(2, 1));
    CHECK(sends(4, 1) && silent());
    sack(2, 5, 10);
    sack(4, 5, 10);
    CHECK(silent());
    ack(10);
    CHECK_EQUAL(connection->retransmits, 3);
    CHECK_EQUAL(connection->timeouts, 0);
    CHECK_EQUAL(connection->loss.phase, TCP_OPEN);
    finish();
}

// Where less is under way than ssthresh, nothing goes but what was delivered, until ACKs show
// that what went again gets there (RFC 9937, 6.2).
static void is_careful_after_many_losses(void)
{
    CHECK(begin(true, false, 60));
    CHECK(sends(0, AT_FIRST));
    sack(0, 4, 5); // 0 to 3 are lost
    sack(0, 4, 6);
    CHECK(sends(10, 2) && silent()); // limited transmit
    sack(0, 4, 7);
    CHECK(sends(0, 1) && silent());
    sack(0, 4, 8);
    CHECK(sends(1, 1) && silent());
    sack(0, 4, 9);
    CHECK(sends(2, 1) && silent());
    sack(1, 4, 9);
    CHECK(sends(3, 1));
    CHECK(sends(12, 1) && silent());
    finish();
}

static void bears_a_little_reordering(void)
{
    CHECK(begin(true, false, 60));
    CHECK(sends(0, AT_FIRST));
    sack(0, 1, 2);
    sack(0, 1, 3);
    ack(3); // it was only late
    CHECK_EQUAL(connection->retransmits, 0);
    CHECK_EQUAL(connection->loss.phase, TCP_OPEN);
    CHECK(count_sent() >= 3);
    finish();
}

// What was sent again is lost again: found by what left after it, and congestion a second time
// (RFC 5681, 4.3).
static void notices_a_second_loss(void)
{
    CHECK(begin(true, false, 60));
    CHECK(sends(0, AT_FIRST));
    sack(0, 1, 10);
    CHECK(next_segment());
    CHECK_EQUAL(seen_sequence(), 1);
    unsigned next = 10 + count_sent(); // new segments
    unsigned before = ssthresh();
    for (unsigned to = 11; connection->retransmits == 1 && to <= next; to++) {
        sack(0, 1, to);
        next += count_sent();
    }
    CHECK_EQUAL(connection->retransmits, 2);
    CHECK(ssthresh() < before);
    CHECK_EQUAL(connection->timeouts, 0);
    finish();
}

// The peer's data have a gap, too: what tells of it must not cut the segments in two.
static void sends_whole_segments_again(void)
{
    CHECK(begin(true, false, 10));
    CHECK(sends(0, AT_FIRST));
    send(ACK, 100, 1, "late");
    CHECK(expect(ACK, 1 + 10 * MSS, 1, 0));
    CHECK_EQUAL(script.seen.blocks, 1);
    sack(0, 2, 5);
    CHECK(sends(0, 2) && silent());
    CHECK_EQUAL(script.seen.blocks, 0);
    finish();
}

// RFC 6675, 4, NextSeg, rule 4: the last segment, once, and not before what went again has got
// there (5, step 4.3): until then its ACK may be under way.
static void rescues_the_last_one(void)
{
    CHECK(begin(true, false, 10));
    CHECK(sends(0, AT_FIRST));
    sack(0, 1, 2);
    sack(0, 1, 3);
    sack(0, 1, 4);
    CHECK(sends(0, 1));
    for (unsigned to = 5; to <= 8; to++)
        sack(0, 1, to);
    CHECK(silent());
    ack(8);
    CHECK(sends(9, 1) && silent());
    ack(9);
    CHECK(silent());
    finish();
}

// RFC 6582: a partial ACK shows the next hole.
static void repairs_without_sack(void)
{
    CHECK(begin(false, false, 60));
    CHECK_EQUAL(tcp_set_option(connection, OS_OPTION_CONGESTION, OS_NEWRENO), 0);
    CHECK(sends(0, AT_FIRST));
    ack(1); // 1 and 3 are lost
    CHECK(sends(10, 2));
    ack(1);
    ack(1);
    CHECK(sends(12, 2) && silent()); // RFC 3042
    ack(1);
    CHECK(sends(1, 1));
    CHECK_EQUAL(connection->loss.phase, TCP_RECOVERY);
    for (unsigned i = 0; i < 7; i++)
        ack(1);
    count_sent();
    ack(3);
    CHECK(next_segment());
    CHECK_EQUAL(seen_sequence(), 1 + 3 * MSS);
    count_sent();
    ack(14);
    CHECK_EQUAL(connection->loss.phase, TCP_OPEN);
    CHECK_EQUAL(connection->retransmits, 2);
    CHECK_EQUAL(connection->timeouts, 0);
    finish();
}

// Two gigabytes without a loss: the mark of the last one must not look like one ahead.
static void repairs_after_a_long_time(void)
{
    CHECK(begin(false, false, 60));
    CHECK(sends(0, AT_FIRST));
    connection->loss.recover = connection->send.una - INT32_MAX + MSS + MSS / 2;
    ack(1);
    CHECK(sends(10, 2));
    ack(2);
    CHECK(sends(12, 2));
    for (unsigned i = 0; i < 3; i++)
        ack(2);
    CHECK_EQUAL(connection->loss.phase, TCP_RECOVERY);
    finish();
}

// ---- Those who lie -------------------------------------------------------------------------

// However many duplicates somebody forges, no more is sent for them than was under way.
static void forged_duplicates_are_bounded(void)
{
    CHECK(begin(false, false, 190));
    CHECK(sends(0, AT_FIRST));
    ack(1);
    CHECK(sends(10, 2));
    for (unsigned i = 0; i < 1000; i++)
        ack(1);
    unsigned sent = count_sent();
    CHECK(sent > 0 && sent <= 2 * AT_FIRST);
    CHECK(cwnd() <= 2 * AT_FIRST * MSS);
    finish();
}

// More of them than there are segments: one is missing all the same.
static void duplicates_of_a_few_are_bounded(void)
{
    static const uint8_t zeros[2 * MSS];
    for (unsigned size = MSS / 2; size <= 2 * MSS; size += MSS / 2) {
        CHECK(begin(false, false, 0));
        tcp_set_option(connection, OS_OPTION_NODELAY, 1);
        CHECK_EQUAL(tcp_write(connection, zeros, size), (int)size);
        for (unsigned i = 0; i < TCP_DUPLICATES; i++) {
            ack(0);
            uint32_t missing = tcp_sack_missing(&connection->loss.board);
            CHECK(missing > 0 && missing <= size);
        }
        CHECK_EQUAL(connection->loss.phase, TCP_RECOVERY);
        CHECK(connection->loss.reduction.flight > 0);
        CHECK(connection->loss.reduction.flight <= size);
        wire_forget();
        finish();
    }
}

static void forged_blocks_are_ignored(void)
{
    CHECK(begin(true, false, 20));
    CHECK(sends(0, AT_FIRST));
    sack(0, 11, 15); // never sent
    sack(0, 5, 2);
    sack(0, 3, 3);
    sack(0, 1000000, 2000000);
    CHECK(silent());
    CHECK_EQUAL(connection->loss.board.count, 0);
    CHECK_EQUAL(connection->loss.duplicates, 0);
    finish();
}

// What is known of losses is memory like any other, and goes with the losses.
static void the_scoreboard_counts_as_memory(void)
{
    CHECK(begin(true, false, 10));
    CHECK(sends(0, AT_FIRST));
    size_t before = connection->memory, of_all = script_counters().memory;
    sack(0, 1, 4);
    size_t held = tcp_sack_memory(&connection->loss.board);
    CHECK(held >= sizeof(struct tcp_hole));
    CHECK_EQUAL(connection->memory, before + held);
    CHECK_EQUAL(script_counters().memory, of_all + held);
    ack(10);
    CHECK_EQUAL(connection->loss.phase, TCP_OPEN);
    CHECK_EQUAL(connection->memory, sizeof(*connection));
    finish();
}

const struct test unit_tests[] = {
    {"starts slowly", starts_slowly},
    {"starts with one after a lost answer", starts_with_one_after_a_lost_answer},
    {"ACK division gains nothing", ack_division_gains_nothing},
    {"does not grow unused", does_not_grow_unused},
    {"a pause takes it back", a_pause_takes_it_back},
    {"takes the rule that it is given", takes_the_rule_that_it_is_given},
    {"repairs one loss in a round trip", repairs_one_loss_in_a_round_trip},
    {"repairs many losses without a timeout", repairs_many_losses_without_a_timeout},
    {"is careful after many losses", is_careful_after_many_losses},
    {"bears a little reordering", bears_a_little_reordering},
    {"notices a second loss", notices_a_second_loss},
    {"sends whole segments again", sends_whole_segments_again},
    {"rescues the last one", rescues_the_last_one},
    {"repairs without SACK", repairs_without_sack},
    {"repairs after a long time", repairs_after_a_long_time},
    {"forged duplicates are bounded", forged_duplicates_are_bounded},
    {"duplicates of a few are bounded", duplicates_of_a_few_are_bounded},
    {"forged blocks are ignored", forged_blocks_are_ignored},
    {"the scoreboard counts as memory", the_scoreboard_counts_as_memory},
    {0},
};
