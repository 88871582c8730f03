// SPDX-License-Identifier: MIT
//
// What a connection knows of losses and congestion: part of struct tcp_connection, so that
// there is no connection without it. Chapter 24.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tcp_congestion.h"
#include "tcp_sack.h"

enum tcp_phase {
    TCP_OPEN,     // nothing is known to be lost
    TCP_RECOVERY, // fast recovery: what is lost is sent again while ACKs still come
    TCP_TIMEOUT,  // they did not: everything under way goes again, slowly at first; or it was
                  // too large for the path
};

// What it was before a timeout that perhaps should not have been (RFC 3522, RFC 4015).
struct tcp_undo {
    bool is_possible;
    uint32_t timestamp; // of the first retransmission
    struct tcp_congestion congestion;
};

// What is sent when an ACK of the last segments is overdue (tcp_tail.c).
struct tcp_tail {
    bool is_due;      // now: a segment may go whatever the window is
    bool is_out;      // sent, and not known yet what came of it
    bool is_again;    // it was the last segment once more
    tcp_sequence end; // SND.NXT then
};

struct tcp_loss {
    struct tcp_congestion congestion;
    struct tcp_scoreboard board;
    uint8_t phase;        // enum tcp_phase
    uint8_t duplicates;   // ACKs in a row that acknowledged nothing (DupAcks)
    bool is_trying;       // a smaller segment, alone, until something is acknowledged
    bool is_traced;
    tcp_sequence recover; // RecoveryPoint: SND.NXT when the phase began
    tcp_sequence rescued; // RescueRxt: no rescue before more than this is acknowledged
    uint32_t window;      // as the last ACK said: one with another is no duplicate
    // The window grows only while it is used: the most that was under way, until the ACK of
    // what was sent then.
    uint32_t most;
    tcp_sequence most_end;
    struct tcp_reduction reduction;
    struct tcp_undo undo;
    struct tcp_tail tail;
};
