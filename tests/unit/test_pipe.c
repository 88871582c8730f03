// SPDX-License-Identifier: MIT
//
// Pipes and files: bytes arrive in order, ends are noticed, nothing stays behind.
#include "pipe.h"

#include "boot/board.h"
#include "error.h"
#include "heap.h"
#include "machine.h"
#include "page.h"
#include "print.h"
#include "string.h"
#include "test.h"
#include "thread.h"
#include "timer.h"
#include "unit.h"

void unit_setup(const struct boot_info *boot)
{
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    thread_init();
    timer_init();
    machine_interrupts_enable();
}

static struct file *ends[2];

static size_t allocations(void)
{
    struct heap_statistics statistics;
    heap_statistics(&statistics);
    return statistics.allocations;
}

static void close_end(void *end)
{
    thread_yield();
    file_put(end);
}

static void gives_what_was_written(void)
{
    char text[16] = "";
    size_t before = allocations();
    CHECK_EQUAL(pipe_create(&ends[0], &ends[1]), 0);
    CHECK_EQUAL(file_write(ends[1], "hello", 5), 5);
    CHECK_EQUAL(file_write(ends[1], " you", 4), 4);
    CHECK_EQUAL(file_read(ends[0], text, 3), 3);
    CHECK_EQUAL(file_read(ends[0], text + 3, sizeof(text) - 3), 6);
    CHECK_STRING(text, "hello you");
    CHECK_EQUAL(file_read(ends[0], text, 0), 0);
    file_put(ends[1]);
    CHECK_EQUAL(file_read(ends[0], text, 1), 0); // the end
    file_put(ends[0]);
    CHECK_EQUAL(allocations(), before);
}

static void the_last_byte_comes_before_the_end(void)
{
    char text[16];
    CHECK_EQUAL(pipe_create(&ends[0], &ends[1]), 0);
    CHECK_EQUAL(file_write(ends[1], "left", 4), 4);
    file_put(ends[1]);
    CHECK_EQUAL(file_read(ends[0], text, sizeof(text)), 4);
    CHECK_EQUAL(file_read(ends[0], text, sizeof(text)), 0);
    file_put(ends[0]);
}

static void nobody_reads(void)
{
    CHECK_EQUAL(pipe_create(&ends[0], &ends[1]), 0);
    file_put(ends[0]);
    CHECK_EQUAL(file_write(ends[1], "x", 1), -EPIPE);
    file_put(ends[1]);
}

static void each_end_has_one_direction(void)
{
    char byte;
    CHECK_EQUAL(pipe_create(&ends[0], &ends[1]), 0);
    CHECK_EQUAL(file_write(ends[0], "x", 1), -EBADF);
    CHECK_EQUAL(file_read(ends[1], &byte, 1), -EBADF);
    file_put(ends[0]);
    file_put(ends[1]);
}

// The one who waits is told when the other end goes.
static void waiting_ends_with_the_other_end(void)
{
    static char bytes[PIPE_SIZE + 1];
    char byte;
    CHECK_EQUAL(pipe_create(&ends[0], &ends[1]), 0);
    struct thread *closer = thread_create("closer", close_end, ends[1]);
    CHECK_EQUAL(file_read(ends[0], &byte, 1), 0);
    thread_join(closer, NULL, MACHINE_NEVER);
    file_put(ends[0]);

    CHECK_EQUAL(pipe_create(&ends[0], &ends[1]), 0);
    closer = thread_create("closer", close_end, ends[0]);
    CHECK_EQUAL(file_write(ends[1], bytes, sizeof(bytes)), PIPE_SIZE); // a part was taken
    CHECK_EQUAL(file_write(ends[1], bytes, 1), -EPIPE);
    thread_join(closer, NULL, MACHINE_NEVER);
    file_put(ends[1]);
}

static int read_result;

static void read_one(void *unused)
{
    char byte;
    read_result = file_read(ends[0], &byte, 1);
}

static void waiting_can_be_interrupted(void)
{
    CHECK_EQUAL(pipe_create(&ends[0], &ends[1]), 0);
    struct thread *reader = thread_create("reader", read_one, NULL);
    thread_yield();
    thread_interrupt(reader);
    thread_join(reader, NULL, MACHINE_NEVER);
    CHECK_EQUAL(read_result, -EINTR);
    file_put(ends[0]);
    file_put(ends[1]);
}

enum { STREAM_SIZE = 200000 };

static void write_stream(void *seed)
{
    uint64_t state = *(uint64_t *)seed;
    char bytes[700];
    for (size_t sent = 0; sent < STREAM_SIZE;) {
        size_t piece = 1 + sent % sizeof(bytes);
        if (piece > STREAM_SIZE - sent)
            piece = STREAM_SIZE - sent;
        for (size_t i = 0; i < piece; i++)
            bytes[i] = (char)unit_random(&state);
        if (file_write(ends[1], bytes, piece) != (int)piece)
            break;
        sent += piece;
    }
    file_put(ends[1]);
}

static void random_pieces_arrive_in_order(void)
{
    uint64_t seed = machine_clock_ns() | 1, state = seed, sizes = seed;
    char bytes[900];
    size_t received = 0;
    int count;
    print("seed %llu ", (unsigned long long)seed);
    CHECK_EQUAL(pipe_create(&ends[0], &ends[1]), 0);
    struct thread *writer = thread_create("writer", write_stream, &seed);
    while ((count = file_read(ends[0], bytes, 1 + unit_random(&sizes) % sizeof(bytes))) > 0) {
        for (int i = 0; i < count; i++)
            CHECK_EQUAL(bytes[i], (char)unit_random(&state));
        received += (size_t)count;
    }
    CHECK_EQUAL(received, STREAM_SIZE);
    thread_join(writer, NULL, MACHINE_NEVER);
    file_put(ends[0]);
}

const struct test unit_tests[] = {
    {"gives what was written", gives_what_was_written},
    {"the last byte comes before the end", the_last_byte_comes_before_the_end},
    {"nobody reads", nobody_reads},
    {"each end has one direction", each_end_has_one_direction},
    {"waiting ends with the other end", waiting_ends_with_the_other_end},
    {"waiting can be interrupted", waiting_can_be_interrupted},
    {"random pieces arrive in order", random_pieces_arrive_in_order},
    {0},
};
