// SPDX-License-Identifier: MIT
//
// The block function of ChaCha20 (RFC 8439, 2.3): 32 secret bytes and a counter become 64
// bytes that nobody can tell from random ones.
//
// Sixteen words, four by four: four constants, eight of the key, the counter, three of the
// nonce. Twenty rounds stir them, in turns down the columns and along the diagonals; at the
// end the words they began as are added, so that the rounds cannot be undone.
// Chapter 14.
#include "random.h"

#include "string.h"

enum { WORDS = 16, DOUBLE_ROUNDS = 10 };

static uint32_t rotate(uint32_t word, unsigned bits)
{
    return word << bits | word >> (32 - bits);
}

// RFC 8439, 2.1
static inline void quarter_round(uint32_t *x, unsigned a, unsigned b, unsigned c, unsigned d)
{
    x[a] += x[b], x[d] = rotate(x[d] ^ x[a], 16);
    x[c] += x[d], x[b] = rotate(x[b] ^ x[c], 12);
    x[a] += x[b], x[d] = rotate(x[d] ^ x[a], 8);
    x[c] += x[d], x[b] = rotate(x[b] ^ x[c], 7);
}

static inline void double_round(uint32_t x[WORDS])
{
    quarter_round(x, 0, 4, 8, 12); // the columns
    quarter_round(x, 1, 5, 9, 13);
    quarter_round(x, 2, 6, 10, 14);
    quarter_round(x, 3, 7, 11, 15);
    quarter_round(x, 0, 5, 10, 15); // the diagonals
    quarter_round(x, 1, 6, 11, 12);
    quarter_round(x, 2, 7, 8, 13);
    quarter_round(x, 3, 4, 9, 14);
}

void chacha20_block(const uint32_t key[8], uint32_t counter, const uint32_t nonce[3],
                    uint8_t out[64])
{
    const uint32_t start[WORDS] = {
        0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, // "expand 32-byte k"
        key[0],     key[1],     key[2],     key[3],
        key[4],     key[5],     key[6],     key[7],
        counter,    nonce[0],   nonce[1],   nonce[2],
    };
    uint32_t x[WORDS];
    for (unsigned i = 0; i < WORDS; i++)
        x[i] = start[i];
    for (unsigned i = 0; i < DOUBLE_ROUNDS; i++)
        double_round(x);

    for (unsigned i = 0; i < WORDS; i++)
        x[i] += start[i];
    memcpy(out, x, sizeof(x)); // as little endian, which our machines are
}
