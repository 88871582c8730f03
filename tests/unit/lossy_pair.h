// SPDX-License-Identifier: MIT
//
// Two ends of a connection over a lossy link (kernel/net/lossy.h), both in this kernel, that
// send each other numbered bytes.
//
//   pair_init()                          in unit_setup()
//   pair_open(&terms)                    connected, or a check has failed
//   pair_transfer(bytes, bytes back)     whole, in order; false: it stalled, or was damaged
//   pair_close()                         and everything is as before
#pragma once

#include "boot/board.h"
#include "error.h"
#include "format.h"
#include "heap.h"
#include "machine.h"
#include "net/arp.h"
#include "net/icmp.h"
#include "net/lossy.h"
#include "net/tcp.h"
#include "net/tcp_recovery.h"
#include "page.h"
#include "panic.h"
#include "print.h"
#include "string.h"
#include "test.h"
#include "thread.h"
#include "timer.h"
#include "unit.h"
#include "user/os_interfaces.h"
#include "wait.h"

enum { PAIR_PORT = 80, PAIR_PIECE = 4096 };

struct pair_end {
    struct tcp_user user;
    struct tcp_connection *connection;
    uint64_t written, to_write, read;
    unsigned salt; // what its bytes are, besides their place
    bool has_shut, has_ended;
    int error;
};

static struct {
    struct tcp_user listening;
    struct tcp_connection *listener;
    struct pair_end ends[2]; // who connects, who was connected to
    struct wait_queue changed;
    uint64_t changes;
    uint8_t piece[PAIR_PIECE];
} pair;

static void pair_changed(struct tcp_user *user)
{
    pair.changes++;
    wait_queue_wake_all(&pair.changed, 0);
}

static void pair_init(const struct boot_info *boot)
{
    static const struct ethernet_protocol *const link_protocols[] = {
        &arp_protocol, &ip_protocol_of_ethernet, NULL};
    static const struct ip_protocol *const ip_protocols[] = {&icmp_protocol, &tcp_protocol,
                                                             NULL};
    static const struct lossy_terms perfect = {.seed = 1};
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    thread_init();
    timer_init();
    board_start_interrupts(board);
    machine_interrupts_enable();
    ethernet_init(link_protocols);
    arp_init();
    ip_init(ip_protocols);
    tcp_init();
    tcp_recovery_init();
    wait_queue_init(&pair.changed);
    if (lossy_init(&perfect))
        panic("no lossy link");
}

// Until something changes, but not for ever. False: nothing does.
static bool pair_wait(uint64_t deadline_ns)
{
    static const struct wait_reason reason = {.what = "connection", .external = true};
    return wait_queue_wait(&pair.changed, &reason, deadline_ns) == 0;
}

static uint8_t pair_byte(const struct pair_end *self, uint64_t place)
{
    return (uint8_t)(place * 7 + place / 251 + self->salt);
}

static void pair_write(struct pair_end *self)
{
    int count = 1;
    while (self->written < self->to_write && count > 0) {
        uint64_t left = self->to_write - self->written;
        size_t size = left < PAIR_PIECE ? (size_t)left : PAIR_PIECE;
        for (size_t i = 0; i < size; i++)
            pair.piece[i] = pair_byte(self, self->written + i);
        count = tcp_write(self->connection, pair.piece, size);
        if (count > 0)
            self->written += (uint64_t)count;
        else if (count != -EAGAIN)
            self->error = count;
    }
    if (self->written == self->to_write && !self->has_shut && !self->error) {
        self->has_shut = true;
        self->error = tcp_shutdown(self->connection, OS_SHUTDOWN_WRITE);
    }
}

static void pair_read(struct pair_end *self, const struct pair_end *other)
{
    int count = 1;
    while (!self->has_ended && count > 0) {
        count = tcp_read(self->connection, pair.piece, PAIR_PIECE);
        for (int i = 0; i < count; i++)
            if (pair.piece[i] != pair_byte(other, self->read + (uint64_t)i))
                self->error = -EIO;
        if (count > 0)
            self->read += (uint64_t)count;
        else if (count == 0)
            self->has_ended = true;
        else if (count != -EAGAIN)
            self->error = count;
    }
}

// Everything both ways. What went wrong is said.
static bool pair_transfer(uint64_t bytes, uint64_t bytes_back, uint64_t timeout_ns)
{
    struct pair_end *a = &pair.ends[0], *b = &pair.ends[1];
    uint64_t deadline_ns = machine_clock_ns() + timeout_ns;
    a->to_write = bytes;
    b->to_write = bytes_back;
    while (!a->has_ended || !b->has_ended) {
        uint64_t before = pair.changes;
        pair_write(a), pair_read(a, b);
        pair_write(b), pair_read(b, a);
        if (a->error || b->error || (pair.changes == before && !pair_wait(deadline_ns)))
            break;
    }
    bool is_whole = a->read == bytes_back && b->read == bytes;
    if (a->has_ended && b->has_ended && is_whole && !a->error && !b->error)
        return true;
    print("\n  %llu of %llu there, %llu of %llu back; %s, %s\n", (unsigned long long)b->read,
          (unsigned long long)bytes, (unsigned long long)a->read,
          (unsigned long long)bytes_back, a->error ? error_text(a->error) : "no error",
          b->error ? error_text(b->error) : "no error");
    return false;
}

static bool pair_open(const struct lossy_terms *terms, enum os_congestion congestion)
{
    struct os_address here = lossy_address(PAIR_PORT), there = lossy_neighbour(PAIR_PORT);
    memset(pair.ends, 0, sizeof(pair.ends));
    pair.listening.changed = pair_changed;
    pair.ends[0].user.changed = pair.ends[1].user.changed = pair_changed;
    pair.ends[1].salt = 100;
    lossy_set(terms);
    struct pair_end *a = &pair.ends[0];
    if (tcp_open(&pair.listener, &pair.listening) || tcp_bind(pair.listener, &here) ||
        tcp_listen(pair.listener, 4) || tcp_open(&a->connection, &a->user) ||
        tcp_set_option(a->connection, OS_OPTION_CONGESTION, congestion) ||
        tcp_connect(a->connection, &there))
        return false;
    uint64_t deadline_ns = machine_clock_ns() + 200000000000;
    while (tcp_accept(pair.listener, &pair.ends[1].connection, &pair.ends[1].user) == -EAGAIN)
        if (!pair_wait(deadline_ns))
            return false;
    return tcp_set_option(pair.ends[1].connection, OS_OPTION_CONGESTION, congestion) == 0;
}

static void pair_close(void)
{
    for (unsigned i = 0; i < 2; i++)
        if (pair.ends[i].connection)
            tcp_close(pair.ends[i].connection, false);
    tcp_close(pair.listener, false);
}

// What must be as it was when all is over.
struct pair_account {
    size_t pieces, connections, listeners, time_wait, under_way;
};

static struct pair_account pair_account(void)
{
    struct packet_statistics packets;
    struct tcp_statistics connections;
    struct lossy_counters lossy;
    packet_statistics(&packets);
    tcp_statistics(&connections);
    lossy_counters(&lossy);
    return (struct pair_account){packets.pieces, connections.connections, connections.listeners,
                                 connections.time_wait, lossy.under_way};
}
