// SPDX-License-Identifier: MIT
//
// A DHCP server's side of a message, byte by byte, for tests: nothing here is the client's own
// code, so that both must have read the same RFC.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "endian.h"
#include "string.h"

enum { SERVER_ANSWER_MAX = 600, SERVER_HEADER_SIZE = 240 };
enum { OPTION_WANTED = 50, OPTION_TYPE = 53, OPTION_SERVER = 54, OPTION_MESSAGE = 56 };

struct server_answer {
    uint8_t type;
    be32 address, server, mask, gateway, dns, ntp; // 0: left out
    uint32_t lease_s, renew_s, rebind_s;
    uint8_t xid_difference, mac_difference;
};

static inline uint8_t *server_put(uint8_t *at, uint8_t code, uint32_t value)
{
    if (value == 0)
        return at;
    *at++ = code;
    *at++ = 4;
    be32_write(at, value);
    return at + 4;
}

// The answer to the question whose bytes these are.
static inline size_t server_write(uint8_t *bytes, const struct server_answer *answer,
                                  const uint8_t *question)
{
    memset(bytes, 0, SERVER_HEADER_SIZE);
    bytes[0] = 2;
    bytes[1] = 1;
    bytes[2] = 6;
    memcpy(bytes + 4, question + 4, 4); // xid
    bytes[4] ^= answer->xid_difference;
    memcpy(bytes + 16, &answer->address, 4);
    memcpy(bytes + 28, question + 28, 6); // hardware address
    bytes[33] ^= answer->mac_difference;
    memcpy(bytes + 236, "\x63\x82\x53\x63", 4);
    uint8_t *at = bytes + SERVER_HEADER_SIZE;
    *at++ = OPTION_TYPE;
    *at++ = 1;
    *at++ = answer->type;
    at = server_put(at, 1, from_be32(answer->mask));
    at = server_put(at, 3, from_be32(answer->gateway));
    at = server_put(at, 6, from_be32(answer->dns));
    at = server_put(at, 42, from_be32(answer->ntp));
    at = server_put(at, 51, answer->lease_s);
    at = server_put(at, OPTION_SERVER, from_be32(answer->server));
    at = server_put(at, 58, answer->renew_s);
    at = server_put(at, 59, answer->rebind_s);
    *at++ = 255;
    return (size_t)(at - bytes);
}

// What a client says: an option as a number of one or four bytes, 0: it is not there.
static inline uint32_t server_option(const uint8_t *bytes, size_t size, uint8_t code)
{
    size_t at = SERVER_HEADER_SIZE;
    while (at + 2 <= size && bytes[at] != 255) {
        if (bytes[at] == code)
            return bytes[at + 1] == 4 ? be32_read(bytes + at + 2) : bytes[at + 2];
        at += bytes[at] == 0 ? 1 : 2u + bytes[at + 1];
    }
    return 0;
}

static inline be32 server_client(const uint8_t *bytes)
{
    return le32_read(bytes + 12); // as it lies there
}

// "secs" and "flags", as one number.
static inline uint32_t server_times(const uint8_t *bytes)
{
    return be32_read(bytes + 8);
}
