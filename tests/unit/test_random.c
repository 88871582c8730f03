// SPDX-License-Identifier: MIT
//
// ChaCha20 against the vectors of RFC 8439, and the generator: what it gives, and when it
// asks its device.
#include "error.h"
#include "random.h"
#include "string.h"
#include "test.h"
#include "threads.h"
#include "unit.h"

enum { RESEED_BYTES = 1 << 20 }; // as in random.c

void unit_setup(const struct boot_info *boot)
{
    unit_start_time(boot);
}

// ---- The block function -----------------------------------------------------------------
// RFC 8439, 2.3.2 and A.1, test vectors 1 to 4.
static const struct {
    uint32_t key[8], counter, nonce[3];
    const char *block; // in hexadecimal
} vectors[] = {
    {{0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c, 0x13121110, 0x17161514, 0x1b1a1918,
      0x1f1e1d1c},
     1,
     {0x09000000, 0x4a000000, 0},
     "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
     "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e"},
    {{0},
     0,
     {0},
     "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
     "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586"},
    {{0},
     1,
     {0},
     "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
     "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f"},
    {{0, 0, 0, 0, 0, 0, 0, 0x01000000},
     1,
     {0},
     "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a"
     "8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0"},
    {{0x0000ff00},
     2,
     {0},
     "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca"
     "13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096"},
};

static void blocks_are_those_of_the_rfc(void)
{
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        uint8_t block[64];
        char text[2 * sizeof block + 1];
        chacha20_block(vectors[i].key, vectors[i].counter, vectors[i].nonce, block);
        for (size_t j = 0; j < sizeof block; j++) {
            text[2 * j] = "0123456789abcdef"[block[j] >> 4];
            text[2 * j + 1] = "0123456789abcdef"[block[j] & 15];
        }
        text[2 * sizeof block] = '\0';
        CHECK_STRING(text, vectors[i].block);
    }
}

// ---- The generator ----------------------------------------------------------------------
static uint8_t bytes[4096], others[4096];

static unsigned count_ones(const uint8_t *from, size_t size)
{
    unsigned ones = 0;
    for (size_t i = 0; i < size; i++)
        for (unsigned bit = 0; bit < 8; bit++)
            ones += from[i] >> bit & 1;
    return ones;
}

// Half of all bits, give or take seven standard deviations: sqrt(32768 / 4) is 90.
static void half_of_the_bits(void)
{
    CHECK(!random_is_seeded());
    random_bytes(bytes, sizeof bytes);
    unsigned ones = count_ones(bytes, sizeof bytes);
    CHECK(ones > 16384 - 640 && ones < 16384 + 640);
    random_bytes(others, sizeof others);
    for (size_t i = 0; i < sizeof bytes; i++)
        others[i] ^= bytes[i];
    ones = count_ones(others, sizeof others);
    CHECK(ones > 16384 - 640 && ones < 16384 + 640);
    CHECK(random_u64() != random_u64());
}

// Every size gives as many bytes and no more, and no piece twice.
static void any_size(void)
{
    for (size_t size = 0; size < 300; size++) {
        memset(bytes, 0, sizeof bytes);
        random_bytes(bytes + 1, size);
        CHECK_EQUAL(bytes[0], 0);
        CHECK_EQUAL(bytes[size + 1], 0);
        if (size >= 32)
            CHECK(count_ones(bytes + 1, size) > size * 8 / 4);
        for (size_t a = 1; a + 16 <= size + 1; a += 16)
            for (size_t b = a + 16; b + 16 <= size + 1; b += 16)
                CHECK(memcmp(bytes + a, bytes + b, 16) != 0);
    }
}

// ---- Its device -------------------------------------------------------------------------
static struct {
    unsigned reads;
    int result; // an error instead of bytes
    size_t given;
} source;

static int read_some(struct entropy_device *device, void *buffer, size_t size)
{
    source.reads++;
    if (source.result)
        return source.result;
    size_t count = size < 20 ? size : 20; // less than is wanted
    memset(buffer, 0x5a, count);
    source.given += count;
    return (int)count;
}

static struct entropy_device device = {.name = "tester", .read = read_some};

static void a_device_without_bytes(void)
{
    source.result = -EIO;
    CHECK_EQUAL(random_set_device(&device), -EIO);
    CHECK(!random_is_seeded());
    source.result = 0;
}

// The thread in the background asks until it answers.
static void a_slow_device(void)
{
    source.result = -ETIMEDOUT;
    CHECK_EQUAL(random_set_device(&device), -ETIMEDOUT);
    CHECK(!random_is_seeded());
    source.result = 0;
    source.reads = 0;
    thread_yield();
    CHECK(random_is_seeded());
    CHECK_EQUAL(source.reads, 2);
    CHECK_EQUAL(source.given, RANDOM_KEY_SIZE);
    CHECK_EQUAL(random_set_device(&device), -EBUSY);
}

static void give(size_t size)
{
    for (size_t count; size > 0; size -= count) {
        count = size < sizeof bytes ? size : sizeof bytes;
        random_bytes(bytes, count);
    }
    thread_yield();
}

static void reseeds_after_use(void)
{
    source.reads = 0;
    give(RESEED_BYTES - 1);
    CHECK_EQUAL(source.reads, 0);
    give(1);
    CHECK_EQUAL(source.reads, 2);
    give(RESEED_BYTES - 1);
    CHECK_EQUAL(source.reads, 2);
}

static void lives_on_without_it(void)
{
    source.result = -EIO;
    give(1);
    CHECK_EQUAL(source.reads, 3);
    give(2 * RESEED_BYTES);
    CHECK_EQUAL(source.reads, 3);
    CHECK(random_is_seeded()); // nothing that was mixed in is lost
    source.result = 0;
    CHECK_EQUAL(random_set_device(&device), 0); // another may take its place
}

const struct test unit_tests[] = {
    {"blocks are those of the RFC", blocks_are_those_of_the_rfc},
    {"half of the bits", half_of_the_bits},
    {"any size", any_size},
    {"a device without bytes", a_device_without_bytes},
    {"a slow device", a_slow_device},
    {"reseeds after use", reseeds_after_use},
    {"lives on without it", lives_on_without_it},
    {0},
};
