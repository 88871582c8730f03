// SPDX-License-Identifier: MIT
//
// DNS: the addresses of a name, the name of an address (RFC 1034, 5; RFC 1035).
//
//   dns_init()                            once
//   dns_ask(&query, "example.org", OS_IPV4, NULL), dns_ask_host()
//   query.done(&query)                    now or later: query.error, query.answer
//   dns_cancel(&query)                    unless it is done
//
// We are what RFC 1034 calls a stub: servers near us, which DHCP or the command line named, do
// the search. Each try goes to the next one, three in all, five seconds each. What does not fit
// into a datagram is asked for over TCP, by a later chapter: dns_set_stream(). Chapter 22.
#pragma once

#include <stdbool.h>

#include "dns_message.h"
#include "ip.h"
#include "timer.h"
#include "udp.h"

enum { DNS_SERVERS_MAX = 3, DNS_TRIES = 3, DNS_TRY_S = 5 };

struct dns_query {
    // Its asker's, set before:
    void (*done)(struct dns_query *query); // also within dns_ask(). Never sleeps
    // For the asker, when it is done:
    int error; // 0; -ENOENT: there is no such name, or it has no such address; -EINVAL: no
               // name; -ENETUNREACH: no server is known, or no way to one; -ENETDOWN: no link;
               // -EPROTO: the servers could not find out; -ETIMEDOUT: none answers
    struct dns_answer answer;
    // dns.c's:
    bool is_open;
    bool is_apart; // one server is asked, and what the others have said does not count
    struct dns_name name; // asked for; question.name is then maybe another one that it leads to
    struct dns_question question;
    struct udp_port port;
    struct timer timer;
    struct os_address servers[DNS_SERVERS_MAX];
    unsigned server_count, tries, refused, aliases;
    uint32_t ttl_s;
    void *stream; // of dns_set_stream(), which asks now; NULL: nobody does
};

void dns_init(void);
// Of a server that is given (port 0: 53), or (NULL) of those that the interfaces know. Those
// are not asked for a name that is an address. The text is not kept.
void dns_ask(struct dns_query *query, const char *name, enum os_family family,
             const struct os_address *server);
// The name of an IPv4 address: query.answer.host.
void dns_ask_host(struct dns_query *query, const struct os_address *address,
                  const struct os_address *server);
void dns_cancel(struct dns_query *query);

// How an answer that was cut is asked for again. Unset: what there is has to do.
struct dns_stream {
    // Asks the query's question and gives the answer to dns_take_long(), but not from within;
    // query->stream is its own. 0 or an error.
    int (*ask)(struct dns_query *query, const struct os_address *server);
    void (*cancel)(struct dns_query *query);
};
void dns_set_stream(const struct dns_stream *stream);
// The answer of a query whose stream is NULL again; NULL: none came.
void dns_take_long(struct dns_query *query, const uint8_t *bytes, size_t size);
