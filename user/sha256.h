// SPDX-License-Identifier: MIT
//
// SHA-256 (FIPS 180-4): 32 bytes that stand for any amount of others.
//
//   struct sha256 sum;
//   sha256_start(&sum); sha256_add(&sum, bytes, size); ... sha256_finish(&sum, digest);
//
// Chapter 17.
#pragma once

#include "os.h"

enum { SHA256_BLOCK = 64, SHA256_SIZE = 32 };

struct sha256 {
    uint32_t state[8];
    uint64_t length; // bytes so far
    unsigned char block[SHA256_BLOCK]; // what has been added and makes no whole one yet
};

void sha256_start(struct sha256 *sum);
void sha256_add(struct sha256 *sum, const void *bytes, size_t size);
void sha256_finish(struct sha256 *sum, unsigned char digest[SHA256_SIZE]);
