// SPDX-License-Identifier: MIT
//
// The sender's scoreboard: see tcp_sack.h for what it is.
//
//      una                                          tail.start              tail.end = SND.NXT
//       | hole 0 |  the peer  | hole 1 | the peer   | tail                   |
//       |........|  has this  |........| has this   |........................|
//        resent^              ^lost: holes before it are lost
//
// The edge of what is lost only ever lies at a hole's end, a segment behind the first byte, or
// at what was SND.NXT when a timer expired. Every step costs as much as there are holes.
// Chapter 24.
#include "tcp_sack.h"

#include "heap.h"
#include "smaller.h"
#include "string.h"
#include "tcp_connection.h"

void tcp_sack_init(struct tcp_scoreboard *board, tcp_sequence una)
{
    *board = (struct tcp_scoreboard){.lost = una, .tail = {una, una, una, una}};
}

void tcp_sack_end(struct tcp_scoreboard *board)
{
    heap_free(board->holes);
    board->holes = NULL;
    board->count = 0;
}

size_t tcp_sack_memory(const struct tcp_scoreboard *board)
{
    return board->holes ? TCP_HOLES_MAX * sizeof(board->holes[0]) : 0;
}

// All holes by number; the last one is the tail.
static const struct tcp_hole *hole_at(const struct tcp_scoreboard *board, unsigned i)
{
    return i < board->count ? &board->holes[i] : &board->tail;
}

static struct tcp_hole *hole_to_change(struct tcp_scoreboard *board, unsigned i)
{
    return i < board->count ? &board->holes[i] : &board->tail;
}

static uint32_t length_of(tcp_sequence start, tcp_sequence end)
{
    return (uint32_t)sequence_distance(start, end);
}

// Takes what is before `start` off a hole.
static void cut_front(struct tcp_hole *hole, tcp_sequence start)
{
    hole->start = sequence_later(hole->start, start);
    hole->resent = sequence_later(hole->resent, start);
}

static void cut_end(struct tcp_hole *hole, tcp_sequence end)
{
    hole->end = sequence_earlier(hole->end, end);
    hole->resent = sequence_earlier(hole->resent, end);
}

// ---- What is sent, what has got there ------------------------------------------------------

void tcp_sack_sent(struct tcp_scoreboard *board, tcp_sequence end)
{
    board->tail.end = sequence_later(board->tail.end, end);
}

void tcp_sack_resent(struct tcp_scoreboard *board, const struct tcp_block *block)
{
    for (unsigned i = 0; i <= board->count; i++) {
        struct tcp_hole *hole = hole_to_change(board, i);
        // What is sent out of turn (a rescue, a probe) is not counted, as in RFC 6675.
        if (sequence_after(block->start, hole->resent) ||
            !sequence_before(hole->resent, block->end) ||
            !sequence_before(hole->resent, hole->end))
            continue;
        hole->resent = sequence_earlier(hole->end, block->end);
        hole->mark = board->tail.end;
        return;
    }
}

static void acknowledge_holes(struct tcp_scoreboard *board, tcp_sequence una)
{
    unsigned gone = 0;
    while (gone < board->count && !sequence_after(board->holes[gone].end, una))
        gone++;
    if (gone > 0) {
        board->count -= gone;
        memmove(board->holes, board->holes + gone, board->count * sizeof(board->holes[0]));
    }
    cut_front(hole_to_change(board, 0), una);
}

void tcp_sack_acknowledge(struct tcp_scoreboard *board, tcp_sequence una)
{
    if (board->count > 0)
        acknowledge_holes(board, una);
    cut_front(&board->tail, una);
    board->lost = sequence_later(board->lost, una);
    if (board->guessed > 0)
        tcp_sack_guess(board, 0, length_of(board->tail.start, board->tail.end));
}

void tcp_sack_guess(struct tcp_scoreboard *board, int32_t bytes, uint32_t most)
{
    int64_t guessed = (int64_t)board->guessed + bytes;
    if (guessed > most)
        guessed = most;
    board->guessed = guessed > 0 ? (uint32_t)guessed : 0;
}

// Makes room for a hole in front of number `i`. False: there is none.
static bool insert_hole(struct tcp_scoreboard *board, unsigned i, struct tcp_hole hole)
{
    if (!board->holes)
        board->holes = heap_alloc(TCP_HOLES_MAX * sizeof(board->holes[0]));
    if (!board->holes || board->count == TCP_HOLES_MAX)
        return false;
    memmove(board->holes + i + 1, board->holes + i,
            (board->count - i) * sizeof(board->holes[0]));
    board->holes[i] = hole;
    board->count++;
    return true;
}

static void remove_hole(struct tcp_scoreboard *board, unsigned i)
{
    board->count--;
    memmove(board->holes + i, board->holes + i + 1,
            (board->count - i) * sizeof(board->holes[0]));
}

// Takes [start, end), which reaches into the hole, out of it. False: it would have to be cut in
// two, and there is no room for that.
static bool punch(struct tcp_scoreboard *board, unsigned i, tcp_sequence start,
                  tcp_sequence end)
{
    struct tcp_hole front = *hole_at(board, i);
    bool has_front = sequence_before(front.start, start);
    bool has_back = i == board->count || sequence_before(end, front.end); // the tail stays

    if (has_front && has_back) {
        cut_end(&front, start);
        if (!insert_hole(board, i, front))
            return false;
        cut_front(hole_to_change(board, i + 1), end);
    } else if (has_front) {
        cut_end(&board->holes[i], start);
    } else if (has_back) {
        cut_front(hole_to_change(board, i), end);
    } else {
        remove_hole(board, i);
    }
    return true;
}

// From the last hole to the first, so that numbers stay right. A block that says more than we
// have sent, or nothing, is somebody's mistake or attack; one below una speaks of duplicates
// (RFC 2883).
bool tcp_sack_note(struct tcp_scoreboard *board, tcp_sequence una,
                   const struct tcp_block *block)
{
    tcp_sequence start = block->start, end = block->end;
    bool is_new = false;

    if (sequence_before(start, una) || !sequence_before(start, end) ||
        sequence_after(end, board->tail.end))
        return false;
    for (unsigned i = board->count + 1; i-- > 0;) {
        const struct tcp_hole *hole = hole_at(board, i);
        if (!sequence_after(hole->end, start))
            break;
        if (sequence_before(hole->start, end))
            is_new |= punch(board, i, start, end);
    }
    return is_new;
}

// ---- What is lost --------------------------------------------------------------------------

// RFC 6675, 4, IsLost: so many separate pieces, or so many bytes, have got there although they
// left later. What holds for a byte holds for those before it, so an edge says it all.
static void find_edge(struct tcp_scoreboard *board, uint32_t mss)
{
    uint32_t bytes = 0;
    unsigned pieces = 0;

    for (unsigned i = board->count; i-- > 0;) {
        const struct tcp_hole *hole = hole_at(board, i);
        bytes += length_of(hole->end, hole_at(board, i + 1)->start);
        if (++pieces >= TCP_DUPLICATES || bytes > (TCP_DUPLICATES - 1) * mss) {
            board->lost = sequence_later(board->lost, hole->end);
            return;
        }
    }
}

bool tcp_sack_judge(struct tcp_scoreboard *board, uint32_t mss)
{
    bool is_again = false;
    find_edge(board, mss);
    for (unsigned i = 0; i < board->count; i++) {
        struct tcp_hole *hole = &board->holes[i];
        int32_t later = sequence_distance(hole->mark, board->tail.start);
        if (hole->resent == hole->start || later < TCP_DUPLICATES * (int32_t)mss)
            continue;
        hole->resent = hole->start;
        is_again = true;
    }
    return is_again;
}

tcp_sequence tcp_sack_lose_first(struct tcp_scoreboard *board, uint32_t mss)
{
    const struct tcp_hole *first = hole_at(board, 0);
    tcp_sequence edge = sequence_earlier(first->start + mss, first->end);
    board->lost = sequence_later(board->lost, edge);
    return edge;
}

void tcp_sack_lose_missing(struct tcp_scoreboard *board)
{
    board->guessed = 0;
    board->lost = board->tail.end;
    for (unsigned i = 0; i <= board->count; i++) {
        struct tcp_hole *hole = hole_to_change(board, i);
        hole->resent = hole->start;
        hole->mark = board->tail.end;
    }
}

void tcp_sack_lose_all(struct tcp_scoreboard *board, tcp_sequence una)
{
    board->count = 0;
    board->tail.start = una;
    tcp_sack_lose_missing(board);
}

void tcp_sack_lose_holes(struct tcp_scoreboard *board)
{
    board->lost = sequence_later(board->lost, board->tail.start);
}

void tcp_sack_lose_none(struct tcp_scoreboard *board)
{
    board->lost = hole_at(board, 0)->start;
    for (unsigned i = 0; i <= board->count; i++)
        hole_to_change(board, i)->resent = hole_at(board, i)->start;
}

bool tcp_sack_is_lost(const struct tcp_scoreboard *board)
{
    const struct tcp_hole *first = hole_at(board, 0);
    return sequence_before(first->start, first->end) &&
           sequence_before(first->start, board->lost);
}

// ---- What is next --------------------------------------------------------------------------

// The next bytes of a hole, up to `limit`, that were not sent again.
static bool next_of(const struct tcp_hole *hole, tcp_sequence limit, uint32_t mss,
                    struct tcp_block *block)
{
    tcp_sequence end = sequence_earlier(hole->end, limit);
    if (!sequence_before(hole->resent, end))
        return false;
    *block = (struct tcp_block){hole->resent, sequence_earlier(end, hole->resent + mss)};
    return true;
}

bool tcp_sack_next(const struct tcp_scoreboard *board, uint32_t mss, struct tcp_block *block)
{
    for (unsigned i = 0; i <= board->count; i++)
        if (next_of(hole_at(board, i), board->lost, mss, block))
            return true;
    return false;
}

bool tcp_sack_next_doubtful(const struct tcp_scoreboard *board, uint32_t mss,
                            struct tcp_block *block)
{
    for (unsigned i = 0; i < board->count; i++)
        if (next_of(&board->holes[i], board->holes[i].end, mss, block))
            return true;
    return false;
}

bool tcp_sack_last(const struct tcp_scoreboard *board, uint32_t mss, struct tcp_block *block)
{
    const struct tcp_hole *tail = &board->tail;
    *block = (struct tcp_block){sequence_later(tail->start, tail->end - mss), tail->end};
    return tail->start != tail->end;
}

uint32_t tcp_sack_pipe(const struct tcp_scoreboard *board)
{
    uint32_t pipe = 0;
    for (unsigned i = 0; i <= board->count; i++) {
        const struct tcp_hole *hole = hole_at(board, i);
        tcp_sequence under_way = sequence_later(hole->start, board->lost);
        if (sequence_before(under_way, hole->end))
            pipe += length_of(under_way, hole->end);
        pipe += length_of(hole->start, hole->resent);
    }
    return excess(pipe, board->guessed);
}

uint32_t tcp_sack_missing(const struct tcp_scoreboard *board)
{
    uint32_t missing = 0;
    for (unsigned i = 0; i <= board->count; i++)
        missing += length_of(hole_at(board, i)->start, hole_at(board, i)->end);
    return missing - board->guessed;
}
