// SPDX-License-Identifier: MIT
//
// Names as they are on the wire: "www.example.org" is 3 www 7 example 3 org 0, each number the
// length of the label that follows (RFC 1035, 3.1).
//
//   dns_name_parse(&name, "www.example.org")
//   end = dns_name_read(&name, message, size, at)      of a message; 0: it is broken
//
// Kept in lower case, because names are the same whatever their case (RFC 4343). Chapter 22.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "string.h"

enum { DNS_LABEL_MAX = 63, DNS_NAME_MAX = 255, DNS_NAME_TEXT = 256 };

struct dns_name {
    uint8_t size; // bytes, with the 0 at the end; 0: no name
    uint8_t bytes[DNS_NAME_MAX];
};

// A dot at the end may be there or not. -EINVAL: a label of more than 63 bytes or of none, or
// all together too long.
int dns_name_parse(struct dns_name *name, const char *text);
// The name that begins at `at`, with its compression undone. Where what follows it begins; 0
// when it leaves the message or goes in circles.
size_t dns_name_read(struct dns_name *name, const uint8_t *message, size_t size, size_t at);

static inline bool dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
    return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

// Whether it is `of`, or lies below it: www.example.org is in example.org.
bool dns_name_is_in(const struct dns_name *name, const struct dns_name *of);
// Without a dot at the end; bytes that are no letters, digits, - or _ as '?'. Returns `text`.
const char *dns_name_print(const struct dns_name *name, char text[DNS_NAME_TEXT]);
