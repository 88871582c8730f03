// SPDX-License-Identifier: MIT
//
// Lost tails: the probe that goes when ACKs are overdue, and what follows from its answer.
#include "numbered_segments.h"

enum { ROUND_TRIP_MS = 20 }; // numbered_segments.h

void unit_setup(const struct boot_info *boot)
{
    script_setup(boot);
    tcp_recovery_init();
}

// The first window but for its last segments: `count` of those are missing.
static bool loses_last(unsigned count)
{
    if (!begin(true, false, AT_FIRST) || !sends(0, AT_FIRST))
        return false;
    pass_ms(ROUND_TRIP_MS);
    ack(AT_FIRST - count);
    pass_ms(2 * ROUND_TRIP_MS - 2);
    return silent();
}

static void repairs_a_lost_tail(void)
{
    CHECK(loses_last(3));
    pass_ms(4);
    CHECK(sends(9, 1) && silent());
    sack(7, 9, 10);
    CHECK(sends(7, 1));
    ack(8);
    CHECK(sends(8, 1) && silent());
    ack(10);
    CHECK_EQUAL(connection->loss.phase, TCP_OPEN);
    CHECK_EQUAL(connection->timeouts, 0);
    CHECK(ssthresh() < AT_FIRST * MSS);
    finish();
}

static void probes_with_new_data_first(void)
{
    CHECK(begin(true, false, 60));
    CHECK(sends(0, AT_FIRST));
    pass_ms(2 * ROUND_TRIP_MS + 2);
    CHECK(sends(AT_FIRST, 1) && silent());
    sack(0, AT_FIRST, AT_FIRST + 1);
    CHECK_EQUAL(connection->loss.phase, TCP_RECOVERY);
    CHECK(sends(0, 1));
    finish();
}

static void probes_once(void)
{
    CHECK(loses_last(2));
    pass_ms(4);
    CHECK(sends(9, 1));
    pass_ms(100);
    CHECK(silent());
    pass_ms(150); // the timer
    CHECK(next_segment());
    CHECK_EQUAL(connection->timeouts, 1);
    finish();
}

// A segment alone may be waiting for a delayed ACK.
static void is_patient_with_one(void)
{
    CHECK(loses_last(1));
    pass_ms(100);
    CHECK(silent());
    finish();
}

// Too few to be duplicates, but long enough ago.
static void knows_what_is_late(void)
{
    CHECK(begin(true, false, 3));
    CHECK(sends(0, 3));
    pass_ms(ROUND_TRIP_MS);
    sack(0, 1, 3);
    pass_ms(ROUND_TRIP_MS - 2);
    CHECK(silent());
    pass_ms(4);
    CHECK(sends(0, 1) && silent());
    ack(3);
    CHECK_EQUAL(connection->timeouts, 0);
    finish();
}

// The loss that the probe repaired is congestion as any other; a copy too many is not. Peers
// that report no copies answer them all the same (RFC 8985, 7.4.2); a window is no answer.
static void tells_repairs_from_copies(void)
{
    static const uint8_t zeros[MSS];
    enum { REPAIR, REPAIR_AND_WINDOW, COPY, COPY_UNREPORTED, WAYS };
    for (int way = 0; way < WAYS; way++) {
        CHECK(loses_last(2));
        pass_ms(4);
        CHECK(sends(9, 1));
        uint32_t before = cwnd();
        ack(10);
        if (way == COPY)
            sack(10, 9, 10);
        if (way == REPAIR_AND_WINDOW)
            script.window -= 1000;
        if (way == REPAIR_AND_WINDOW || way == COPY_UNREPORTED)
            ack(10);
        CHECK_EQUAL(tcp_write(connection, zeros, MSS), MSS);
        CHECK(sends(10, 1));
        ack(11);
        CHECK(way >= COPY ? cwnd() >= before : cwnd() < before);
        finish();
    }
}

const struct test unit_tests[] = {
    {"repairs a lost tail", repairs_a_lost_tail},
    {"probes with new data first", probes_with_new_data_first},
    {"probes once", probes_once},
    {"is patient with one", is_patient_with_one},
    {"knows what is late", knows_what_is_late},
    {"tells repairs from copies", tells_repairs_from_copies},
    {0},
};
