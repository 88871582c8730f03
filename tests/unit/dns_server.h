// SPDX-License-Identifier: MIT
//
// A DNS server's side of a message, for tests, byte by byte: nothing here is the resolver's own
// code.
//
//   struct dns_reply reply = dns_reply_to(question, size);      header and question as asked
//   dns_put(&reply, "\3www\7example\3org", DNS_A, 300, "\12\0\0\1", 4);
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "endian.h"
#include "string.h"

enum { DNS_REPLY_MAX = 1400, AT_ANSWERS = 6, AT_AUTHORITIES = 8 };

struct dns_reply {
    uint8_t bytes[DNS_REPLY_MAX];
    size_t size;
};

static inline struct dns_reply dns_reply_to(const uint8_t *question, size_t size)
{
    struct dns_reply reply = {.size = size};
    memcpy(reply.bytes, question, size);
    be16_write(reply.bytes + 2, 0x8180); // an answer; recursion was wanted, and is there
    return reply;
}

static inline void dns_put_bytes(struct dns_reply *reply, const void *bytes, size_t size)
{
    memcpy(reply->bytes + reply->size, bytes, size);
    reply->size += size;
}

static inline void dns_put_number(struct dns_reply *reply, uint16_t number)
{
    uint8_t bytes[2];
    be16_write(bytes, number);
    dns_put_bytes(reply, bytes, 2);
}

// One record more, in the section whose count stands at `section`. The name in the form of the
// wire, or a pointer of two bytes; where it ends is where a C string does.
static inline void dns_put_in(struct dns_reply *reply, unsigned section, const char *name,
                              uint16_t type, uint32_t ttl_s, const void *data, size_t size)
{
    size_t length = strlen(name);
    be16_write(reply->bytes + section, (uint16_t)(be16_read(reply->bytes + section) + 1));
    dns_put_bytes(reply, name, (uint8_t)name[0] >= 0xc0 ? 2 : length + 1);
    dns_put_number(reply, type);
    dns_put_number(reply, 1);
    dns_put_number(reply, (uint16_t)(ttl_s >> 16));
    dns_put_number(reply, (uint16_t)ttl_s);
    dns_put_number(reply, (uint16_t)size);
    dns_put_bytes(reply, data, size);
}

static inline void dns_put(struct dns_reply *reply, const char *name, uint16_t type,
                           uint32_t ttl_s, const void *data, size_t size)
{
    dns_put_in(reply, AT_ANSWERS, name, type, ttl_s, data, size);
}

// The zone's record, which says how long it may be kept that there is nothing.
static inline void dns_put_soa(struct dns_reply *reply, const char *zone, uint32_t ttl_s,
                               uint32_t minimum_s)
{
    uint8_t data[22] = {0}; // two names of the root, four numbers, and this
    be32_write(data + 18, minimum_s);
    dns_put_in(reply, AT_AUTHORITIES, zone, 6, ttl_s, data, sizeof(data));
}

static inline void dns_set_code(struct dns_reply *reply, unsigned code)
{
    reply->bytes[3] = (uint8_t)((reply->bytes[3] & 0xf0) | code);
}
