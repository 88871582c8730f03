// SPDX-License-Identifier: MIT
//
// SHA-256, as FIPS 180-4 has it: names and sections are those of the standard.
// Chapter 17.
#include "sha256.h"

enum { ROUNDS = 64, LENGTH_AT = SHA256_BLOCK - 8 };

// The first 32 bits of the fractional parts of the cube roots of the first 64 primes (4.2.2).
static const uint32_t K[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
    0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
    0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
    0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
    0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
    0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
    0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
    0xc67178f2,
};

// The same of the square roots of the first eight (5.3.3).
static const uint32_t H[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static uint32_t rotate(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

// The message schedule: the block, big endian, and 48 words more (6.2.2, step 1).
static void make_schedule(const unsigned char *block, uint32_t W[ROUNDS])
{
    for (int t = 0; t < 16; t++, block += 4)
        W[t] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 |
               block[3];
    for (int t = 16; t < ROUNDS; t++) {
        uint32_t a = W[t - 15], b = W[t - 2];
        uint32_t sigma0 = rotate(a, 7) ^ rotate(a, 18) ^ a >> 3;
        uint32_t sigma1 = rotate(b, 17) ^ rotate(b, 19) ^ b >> 10;
        W[t] = sigma1 + W[t - 7] + sigma0 + W[t - 16];
    }
}

// 6.2.2, steps 2 to 4.
static void add_block(struct sha256 *sum, const unsigned char *block)
{
    uint32_t W[ROUNDS], s[8]; // a to h
    make_schedule(block, W);
    memcpy(s, sum->state, sizeof(s));
    for (int t = 0; t < ROUNDS; t++) {
        uint32_t a = s[0], e = s[4];
        uint32_t Sigma1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
        uint32_t Ch = (e & s[5]) ^ (~e & s[6]);
        uint32_t T1 = s[7] + Sigma1 + Ch + K[t] + W[t];
        uint32_t Sigma0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
        uint32_t Maj = (a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]);
        memmove(s + 1, s, 7 * sizeof(s[0])); // each becomes the next one
        s[4] += T1;
        s[0] = T1 + Sigma0 + Maj;
    }
    for (int i = 0; i < 8; i++)
        sum->state[i] += s[i];
}

void sha256_start(struct sha256 *sum)
{
    memcpy(sum->state, H, sizeof(sum->state));
    sum->length = 0;
}

void sha256_add(struct sha256 *sum, const void *bytes, size_t size)
{
    const unsigned char *from = bytes;
    size_t have = sum->length % SHA256_BLOCK;
    sum->length += size;
    while (have + size >= SHA256_BLOCK) {
        size_t piece = SHA256_BLOCK - have;
        memcpy(sum->block + have, from, piece);
        add_block(sum, sum->block);
        from += piece;
        size -= piece;
        have = 0;
    }
    memcpy(sum->block + have, from, size);
}

// Padding: a bit, zeros, the length in bits as the last 8 bytes of a block (5.1.1).
void sha256_finish(struct sha256 *sum, unsigned char digest[SHA256_SIZE])
{
    static const unsigned char padding[SHA256_BLOCK] = {0x80};
    uint64_t bits = sum->length * 8;
    unsigned char length[8];
    size_t have = sum->length % SHA256_BLOCK;
    sha256_add(sum, padding, (have < LENGTH_AT ? LENGTH_AT : LENGTH_AT + SHA256_BLOCK) - have);
    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)(bits >> (56 - 8 * i));
    sha256_add(sum, length, sizeof(length));
    for (int i = 0; i < SHA256_SIZE; i++)
        digest[i] = (unsigned char)(sum->state[i / 4] >> (24 - i % 4 * 8));
}
