// SPDX-License-Identifier: MIT
//
// For fuzz_tcp.c: the segments that peers make, as the fuzzer's bytes say. See peer.h.
#pragma once

#include "peer.h"

// In memory of exactly its size, so that the first byte behind it is nobody's; `shift`: where
// that begins, from a multiple of 16.
static inline struct packet *exact_piece(const void *bytes, size_t size, size_t shift)
{
    uint8_t *copy = malloc(shift + size);
    struct packet *packet = packet_wrap(copy + shift, size, free, copy);
    ASSERT(copy && packet);
    memcpy(copy + shift, bytes, size);
    return packet;
}

static inline void wire_receive_exact(const void *bytes, size_t size)
{
    static uint8_t frame[WIRE_ETHERNET + WIRE_MAX];
    struct ethernet_header ethernet = {.type = to_be16(ETHERNET_IPV4)};
    memcpy(ethernet.destination, wire.us, MAC_SIZE);
    memcpy(ethernet.source, wire.peer, MAC_SIZE);
    memcpy(frame, &ethernet, sizeof(ethernet));
    memcpy(frame + sizeof(ethernet), bytes, size);
    netdev_receive(&wire.device, exact_piece(frame, WIRE_ETHERNET + size, 2));
}

static inline size_t put_timestamp(const struct peer *peer, uint8_t *at, bool is_old)
{
    uint32_t now = (uint32_t)(machine_clock_ns() / 1000000) - (is_old ? input_word() : 0);
    memcpy(at, (uint8_t[]){1, 1, 8, 10}, 4);
    be32_write(at + 4, now);
    be32_write(at + 8, peer->our_timestamp);
    return 12;
}

static inline size_t put_blocks(const struct peer *peer, uint8_t *at, const uint8_t *end)
{
    unsigned count = 1 + input_byte() % 4;
    uint8_t *start = at;
    memcpy(at, (uint8_t[]){1, 1, 5, (uint8_t)(2 + count * 8)}, 4);
    for (at += 4; count > 0 && at + 8 <= end; at += 8, count--) {
        be32_write(at, peer->our_next - input_word());
        be32_write(at + 4, be32_read(at) + input_word());
    }
    start[3] = (uint8_t)(at - start - 2);
    return (size_t)(at - start);
}

static inline size_t put_syn_options(uint8_t *at)
{
    uint8_t which = input_byte(), *start = at;
    memcpy(at, (uint8_t[]){2, 4, (uint8_t)(which & 0x1f), 0xb4}, 4);
    at += 4;
    if (which & 0x40) {
        memcpy(at, (uint8_t[]){1, 3, 3, input_byte()}, 4);
        at += 4;
    }
    if (which & 0x80) {
        memcpy(at, (uint8_t[]){1, 1, 4, 2}, 4);
        at += 4;
    }
    return (size_t)(at - start);
}

// Up to 40 bytes.
static inline size_t put_options(unsigned i, unsigned odd, unsigned flags, uint8_t *at)
{
    const struct tcp_connection *connection = peer_connection(i);
    uint8_t *start = at, *end = at + 40;
    bool has_time = flags & TCP_SYN || (connection && connection->has_timestamps);
    if (flags & TCP_SYN)
        at += put_syn_options(at);
    if (has_time != ((odd & ODD_TIME) != 0))
        at += put_timestamp(&peers[i], at, odd & ODD_OLD);
    if (odd & ODD_BLOCKS)
        at += put_blocks(&peers[i], at, end);
    if (odd & ODD_OPTIONS)
        for (unsigned count = input_byte() % 10 * 4; count > 0 && at < end; count--)
            *at++ = input_byte();
    return (size_t)(at - start);
}

// `right`, or near it, or anywhere, or `other`.
static inline tcp_sequence bend(tcp_sequence right, tcp_sequence other, unsigned how)
{
    switch (how) {
    case 0: return right;
    case 1: return right + input_byte();
    case 2: return right - input_byte();
    case 3: return right + input_word();
    case 4: return right - input_word();
    case 5: return right + ((uint32_t)input_word() << 16);
    case 6: return other;
    default: return right;
    }
}

// A segment of the peer's, as the bytes say: peer and oddities, flags, numbers, length, window.
static inline void peer_sends(void)
{
    static uint8_t segment[WIRE_MAX] __attribute__((aligned(4)));
    static uint8_t bytes[WIRE_MAX] __attribute__((aligned(4)));
    static const uint16_t windows[] = {65535, 0, 1, 100, 536, 1460, 4000, 20000};
    uint8_t who = input_byte(), flags = input_byte(), numbers = input_byte();
    unsigned i = (who & 7) % PEERS, odd = who & 0xf8;
    struct peer *peer = &peers[i];
    uint8_t length = input_byte(), window = numbers >> 6 & 1 ? input_byte() : 0;
    size_t size = length < 200 ? length : (size_t)(length - 199) * 26;
    tcp_sequence start = flags & TCP_SYN ? peer->first : peer->next;
    struct tcp_header *header = (void *)segment;
    *header = (struct tcp_header){
        .source = to_be16((uint16_t)(PEER_PORT + i)),
        .destination = to_be16(peer->our_port ? peer->our_port : OUR_PORT),
        .sequence = to_be32(bend(start, peer->our_acknowledgment, numbers & 7)),
        .acknowledgment = to_be32(bend(peer->our_next, peer->our_first, numbers >> 3 & 7)),
        .flags = flags,
        .window = to_be16(windows[window % 8])};
    size_t header_size = sizeof(*header);
    header_size += put_options(i, odd, flags, segment + header_size);
    while (header_size % 4)
        segment[header_size++] = 0;
    header->offset = (uint8_t)(header_size / 4 << 4);
    tcp_sequence first = from_be32(header->sequence) + (flags & TCP_SYN ? 1 : 0);
    for (size_t at = 0; at < size; at++)
        segment[header_size + at] = peer_data(first + (tcp_sequence)at);
    const struct os_address us = address_ipv4(WIRE_US, 0), from = address_ipv4(WIRE_PEER, 0);
    uint64_t sum = ip_pseudo_sum(&from, &us, IP_TCP, header_size + size);
    header->checksum = checksum_finish(checksum_add(sum, segment, header_size + size));
    size_t total = wire_ip(bytes, WIRE_PEER, IP_TCP, segment, header_size + size);
    if (numbers % 8 == 0 || numbers % 8 == 6) // as an honest one counts
        peer->next = first + (tcp_sequence)size + (flags & TCP_FIN ? 1 : 0);
    if (odd & ODD_PLACE)
        wire_receive(bytes, total);
    else
        wire_receive_exact(bytes, total);
}
