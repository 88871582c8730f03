// SPDX-License-Identifier: MIT
//
// TCP without recovery: the answers of chapter 23, until chapter 24 has better ones.
//
// The receiver's window is all that bounds what is under way, and a lost segment comes
// again when its timer expires. Right, and slow when much is lost. Chapter 23.
#include "tcp_parts.h"

static void ignore(struct tcp_connection *connection)
{
}

static void ignore_ack(struct tcp_connection *connection, const struct tcp_segment *segment,
                       uint32_t acknowledged)
{
}

static uint32_t allow_all(const struct tcp_connection *connection)
{
    return UINT32_MAX;
}

static bool nothing_again(struct tcp_connection *connection, struct tcp_block *block)
{
    return false;
}

static void ignore_sent(struct tcp_connection *connection, struct tcp_block block, bool again)
{
}

static void say_nothing(const struct tcp_connection *connection,
                        struct os_connection_info *info)
{
}

const struct tcp_recovery tcp_plain = {
    .opened = ignore,
    .acknowledged = ignore_ack,
    .timed_out = ignore,
    .too_large = ignore,
    .tail_due = ignore,
    .resized = ignore,
    .idle = ignore,
    .allowance = allow_all,
    .next_retransmit = nothing_again,
    .sent = ignore_sent,
    .closed = ignore,
    .describe = say_nothing,
};
