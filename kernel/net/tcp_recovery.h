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

// ---- tcp_timeout.c, for tcp_recovery.c -------------------------------------------------
uint32_t tcp_flight_size(const struct tcp_connection *connection);
void tcp_timeout_begin(struct tcp_connection *connection);
// An ACK, the first after it, says that nothing was lost: everything is as it was before.
bool tcp_timeout_was_needless(struct tcp_connection *connection,
                              const struct tcp_segment *segment, uint32_t acknowledged);
