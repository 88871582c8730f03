// SPDX-License-Identifier: MIT
//
// Numbers that nobody can guess, made of a connection's addresses: sequence numbers to begin
// with (RFC 6528), timestamps (RFC 7323, 5.4), ports (RFC 6056, 3.3.3), SYN cookies.
//
//   tcp_hash(use, &local, &remote, extra)      64 bits that depend on all of them, and on a key
//                                              that this use has alone
//
// A keyed hash, SipHash-2-4 (Aumasson and Bernstein, 2012): whoever does not know the key
// learns nothing from a value about any other. Chapter 23.
#include "random.h"
#include "tcp_parts.h"

static struct {
    uint64_t keys[TCP_HASH_USES][2]; // one for each, so that none tells of another
    bool has_keys;
} hash;

struct sip {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static inline void mix(struct sip *sip)
{
    sip->v0 += sip->v1;
    sip->v2 += sip->v3;
    sip->v1 = rotate(sip->v1, 13) ^ sip->v0;
    sip->v3 = rotate(sip->v3, 16) ^ sip->v2;
    sip->v0 = rotate(sip->v0, 32);
    sip->v2 += sip->v1;
    sip->v0 += sip->v3;
    sip->v1 = rotate(sip->v1, 17) ^ sip->v2;
    sip->v3 = rotate(sip->v3, 21) ^ sip->v0;
    sip->v2 = rotate(sip->v2, 32);
}

static inline void take(struct sip *sip, uint64_t word)
{
    sip->v3 ^= word;
    mix(sip);
    mix(sip);
    sip->v0 ^= word;
}

// The keys are drawn when one is needed first: by then an entropy device has been asked.
static void draw_keys(void)
{
    random_bytes(hash.keys, sizeof(hash.keys));
    hash.has_keys = true;
}

uint64_t tcp_hash(enum tcp_hash_use use, const struct os_address *local,
                  const struct os_address *remote, uint32_t extra)
{
    if (!hash.has_keys)
        draw_keys();
    const uint64_t *key = hash.keys[use];
    struct sip sip = {.v0 = key[0] ^ 0x736f6d6570736575,
                      .v1 = key[1] ^ 0x646f72616e646f6d,
                      .v2 = key[0] ^ 0x6c7967656e657261,
                      .v3 = key[1] ^ 0x7465646279746573};
    take(&sip, local->words[0] | (uint64_t)remote->words[0] << 32);
    take(&sip, local->port | (uint64_t)remote->port << 16 | (uint64_t)extra << 32);
    if (local->family != OS_IPV4)
        for (unsigned i = 1; i < 4; i++)
            take(&sip, local->words[i] | (uint64_t)remote->words[i] << 32);
    sip.v2 ^= 0xff;
    for (int i = 0; i < 4; i++)
        mix(&sip);
    return sip.v0 ^ sip.v1 ^ sip.v2 ^ sip.v3;
}
