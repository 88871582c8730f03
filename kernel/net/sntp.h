// SPDX-License-Identifier: MIT
//
// SNTP: what time it is, asked of a server (RFC 4330).
//
//   sntp_ask(&query, &server)
//   query.done(&query)               now or later: query.error, query.answer
//   sntp_cancel(&query)              unless it is done
//
// Chapter 22.
#pragma once

#include <stdbool.h>

#include "timer.h"
#include "udp.h"
#include "user/os_interfaces.h"

// RFC 4330, 10, wants 15 s between questions; RFC 5905, which came after it, 2 s in a burst.
enum { SNTP_PORT = 123, SNTP_TRIES = 3, SNTP_TRY_S = 5 };

// RFC 4330, 4. Times are seconds since 1900 and parts of 2^32 of one.
struct sntp_time {
    be32 seconds, fraction;
};
struct sntp_message {
    uint8_t leap_version_mode; // 2, 3 and 3 bits
    uint8_t stratum;           // 1: has a clock of its own; 0: see `reference`
    uint8_t poll, precision;
    be32 root_delay, root_dispersion;
    char reference[4];         // which clock, or why the server does not want to be asked
    struct sntp_time updated, originate, receive, transmit;
};
_Static_assert(sizeof(struct sntp_message) == 48, "RFC 4330, 4");

struct sntp_query {
    // Its asker's, set before:
    void (*done)(struct sntp_query *query); // also within sntp_ask(). Never sleeps
    // For the asker, when it is done: as os_time_query() says.
    int error;
    struct os_time_answer answer;
    // sntp.c's:
    bool is_open;
    struct os_address server;
    struct udp_port port;
    struct timer timer;
    unsigned tries;
    uint64_t sent_ns;
    struct sntp_time cookie; // what the answer must repeat
};

// A server without a port has the usual one.
void sntp_ask(struct sntp_query *query, const struct os_address *server);
void sntp_cancel(struct sntp_query *query);
// What an answer that came at `now_ns` says. 0; -EAGAIN: the server does not know the time;
// -EACCES: it wants no questions; -EPROTO: it is no answer to this question.
int sntp_read(const struct sntp_message *message, const struct sntp_query *query,
              uint64_t now_ns, struct os_time_answer *answer);
