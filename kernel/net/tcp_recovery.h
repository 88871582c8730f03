// SPDX-License-Identifier: MIT
//
// What TCP does about losses and congestion.
//
//   tcp_recovery_init()        after tcp_init(): from here on connections recover
//
// Chapter 24.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct tcp_connection;
struct tcp_segment;

// The command line may name the rule that connections begin with: tcp.congestion=newreno.
void tcp_recovery_init(void);

// Fast: `delivered` bytes have just got there.
void tcp_recovery_begin(struct tcp_connection *connection, uint32_t delivered);

// ---- tcp_news.c, for tcp_recovery.c ----------------------------------------------------
// What an ACK brings, of which `acknowledged` bytes are new.
void tcp_news_take(struct tcp_connection *connection, const struct tcp_segment *segment,
                   uint32_t acknowledged);
// The same of one that has no SACK blocks, and is no duplicate.
void tcp_news_acknowledged(struct tcp_connection *connection,
                           const struct tcp_segment *segment, uint32_t acknowledged);
void tcp_news_end(struct tcp_connection *connection);

// ---- tcp_tail.c, for tcp_recovery.c ----------------------------------------------------
// Something was sent or has come: from now on an ACK is waited for.
void tcp_tail_start(struct tcp_connection *connection, uint64_t now_ns);
void tcp_tail_due(struct tcp_connection *connection);
// An ACK that is on the scoreboard already: what came of the probe. `is_duplicate`: it says
// what the one before said.
void tcp_tail_acknowledged(struct tcp_connection *connection, const struct tcp_segment *segment,
                           bool is_duplicate);

// ---- tcp_timeout.c, for tcp_recovery.c -------------------------------------------------
uint32_t tcp_flight_size(const struct tcp_connection *connection);
void tcp_timeout_begin(struct tcp_connection *connection);
// An ACK, the first after it, says that nothing was lost: everything is as it was before.
bool tcp_timeout_was_needless(struct tcp_connection *connection,
                              const struct tcp_segment *segment, uint32_t acknowledged);
