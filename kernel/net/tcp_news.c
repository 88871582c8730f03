// SPDX-License-Identifier: MIT
//
// What an ACK tells of losses: it goes onto the scoreboard (tcp_sack.c).
//
//   tcp_news_acknowledged(connection, segment, n)   n bytes more are there
//   tcp_news_take(connection, segment, n)           that, and what it says of later ones
//   tcp_news_end(connection)                        nobody wants to know any more
//
// A peer with SACK says which bytes it has. Any other can only say once more what it lacks:
// each of those duplicates stands for a segment that has arrived, and which one is a guess.
// Chapter 24.
#include "smaller.h"
#include "tcp_parts.h"
#include "tcp_recovery.h"

// ---- Without SACK --------------------------------------------------------------------------

// RFC 5681, 2: nothing in it is new, so it must have been caused by something that came out of
// order. Unless the window is closed: then it answers a probe of that.
static bool is_plain_duplicate(const struct tcp_connection *connection,
                               const struct tcp_segment *segment)
{
    return segment->length == 0 && segment->window == connection->loss.window &&
           segment->window > 0 && tcp_in_flight(connection) > 0;
}

// Without SACK a duplicate ACK stands for some segment that has arrived; for two before the
// third begins a recovery (RFC 3042), and never for more than were under way besides the one
// that is missing, however many somebody forges (RFC 5681, 3.2).
static void guess(struct tcp_connection *connection)
{
    struct tcp_loss *loss = &connection->loss;
    if (loss->phase == TCP_TIMEOUT)
        return;
    const struct tcp_send *send = &connection->send;
    tcp_sequence end = loss->phase == TCP_RECOVERY ? loss->recover : send->nxt;
    uint32_t mss = loss->congestion.mss;
    uint32_t most = excess((uint32_t)sequence_distance(send->una, end), mss);
    if (loss->phase == TCP_OPEN)
        most = smaller(most, (TCP_DUPLICATES - 1) * mss);
    tcp_sack_guess(&loss->board, (int32_t)mss, most);
}

// Of what was guessed, so much is now known: all but the segment that was missing.
static void forget_guess(struct tcp_loss *loss, uint32_t acknowledged)
{
    struct tcp_scoreboard *board = &loss->board;
    uint32_t known = loss->phase == TCP_RECOVERY ? excess(acknowledged, loss->congestion.mss)
                                                 : board->guessed;
    tcp_sack_guess(board, -(int32_t)known, board->guessed);
}

// ---- With it -------------------------------------------------------------------------------

// Whether the blocks say something new. The scoreboard takes memory when it has holes to write
// down, and is counted like all that a connection holds.
static bool take_blocks(struct tcp_connection *connection, const struct tcp_segment *segment)
{
    struct tcp_scoreboard *board = &connection->loss.board;
    size_t before = tcp_sack_memory(board);
    bool is_new = false;
    for (unsigned i = 0; i < segment->options.blocks; i++)
        is_new |= tcp_sack_note(board, connection->send.una, &segment->options.sack[i]);
    tcp_memory_add(connection, tcp_sack_memory(board) - before);
    return is_new;
}

// ---- Both ----------------------------------------------------------------------------------

void tcp_news_acknowledged(struct tcp_connection *connection,
                           const struct tcp_segment *segment, uint32_t acknowledged)
{
    struct tcp_loss *loss = &connection->loss;
    loss->window = segment->window;
    if (acknowledged == 0)
        return;
    loss->is_trying = false;
    tcp_sack_acknowledge(&loss->board, connection->send.una);
    forget_guess(loss, acknowledged);
    loss->duplicates = 0;
    // It follows, or after half of the sequence space it would seem to lie ahead.
    if (loss->phase == TCP_OPEN && sequence_after(connection->send.una, loss->recover))
        loss->recover = connection->send.una - 1;
}

void tcp_news_take(struct tcp_connection *connection, const struct tcp_segment *segment,
                   uint32_t acknowledged)
{
    struct tcp_loss *loss = &connection->loss;
    bool is_duplicate = false;
    if (!connection->has_sack && acknowledged == 0) {
        is_duplicate = is_plain_duplicate(connection, segment);
        if (is_duplicate)
            guess(connection);
    }
    tcp_news_acknowledged(connection, segment, acknowledged);
    if (connection->has_sack)
        is_duplicate = take_blocks(connection, segment);
    if (is_duplicate && acknowledged == 0 && loss->duplicates < UINT8_MAX)
        loss->duplicates++;
}

void tcp_news_end(struct tcp_connection *connection)
{
    struct tcp_scoreboard *board = &connection->loss.board;
    tcp_memory_subtract(connection, tcp_sack_memory(board));
    tcp_sack_end(board);
}
