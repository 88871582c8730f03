// SPDX-License-Identifier: MIT
//
// stress: random threads, pipes and memory, checked; the same seed does the same again
#include "os.h"

enum { WORKERS = 8, BLOCKS = 16, BLOCK_MAX = 3000, BYTES_MAX = 20000 };

struct worker {
    uint64_t state; // of its random numbers
    struct os_thread *thread;
};

// xorshift64, Marsaglia 2003.
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static bool is_filled(const unsigned char *memory, size_t size, unsigned char with)
{
    for (size_t i = 0; i < size; i++) {
        if (memory[i] != with)
            return false;
    }
    return true;
}

// Blocks of random sizes, filled, resized, looked at again. No memory is no error.
static bool try_memory(uint64_t *state)
{
    unsigned char *blocks[BLOCKS];
    size_t sizes[BLOCKS];
    bool good = true;
    for (int i = 0; i < BLOCKS; i++) {
        sizes[i] = 1 + next_random(state) % BLOCK_MAX;
        blocks[i] = os_alloc(sizes[i]);
        if (blocks[i])
            good = good && is_filled(blocks[i], sizes[i], 0);
        if (blocks[i])
            memset(blocks[i], i + 1, sizes[i]);
        if (next_random(state) % 4 == 0)
            os_yield();
    }
    for (int i = 0; i < BLOCKS; i++) {
        size_t size = 1 + next_random(state) % BLOCK_MAX;
        unsigned char *moved = blocks[i] ? os_resize(blocks[i], size) : NULL;
        if (moved)
            good = good &&
                   is_filled(moved, size < sizes[i] ? size : sizes[i], (unsigned char)(i + 1));
        os_free(moved ? moved : blocks[i]);
    }
    return good;
}

struct stream {
    uint64_t state;
    size_t count;
    int handle;
};

static int write_stream(void *argument)
{
    struct stream *stream = argument;
    unsigned char bytes[257];
    size_t left = stream->count;
    while (left > 0) {
        size_t piece = left < sizeof(bytes) ? left : sizeof(bytes);
        for (size_t i = 0; i < piece; i++)
            bytes[i] = (unsigned char)next_random(&stream->state);
        if (os_write(stream->handle, bytes, piece) != (int)piece)
            break;
        left -= piece;
    }
    os_close(stream->handle);
    return left > 0;
}

// A pipe that another thread writes random numbers to; we know which.
static bool try_pipe(uint64_t *state)
{
    int ends[2];
    if (os_pipe(ends))
        return true;
    struct stream stream = {next_random(state), 1 + next_random(state) % BYTES_MAX, ends[1]};
    uint64_t expected = stream.state;
    struct os_thread *writer = os_thread_create("writer", write_stream, &stream);
    if (!writer)
        os_close(ends[1]);
    unsigned char bytes[300];
    size_t total = 0;
    bool good = true;
    int count;
    while ((count = os_read(ends[0], bytes, 1 + next_random(state) % sizeof(bytes))) > 0) {
        total += (size_t)count;
        for (int i = 0; i < count; i++)
            good = good && bytes[i] == (unsigned char)next_random(&expected);
    }
    os_close(ends[0]);
    int failed = 0;
    if (writer)
        os_thread_join(writer, &failed, OS_NEVER);
    return good && !failed && (!writer || total == stream.count);
}

static int work(void *argument)
{
    struct worker *worker = argument;
    bool good = true;
    for (uint64_t i = next_random(&worker->state) % 4; i < 4; i++)
        good =
            good && (next_random(&worker->state) % 2 ? try_memory : try_pipe)(&worker->state);
    return !good;
}

static int run_round(uint64_t *state)
{
    struct worker workers[WORKERS];
    int wrong = 0;
    for (int i = 0; i < WORKERS; i++) {
        workers[i].state = next_random(state);
        workers[i].thread = os_thread_create("worker", work, &workers[i]);
    }
    for (int i = 0; i < WORKERS; i++) {
        int failed = 0;
        if (workers[i].thread)
            os_thread_join(workers[i].thread, &failed, OS_NEVER);
        wrong += failed;
    }
    return wrong;
}

int stress_main(int argc, char **argv)
{
    uint64_t rounds = 20, seed = os_clock_ns();
    bool fits = argc <= 3;
    if (argc > 1)
        fits = fits && string_to_u64(argv[1], 10, &rounds) == 0;
    if (argc > 2)
        fits = fits && string_to_u64(argv[2], 10, &seed) == 0;
    if (!fits)
        return os_usage("stress [ROUNDS [SEED]]");

    os_printf("stress %llu %llu\n", (unsigned long long)rounds, (unsigned long long)seed);
    struct os_memory_info before, after;
    uint64_t state = seed | 1;
    int wrong = 0;
    os_memory(&before);
    for (uint64_t i = 0; i < rounds; i++)
        wrong += run_round(&state);
    os_memory(&after);
    os_printf("%d wrong; allocations before %zu, after %zu\n", wrong, before.heap_allocations,
              after.heap_allocations);
    return wrong > 0 || after.heap_allocations != before.heap_allocations;
}
