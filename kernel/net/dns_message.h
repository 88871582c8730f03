// SPDX-License-Identifier: MIT
//
// DNS messages: a question, and the answer to it (RFC 1035, 4; AAAA: RFC 3596): the addresses
// of a name, or (DNS_PTR) the name of an address.
//
//   size = dns_message_write(bytes, &question)
//   dns_message_read(bytes, size, &question, &answer)     false: it answers another question
//
// Chapter 22.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "dns_name.h"

enum {
    DNS_PORT = 53,
    DNS_QUESTION_MAX = 12 + DNS_NAME_MAX + 4,
    DNS_ADDRESSES_MAX = 8,
    DNS_ALIASES_MAX = 8, // names that lead to other names
};
enum dns_type { DNS_A = 1, DNS_CNAME = 5, DNS_SOA = 6, DNS_PTR = 12, DNS_AAAA = 28 };
enum dns_code { DNS_OK = 0, DNS_FORMAT_ERROR = 1, DNS_SERVER_FAILURE = 2, DNS_NO_NAME = 3,
                DNS_NOT_IMPLEMENTED = 4, DNS_REFUSED = 5 };

struct dns_question {
    uint16_t id;
    uint16_t type; // DNS_A, DNS_AAAA, DNS_PTR
    struct dns_name name;
};

struct dns_answer {
    uint8_t code; // enum dns_code
    bool is_cut;  // it did not fit into the message: what is here is a part
    unsigned count, aliases; // of what was found; names on the way
    struct os_address addresses[DNS_ADDRESSES_MAX];
    struct dns_name host; // of DNS_PTR, in place of addresses
    uint32_t ttl_s; // for how long it may be kept; also that there is nothing. 0: not at all
    // The last alias, when its own address is not there: to be asked for. Size 0: none.
    struct dns_name alias;
};

// Fills up to DNS_QUESTION_MAX bytes: how many.
size_t dns_message_write(uint8_t *bytes, const struct dns_question *question);
bool dns_message_read(const uint8_t *bytes, size_t size, const struct dns_question *question,
                      struct dns_answer *answer);
