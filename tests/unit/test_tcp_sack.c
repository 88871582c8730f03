// SPDX-License-Identifier: MIT
//
// The sender's scoreboard: against a model that knows the state of every single byte, and
// against blocks that nobody honest would send. Sequence numbers wrap in most of it.
#include "net/tcp_sack.h"

#include "boot/board.h"
#include "heap.h"
#include "machine.h"
#include "page.h"
#include "print.h"
#include "test.h"
#include "unit.h"

enum { MSS = 100 };

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
}

static struct tcp_scoreboard board;

// A board on which `bytes` are under way from `una` on.
static void begin(tcp_sequence una, uint32_t bytes)
{
    tcp_sack_init(&board, una);
    tcp_sack_sent(&board, una + bytes);
}

static bool note(tcp_sequence una, tcp_sequence start, tcp_sequence end)
{
    return tcp_sack_note(&board, una, &(struct tcp_block){start, end});
}

// What tcp_sack_next() gives, by its start; and marks it as sent again. -1: nothing.
static int64_t resend(void)
{
    struct tcp_block block;
    if (!tcp_sack_next(&board, MSS, &block))
        return -1;
    tcp_sack_resent(&board, &block);
    return block.start;
}

static void finds_what_is_lost(void)
{
    begin(1000, 1000);
    CHECK_EQUAL(tcp_sack_pipe(&board), 1000);
    CHECK(note(1000, 1100, 1200));
    CHECK(note(1000, 1200, 1300));
    tcp_sack_judge(&board, MSS);
    CHECK(!tcp_sack_is_lost(&board)); // 200 bytes in one piece: reordering, perhaps
    CHECK_EQUAL(tcp_sack_pipe(&board), 800);
    CHECK(note(1000, 1300, 1301));
    tcp_sack_judge(&board, MSS);
    CHECK(tcp_sack_is_lost(&board)); // more than two segments
    CHECK_EQUAL(tcp_sack_pipe(&board), 699);
    CHECK_EQUAL(resend(), 1000);
    CHECK_EQUAL(tcp_sack_pipe(&board), 799);
    CHECK_EQUAL(resend(), -1);
    CHECK(!note(1000, 1100, 1301)); // nothing new
    tcp_sack_acknowledge(&board, 1301);
    CHECK(!tcp_sack_is_lost(&board));
    CHECK_EQUAL(tcp_sack_pipe(&board), 699);
    CHECK_EQUAL(board.count, 0);
    tcp_sack_end(&board);
}

// RFC 6675, 4: three pieces are enough, however small.
static void counts_pieces(void)
{
    begin(0xffffff00, 1000);
    CHECK(note(0xffffff00, 0xffffff20, 0xffffff21));
    CHECK(note(0xffffff00, 0xfffffff0, 0x10));
    tcp_sack_judge(&board, MSS);
    CHECK(!tcp_sack_is_lost(&board));
    CHECK(note(0xffffff00, 0x30, 0x31));
    tcp_sack_judge(&board, MSS);
    CHECK(tcp_sack_is_lost(&board));
    CHECK_EQUAL(board.lost, 0xffffff20); // what is behind has only two above it
    CHECK_EQUAL(tcp_sack_missing(&board), 1000 - 1 - 32 - 1);
    tcp_sack_end(&board);
}

static void ignores_what_was_never_sent(void)
{
    begin(5000, 500);
    CHECK(!note(5000, 5400, 5501)); // beyond SND.NXT
    CHECK(!note(5000, 4900, 5100)); // begins before SND.UNA
    CHECK(!note(5000, 4000, 4100)); // a duplicate (RFC 2883)
    CHECK(!note(5000, 5200, 5200)); // empty
    CHECK(!note(5000, 5300, 5200)); // backwards
    CHECK(!note(5000, 5000 + 0x80000000, 5100));
    CHECK_EQUAL(board.count, 0);
    CHECK_EQUAL(tcp_sack_missing(&board), 500);
    CHECK(note(5000, 5000, 5500)); // all of it, without an ACK: odd, but possible
    CHECK_EQUAL(tcp_sack_missing(&board), 0);
    struct tcp_block block;
    CHECK(!tcp_sack_last(&board, MSS, &block));
    tcp_sack_end(&board);
}

// Somebody who SACKs every other byte costs no more than the holes that there are.
static void holes_are_bounded(void)
{
    begin(0, 1000);
    for (tcp_sequence i = 1; i < 999; i += 2)
        note(0, i, i + 1);
    CHECK_EQUAL(board.count, TCP_HOLES_MAX);
    CHECK_EQUAL(tcp_sack_missing(&board), 1000 - TCP_HOLES_MAX);
    CHECK(!note(0, 500, 1000)); // needs one more: will be said again
    CHECK_EQUAL(board.count, TCP_HOLES_MAX);
    CHECK(note(0, 1, 500)); // fills holes
    CHECK_EQUAL(board.count, 1);
    CHECK(note(0, 500, 1000));
    CHECK_EQUAL(tcp_sack_missing(&board), 1);
    tcp_sack_end(&board);
}

// What was sent again and got lost again: bytes that left three segments later are there.
static void finds_what_is_lost_again(void)
{
    begin(0, 1000);
    CHECK(note(0, 100, 1000));
    tcp_sack_judge(&board, MSS);
    CHECK_EQUAL(resend(), 0);
    tcp_sack_sent(&board, 1400);
    CHECK(note(0, 1000, 1200));
    tcp_sack_judge(&board, MSS);
    CHECK_EQUAL(resend(), -1);
    CHECK(note(0, 1200, 1300));
    tcp_sack_judge(&board, MSS);
    CHECK_EQUAL(resend(), 0);
    tcp_sack_judge(&board, MSS);
    CHECK_EQUAL(resend(), -1); // once for each time
    tcp_sack_end(&board);
}

static void a_timeout_loses_everything(void)
{
    begin(0, 500);
    CHECK(note(0, 100, 200));
    tcp_sack_lose_all(&board, 0);
    CHECK_EQUAL(tcp_sack_pipe(&board), 0);
    CHECK_EQUAL(tcp_sack_missing(&board), 500); // the peer may have thrown it away
    CHECK_EQUAL(resend(), 0);
    CHECK_EQUAL(resend(), 100);
    CHECK(note(0, 100, 400));
    CHECK_EQUAL(resend(), 400); // what it has for sure is skipped
    CHECK_EQUAL(resend(), -1);
    CHECK_EQUAL(tcp_sack_pipe(&board), 200);
    tcp_sack_lose_none(&board);
    CHECK_EQUAL(tcp_sack_pipe(&board), 200);
    CHECK(!tcp_sack_is_lost(&board));
    tcp_sack_end(&board);
}

// A peer without SACK: duplicate ACKs say how many have left the network, not which.
static void guesses_are_bounded(void)
{
    begin(0, 500);
    for (int i = 0; i < 50; i++)
        tcp_sack_guess(&board, MSS, 400);
    CHECK_EQUAL(tcp_sack_pipe(&board), 100);
    tcp_sack_lose_first(&board, MSS);
    CHECK_EQUAL(tcp_sack_pipe(&board), 0);
    CHECK_EQUAL(resend(), 0);
    CHECK_EQUAL(resend(), -1);
    CHECK_EQUAL(tcp_sack_pipe(&board), 100);
    tcp_sack_acknowledge(&board, 300);
    CHECK_EQUAL(tcp_sack_missing(&board), 0);
    tcp_sack_guess(&board, -1000, 400);
    CHECK_EQUAL(tcp_sack_missing(&board), 200);
    tcp_sack_end(&board);
}

// ---- Against a model -----------------------------------------------------------------------

enum { BYTES = 3000, STEPS = 300, ROUNDS = 40 };

static struct {
    tcp_sequence base; // the first byte's number
    uint32_t una, nxt, lost; // from the base
    bool has[BYTES];   // the peer has said so
    bool again[BYTES]; // was sent again since it is lost
} model;

// SetPipe and IsLost as RFC 6675, 4 has them, byte by byte.
static uint32_t model_pipe(void)
{
    uint32_t pipe = 0;
    for (uint32_t i = model.una; i < model.nxt; i++)
        if (!model.has[i])
            pipe += (i >= model.lost) + model.again[i];
    return pipe;
}

static bool model_is_lost(uint32_t byte)
{
    uint32_t bytes = 0, pieces = 0;
    for (uint32_t i = byte + 1; i < model.nxt; i++) {
        bytes += model.has[i];
        pieces += model.has[i] && !model.has[i - 1];
    }
    return pieces >= TCP_DUPLICATES || bytes > (TCP_DUPLICATES - 1) * MSS;
}

static void model_judge(void)
{
    for (uint32_t i = model.nxt; i-- > model.una;)
        if (!model.has[i] && model_is_lost(i)) {
            if (i + 1 > model.lost)
                model.lost = i + 1;
            return;
        }
}

static void model_resend(void)
{
    struct tcp_block block;
    uint32_t i = model.una;
    while (i < model.lost && (model.has[i] || model.again[i]))
        i++;
    bool found = tcp_sack_next(&board, MSS, &block);
    CHECK_EQUAL(found, i < model.lost);
    if (!found)
        return;
    CHECK_EQUAL(block.start - model.base, i);
    CHECK(block.end - block.start <= MSS && block.end - block.start > 0);
    tcp_sack_resent(&board, &block);
    for (; i < block.end - model.base; i++) {
        CHECK(!model.has[i]);
        model.again[i] = true;
    }
}

static void model_acknowledge(uint64_t *random)
{
    uint32_t una = model.una + (uint32_t)(unit_random(random) % 150);
    if (una > model.nxt)
        una = model.nxt;
    while (una < model.nxt && model.has[una])
        una++;
    model.una = una;
    if (model.lost < una)
        model.lost = una;
    tcp_sack_acknowledge(&board, model.base + una);
}

static void model_note(uint64_t *random)
{
    if (model.una + 1 >= model.nxt || board.count > TCP_HOLES_MAX - 2)
        return;
    uint32_t room = model.nxt - model.una - 1;
    uint32_t start = model.una + 1 + (uint32_t)(unit_random(random) % room);
    uint32_t end = start + 1 + (uint32_t)(unit_random(random) % 120);
    if (end > model.nxt)
        end = model.nxt;
    // Blocks are of whole runs: what touches belongs to it.
    while (start > model.una + 1 && model.has[start - 1])
        start--;
    while (end < model.nxt && model.has[end])
        end++;
    bool is_new = false;
    for (uint32_t i = start; i < end; i++) {
        is_new |= !model.has[i];
        model.has[i] = true;
    }
    CHECK_EQUAL(note(model.base + model.una, model.base + start, model.base + end), is_new);
}

static void model_round(uint64_t *random)
{
    model.base = (tcp_sequence)unit_random(random) | 0xfffff000; // wraps somewhere
    model.una = model.nxt = model.lost = 0;
    for (unsigned i = 0; i < BYTES; i++)
        model.has[i] = model.again[i] = false;
    begin(model.base, 0);
    for (unsigned step = 0; step < STEPS; step++) {
        uint64_t what = unit_random(random) % 8;
        if (what < 2 && model.nxt + 80 < BYTES)
            tcp_sack_sent(&board, model.base + (model.nxt += 80));
        else if (what == 2)
            model_acknowledge(random);
        else if (what < 6)
            model_note(random);
        else
            model_resend();
        // Marks are a matter of their own: what would be lost again is not, here.
        for (unsigned i = 0; i < board.count; i++)
            board.holes[i].mark = board.tail.end;
        model_judge();
        tcp_sack_judge(&board, MSS);
        CHECK_EQUAL(tcp_sack_pipe(&board), model_pipe());
    }
    tcp_sack_end(&board);
}

static void agrees_with_the_model(void)
{
    uint64_t seed = machine_clock_ns() | 1, random = seed;
    print("seed %llu ", (unsigned long long)seed);
    unsigned before = test_failures();
    for (unsigned round = 0; round < ROUNDS && test_failures() == before; round++)
        model_round(&random);
}

const struct test unit_tests[] = {
    {"finds what is lost", finds_what_is_lost},
    {"counts pieces", counts_pieces},
    {"ignores what was never sent", ignores_what_was_never_sent},
    {"holes are bounded", holes_are_bounded},
    {"finds what is lost again", finds_what_is_lost_again},
    {"a timeout loses everything", a_timeout_loses_everything},
    {"guesses are bounded", guesses_are_bounded},
    {"agrees with the model", agrees_with_the_model},
    {0},
};
