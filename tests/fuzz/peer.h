// SPDX-License-Identifier: MIT
//
// For fuzz_tcp.c: a few peers on the wire, what they know of us, and how they look at every
// segment of ours.
//
// They (peers.h) fill in what a stranger could not guess: sequence numbers near the right ones,
// timestamps, checksums. Each byte of data follows from its sequence number, both ways: a byte
// that has come to the wrong place is seen wherever it turns up.
#pragma once

#include <stdlib.h>

#include "input.h"
#include "net/tcp.h"
#include "net/tcp_parts.h"
#include "tests/unit/fake_time.h"
#include "tests/unit/ip_wire.h"

enum {
    PEERS = 6,
    PEERS_LISTENING = 4, // the rest are those that we connect to
    PEER_PORT = 4000,    // of the first; the others follow
    OUR_PORT = 80,
    PEER_DATA_MAX = 1460,
};

// What the fuzzer's byte says of a segment, besides its flags.
enum oddity {
    ODD_OLD = 0x08,      // its timestamp is from earlier
    ODD_TIME = 0x10,     // a timestamp where there should be none, or the other way round
    ODD_BLOCKS = 0x20,   // SACK blocks
    ODD_OPTIONS = 0x40,  // options of any bytes
    ODD_PLACE = 0x80,    // not in a buffer of its own size, but as the driver has them
};

struct peer {
    uint16_t our_port;                 // OUR_PORT, or as our SYN said; 0: not yet
    tcp_sequence first, next;          // its own numbers: SYN, what follows
    tcp_sequence our_first, our_next;  // ours, as seen
    tcp_sequence our_acknowledgment;
    uint32_t our_window;
    uint32_t our_timestamp;
};

static struct peer peers[PEERS];
static bool peers_know_our_data = true; // what we write is our_data()

// timer.c's, which is not there: time is fake.
void timer_init(void)
{
}

static inline uint8_t peer_data(tcp_sequence sequence)
{
    return (uint8_t)(sequence * 31 + (sequence >> 8) * 7 + 1);
}

static inline uint8_t our_data(tcp_sequence sequence)
{
    return (uint8_t)(sequence * 13 + (sequence >> 8) * 3 + 5);
}

static inline struct tcp_connection *peer_connection(unsigned i)
{
    const struct os_address local = address_ipv4(WIRE_US, peers[i].our_port);
    const struct os_address remote = address_ipv4(WIRE_PEER, (uint16_t)(PEER_PORT + i));
    struct tcp_entry *entry = tcp_table_find(&local, &remote);
    if (!entry || entry->is_time_wait)
        return NULL;
    return container_of(entry, struct tcp_connection, entry);
}

static inline void peers_begin(void)
{
    memset(peers, 0, sizeof(peers));
    for (unsigned i = 0; i < PEERS; i++) {
        peers[i].first = peers[i].next = 0xfffff000 + i * 0x700; // some of them wrap around
        peers[i].our_port = i < PEERS_LISTENING ? OUR_PORT : 0;
    }
}

// ---- What we send -------------------------------------------------------------------

static inline void check_data(const struct peer *peer, tcp_sequence sequence,
                              const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size && peers_know_our_data; i++)
        if (data[i] != our_data(sequence + (tcp_sequence)i))
            panic("port %u: byte %zu of a segment is not the one that was written",
                  peer->our_port, i);
}

static inline void peer_sees(const struct wire_ip *ip)
{
    const struct tcp_header *header = (const void *)ip->data;
    unsigned i = from_be16(header->destination) - PEER_PORT;
    const struct os_address us = address_ipv4(WIRE_US, 0), peer = address_ipv4(WIRE_PEER, 0);
    ASSERT(ip->size >= sizeof(*header) && ip->size <= 1480);
    uint64_t sum = ip_pseudo_sum(&us, &peer, IP_TCP, ip->size);
    ASSERT(checksum_finish(checksum_add(sum, ip->data, ip->size)) == 0);
    size_t header_size = (size_t)(header->offset >> 4) * 4;
    ASSERT(header_size >= sizeof(*header) && header_size <= ip->size);

    if (i >= PEERS) // it was none of them who asked
        return;
    struct peer *p = &peers[i];
    struct tcp_options options;
    tcp_options_read(ip->data + sizeof(*header), header_size - sizeof(*header), &options);
    if (header->flags & TCP_RST)
        return;
    tcp_sequence sequence = from_be32(header->sequence);
    size_t size = ip->size - header_size;
    if (header->flags & TCP_SYN) {
        p->our_port = from_be16(header->source);
        p->our_first = sequence;
        p->our_next = sequence + 1;
        ASSERT(size == 0);
    }
    check_data(p, sequence, ip->data + header_size, size);
    tcp_sequence end = sequence + (tcp_sequence)size + (header->flags & TCP_FIN ? 1 : 0);
    p->our_next = sequence_later(p->our_next, end);
    p->our_acknowledgment = from_be32(header->acknowledgment);
    p->our_window = from_be16(header->window);
    p->our_timestamp = options.timestamp;
}

static inline void peers_look(void)
{
    static struct wire_ip ip __attribute__((aligned(4)));
    const be16 is_fragment = to_be16(IP_OFFSET_MASK | IP_MORE_FRAGMENTS);
    while (wire_next(&ip))
        if (ip.header.protocol == IP_TCP && !(ip.header.fragment & is_fragment))
            peer_sees(&ip);
}
