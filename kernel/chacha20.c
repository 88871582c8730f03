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

enum { WORDS = 16, DOUBLE_ROUNDS = 10 };

static uint32_t rotate(uint32_t word, unsigned bits)
{
    return word << bits | word >> (32 - bits);
}

// RFC 8439, 2.1
static void quarter_round(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
    *a += *b, *d = rotate(*d ^ *a, 16);
    *c += *d, *b = rotate(*b ^ *c, 12);
    *a += *b, *d = rotate(*d ^ *a, 8);
    *c += *d, *b = rotate(*b ^ *c, 7);
}

static void double_round(uint32_t x[WORDS])
{
    for (unsigned i = 0; i < 4; i++) // columns
        quarter_round(&x[i], &x[4 + i], &x[8 + i], &x[12 + i]);
    for (unsigned i = 0; i < 4; i++) // diagonals
        quarter_round(&x[i], &x[4 + (i + 1) % 4], &x[8 + (i + 2) % 4], &x[12 + (i + 3) % 4]);
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

    for (unsigned i = 0; i < WORDS; i++) { // little endian
        uint32_t word = x[i] + start[i];
        for (unsigned byte = 0; byte < 4; byte++)
            *out++ = (uint8_t)(word >> 8 * byte);
    }
}
