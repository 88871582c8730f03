// SPDX-License-Identifier: MIT
//
// The processor's own random bits, of two instructions that newer ones have: rdseed gives what
// its noise source has, rdrand what a generator in it makes of that (Intel 64 manual, vol. 1,
// 7.3.17). Both may have nothing at the moment, and say so.
// Chapter 27.
#include "error.h"
#include "machine.h"
#include "string.h"

enum {
    HAS_RDRAND = 1 << 30, // in cpu_identify(1).c
    HAS_RDSEED = 1 << 18, // in cpu_identify(7).b
    TRIES = 10,           // as many as Intel advises
};

static bool read_seed(uint64_t *word)
{
    bool there = false;
    for (unsigned i = 0; i < TRIES && !there; i++)
        __asm__ volatile("rdseed %0" : "=r"(*word), "=@ccc"(there));
    return there;
}

static bool read_generator(uint64_t *word)
{
    bool there = false;
    for (unsigned i = 0; i < TRIES && !there; i++)
        __asm__ volatile("rdrand %0" : "=r"(*word), "=@ccc"(there));
    return there;
}

int machine_entropy(void *buffer, size_t size)
{
    bool has_seed = cpu_identify(7).b & HAS_RDSEED;
    bool has_generator = cpu_identify(1).c & HAS_RDRAND;
    uint64_t word;

    if (!has_seed && !has_generator)
        return -ENODEV;
    if (!(has_seed && read_seed(&word)) && !(has_generator && read_generator(&word)))
        return -EIO;
    size_t count = size < sizeof word ? size : sizeof word;
    memcpy(buffer, &word, count);
    return (int)count;
}
