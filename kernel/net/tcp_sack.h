// SPDX-License-Identifier: MIT
//
// The sender's scoreboard: which of the bytes under way the peer has, which are lost, which
// were sent again (RFC 6675, 3 and 4; the option is RFC 2018's).
//
//   tcp_sack_sent(board, end)             new bytes, up to there, are under way
//   tcp_sack_acknowledge(board, una)      everything before is there
//   tcp_sack_note(board, block)           this is there as well: a block of a SACK option
//   tcp_sack_judge(board, mss)            what must be lost by now
//   tcp_sack_next(board, mss, &block)     lost, and not sent again: the next to go
//
// What is written down is not what the peer has but what it lacks: holes. The last hole, the
// tail, is always there, from the highest byte that the peer has to the last one sent; all
// others lie in front of it. A peer that tells nothing (or cannot) leaves the tail alone, so
// that the same few lines serve SACK, NewReno and what comes after a timeout. Holes are bounded
// in number; a block that would need one more is left out, for it will be said again. What a
// block says is believed only of bytes that are under way. Chapter 24.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sequence.h"

enum {
    TCP_HOLES_MAX = 64,
    TCP_DUPLICATES = 3, // DupThresh (RFC 6675, 2; RFC 5681, 3.2)
};

struct tcp_hole {        // [start, end): the peer does not have it, as far as we know
    tcp_sequence start, end;
    tcp_sequence resent; // [start, resent) was sent again
    tcp_sequence mark;   // SND.NXT at that time
};

struct tcp_scoreboard {
    tcp_sequence lost;      // what lies in a hole before here is lost: the edge
    struct tcp_hole tail;   // the last hole; it ends at SND.NXT
    struct tcp_hole *holes; // those in front of it, ascending. NULL: none were needed yet
    unsigned count;
    uint32_t guessed;       // bytes of the tail that must be there, by the duplicate ACKs of a
                            // peer that does not say which
};

// Nothing is known to be missing, nor was anything sent again.
static inline bool tcp_sack_is_clear(const struct tcp_scoreboard *board)
{
    return board->count == 0 && board->guessed == 0 &&
           board->tail.resent == board->tail.start &&
           !sequence_after(board->lost, board->tail.start);
}

void tcp_sack_init(struct tcp_scoreboard *board, tcp_sequence una);
void tcp_sack_end(struct tcp_scoreboard *board); // frees what it has
size_t tcp_sack_memory(const struct tcp_scoreboard *board);

void tcp_sack_sent(struct tcp_scoreboard *board, tcp_sequence end);
void tcp_sack_resent(struct tcp_scoreboard *board, const struct tcp_block *block);
void tcp_sack_acknowledge(struct tcp_scoreboard *board, tcp_sequence una);
// Whether it said something new. Needs `una` acknowledged before.
bool tcp_sack_note(struct tcp_scoreboard *board, tcp_sequence una,
                   const struct tcp_block *block);
// For a peer without SACK: so many bytes more (or less) than guessed so far, `most` in all.
void tcp_sack_guess(struct tcp_scoreboard *board, int32_t bytes, uint32_t most);
// Moves the edge of what is lost (IsLost, RFC 6675, 4), and finds what was sent again and got
// lost again: the peer has bytes that left well after it. Whether there was such a thing.
bool tcp_sack_judge(struct tcp_scoreboard *board, uint32_t mss);
// The first `mss` bytes that the peer lacks are lost, whatever it says. Their end.
tcp_sequence tcp_sack_lose_first(struct tcp_scoreboard *board, uint32_t mss);
// Everything that it lacks is, also what was sent again.
void tcp_sack_lose_missing(struct tcp_scoreboard *board);
// Everything is, and what the peer said it has is no longer believed: it may have thrown it
// away (RFC 2018, 8).
void tcp_sack_lose_all(struct tcp_scoreboard *board, tcp_sequence una);
// Everything in front of something that the peer has is.
void tcp_sack_lose_holes(struct tcp_scoreboard *board);
// Nothing is, after all.
void tcp_sack_lose_none(struct tcp_scoreboard *board);

bool tcp_sack_is_lost(const struct tcp_scoreboard *board); // anything at all
// Of what is lost, the next bytes that were not sent again, up to `mss`: NextSeg, rule 1.
bool tcp_sack_next(const struct tcp_scoreboard *board, uint32_t mss, struct tcp_block *block);
// Of what is in front of something that the peer has: rule 3.
bool tcp_sack_next_doubtful(const struct tcp_scoreboard *board, uint32_t mss,
                            struct tcp_block *block);
// The last bytes of all, if the peer has nothing behind them that would tell of them: rule 4.
bool tcp_sack_last(const struct tcp_scoreboard *board, uint32_t mss, struct tcp_block *block);
// SetPipe (RFC 6675, 4): bytes in the network, as far as we know.
uint32_t tcp_sack_pipe(const struct tcp_scoreboard *board);
// Bytes that the peer lacks: what it falls by has been delivered.
uint32_t tcp_sack_missing(const struct tcp_scoreboard *board);
