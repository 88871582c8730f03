// SPDX-License-Identifier: MIT
//
// Addresses of the network layer: struct os_address of os_net.h, which carries its family, and
// what is done with it.
//
//   address_ipv4(bytes as on the wire, port)
//   address_print(&address, text), address_parse("10.0.2.2:80", &address)
//
// Only IPv4 exists today. Whoever passes addresses on need not know; whoever looks inside
// checks the family. Chapter 21.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "endian.h"
#include "user/os_net.h"

enum { ADDRESS_TEXT_SIZE = 48 }; // of any family, with a port

static inline struct os_address address_ipv4(be32 ip, uint16_t port)
{
    return (struct os_address){.family = OS_IPV4, .port = port, .words = {ip}};
}

static inline be32 address_be32(const struct os_address *address)
{
    return address->words[0];
}

// Four numbers as an address on the wire: IPV4(10, 0, 2, 2).
#define IPV4(a, b, c, d) to_be32((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

// Family and address, without the port. Ports are compared by those who have them.
static inline bool address_equal(const struct os_address *a, const struct os_address *b)
{
    return a->family == b->family && a->words[0] == b->words[0] &&
           (a->family == OS_IPV4 ||
            (a->words[1] == b->words[1] && a->words[2] == b->words[2] &&
             a->words[3] == b->words[3]));
}

// No address at all: 0.0.0.0, or no family.
bool address_is_any(const struct os_address *address);
bool address_is_multicast(const struct os_address *address);
// "10.0.2.2", or with the port if it is not 0 "10.0.2.2:80". Returns `text`.
const char *address_print(const struct os_address *address, char text[ADDRESS_TEXT_SIZE]);
// The same the other way; no names. -EINVAL.
int address_parse(const char *text, struct os_address *address);
// "10.0.2.0/24": the length of the prefix; 32 when none is given.
int address_parse_prefix(const char *text, struct os_address *address, unsigned *prefix);
