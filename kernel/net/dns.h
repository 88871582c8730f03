// SPDX-License-Identifier: MIT
//
// DNS: the addresses of a name (RFC 1034, 5; RFC 1035).
//
//   dns_init()                            once
//   dns_ask(&query, "example.org", OS_IPV4), dns_ask_server()
//   query.done(&query)                    now or later: query.error, query.answer
//   dns_cancel(&query)                    unless it is done
//
// We are what RFC 1034 calls a stub: servers near us, which DHCP or the command line named, do
// the search. Each try goes to the next one, three in all, five seconds each. Chapter 22.
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
               // name; -ENETUNREACH: no server is known, or no way to one; -EPROTO: the
               // servers could not find out; -ETIMEDOUT: none answers
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
};

void dns_init(void);
// The name may be an address as well. The text is not kept.
void dns_ask(struct dns_query *query, const char *name, enum os_family family);
// The same of a server that is given (port 0: 53), not of those that the interfaces know.
void dns_ask_server(struct dns_query *query, const char *name, enum os_family family,
                    const struct os_address *server);
void dns_cancel(struct dns_query *query);
