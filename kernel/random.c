// SPDX-License-Identifier: MIT
//
// Random bytes that nobody can guess.
//
// All that is secret is one key of 32 bytes. Each call makes a stream of it with ChaCha20;
// the stream's first 32 bytes become the next key and the rest is given away. Whoever sees
// all of memory afterwards does not learn what was given before: the key that made it is
// gone ("fast key erasure").
//
// What is unpredictable is mixed into the key: added to it without carry (a key that nobody
// knows stays one, whatever is added), and then stirred.
// Chapter 14.
#include "random.h"

#include "error.h"
#include "machine.h"
#include "panic.h"
#include "print.h"
#include "string.h"
#include "thread.h"
#include "wait.h"

enum {
    BLOCK_SIZE = 64,
    KEY_WORDS = RANDOM_KEY_SIZE / 4,
    RESEED_BYTES = 1 << 20, // given away before the device is asked again
};

static struct {
    uint32_t key[KEY_WORDS];
    bool seeded;  // a device has given entropy
    bool warned;  // somebody was served before
    size_t given; // bytes since the device was asked
    struct entropy_device *device;
    struct wait_queue reseeder;
} generator;

// ---- The generator ----------------------------------------------------------------------
static void make_block(uint32_t number, uint32_t purpose, uint8_t out[BLOCK_SIZE])
{
    const uint32_t nonce[3] = {purpose, 0, 0};
    chacha20_block(generator.key, number, nonce, out);
}

// Through a volatile pointer: the compiler would leave out a write that nobody reads.
static void forget(void *secret, size_t size)
{
    volatile uint8_t *bytes = secret;
    while (size > 0)
        bytes[--size] = 0;
}

void random_add(const void *bytes, size_t size)
{
    uint8_t block[BLOCK_SIZE];
    const uint8_t *from = bytes;
    while (size > 0) {
        uint8_t piece[RANDOM_KEY_SIZE] = {0};
        size_t count = size < sizeof(piece) ? size : sizeof(piece);
        memcpy(piece, from, count);
        uint32_t words[KEY_WORDS];
        memcpy(words, piece, sizeof(words));
        for (unsigned i = 0; i < KEY_WORDS; i++)
            generator.key[i] ^= words[i];
        make_block(0, (uint32_t)count, block); // "a" and "a\0" are not the same
        memcpy(generator.key, block, RANDOM_KEY_SIZE);
        from += count, size -= count;
    }
    forget(block, sizeof(block));
}

// Nothing better than the clock yet.
static void add_clock(void)
{
    uint64_t now = machine_clock_ns();
    random_add(&now, sizeof(now));
    if (!generator.warned)
        log_warning("random: no entropy device has answered yet; what is given until then can "
                    "be guessed");
    generator.warned = true;
}

static void count_given(size_t size)
{
    generator.given += size;
    if (generator.device && generator.given >= RESEED_BYTES)
        wait_queue_wake_one(&generator.reseeder);
}

void random_bytes(void *buffer, size_t size)
{
    if (!generator.seeded)
        add_clock();
    count_given(size);

    // Block 0 begins with the next key; a small request is served by what is left of it.
    uint8_t first[BLOCK_SIZE], block[BLOCK_SIZE], *to = buffer;
    make_block(0, 0, first);
    size_t count = size < BLOCK_SIZE - RANDOM_KEY_SIZE ? size : BLOCK_SIZE - RANDOM_KEY_SIZE;
    memcpy(to, first + RANDOM_KEY_SIZE, count);
    for (uint32_t number = 1; (to += count, size -= count) > 0; number++) {
        make_block(number, 0, block);
        count = size < BLOCK_SIZE ? size : BLOCK_SIZE;
        memcpy(to, block, count);
    }
    memcpy(generator.key, first, RANDOM_KEY_SIZE);
    forget(first, sizeof(first));
    forget(block, sizeof(block));
}

uint64_t random_u64(void)
{
    uint64_t value;
    random_bytes(&value, sizeof(value));
    return value;
}

bool random_is_seeded(void)
{
    return generator.seeded;
}

// ---- Seeding ----------------------------------------------------------------------------
// A whole key's worth. Sleeps.
static int seed(struct entropy_device *device)
{
    uint8_t entropy[RANDOM_KEY_SIZE];
    size_t count = 0;
    while (count < sizeof(entropy)) {
        int result = device->read(device, entropy + count, sizeof(entropy) - count);
        if (result < 0)
            return result;
        ASSERT(result > 0 && (size_t)result <= sizeof(entropy) - count);
        count += (size_t)result;
    }
    random_add(entropy, sizeof(entropy));
    forget(entropy, sizeof(entropy));
    generator.seeded = true;
    generator.given = 0;
    return 0;
}

// A thread of its own, since random_bytes() may not wait for the device.
static void reseed(void *context)
{
    static const struct wait_reason reason = {.what = "use of random bytes",
                                              .uninterruptible = true};
    int error = 0;
    while (error == 0 || error == -ETIMEDOUT) {
        if (generator.seeded && generator.given < RESEED_BYTES)
            wait_queue_wait(&generator.reseeder, &reason, MACHINE_NEVER);
        else
            error = seed(generator.device);
    }
    log_warning("random: %s gives no more entropy: %s", generator.device->name,
                error_text(error));
    generator.device = NULL;
}

int random_set_device(struct entropy_device *device)
{
    if (generator.device)
        return -EBUSY;
    int error = seed(device);
    if (error && error != -ETIMEDOUT) // a slow one is asked again, by the thread
        return error;

    wait_queue_init(&generator.reseeder);
    struct thread *thread = thread_create("entropy", reseed, NULL);
    if (!thread)
        return -ENOMEM;
    thread_detach(thread);
    generator.device = device;
    return error;
}
