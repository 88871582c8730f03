// SPDX-License-Identifier: MIT
//
// Random bytes that nobody can guess.
//
//   random_bytes(buffer, size)          as many as wanted, at once
//   random_add(bytes, size)             something unpredictable goes in
//   random_is_seeded()                  whether a device has given entropy
//
// A ChaCha20 generator (RFC 8439, 2.3) that forgets its key after every call, so that
// what it gave before cannot be computed from what it is now. An entropy device reseeds it.
// Chapter 14.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RANDOM_KEY_SIZE = 32 };

// Before the first random_add() of a device the bytes come from the clock alone: enough
// for tests, not for secrets; the first such call is logged once. Never sleeps.
void random_bytes(void *buffer, size_t size);
uint64_t random_u64(void);
// Mixes in; never makes it worse, whoever knows the bytes. Never sleeps.
void random_add(const void *bytes, size_t size);
bool random_is_seeded(void);

// A device class: what a driver of an entropy device provides.
struct entropy_device {
    const char *name;
    // Waits for at least one byte, not for ever. A count up to `size`, or an error.
    int (*read)(struct entropy_device *device, void *buffer, size_t size);
};
// Seeds the generator from the device now, and again after every so many bytes given.
// Sleeps. 0; -EBUSY: there is one already; -ENOMEM; the device's error, of which -ETIMEDOUT
// means that it is slow: it is asked again in the background.
int random_set_device(struct entropy_device *device);

// kernel/chacha20.c: one block of 64 bytes of the key stream (RFC 8439, 2.3).
void chacha20_block(const uint32_t key[8], uint32_t counter, const uint32_t nonce[3],
                    uint8_t out[64]);
