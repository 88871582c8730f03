// SPDX-License-Identifier: MIT
//
// For tcp_script.h: segments on the wire, written and read by the test.
//
//   send(ACK, 1, 1, "text")               a segment of the peer's arrives
//   CHECK(expect(SYN | ACK, 0, 1, 0))     the next one that we sent has these, and no more
//   CHECK(silent())                       nothing was sent
//   pass_ms(40)                           so much time goes by
//
// Numbers are relative: 0 is each side's SYN. The peer is 10.0.2.9, port 4000; we have port 80.
#pragma once

#include "fake_time.h"
#include "ip_wire.h"

#include "error.h"
#include "net/tcp.h"
#include "net/tcp_parts.h"
#include "print.h"
#include "test.h"

enum {
    FIN = TCP_FIN, SYN = TCP_SYN, RST = TCP_RST, PSH = TCP_PSH, ACK = TCP_ACK, URG = TCP_URG,
};
enum { PEER_PORT = 4000, OUR_PORT = 80, SCRIPT_OPTIONS = 40 };

// How the peer's segments look; the test may change it between them.
static struct {
    tcp_sequence peer_first, our_first; // of the SYNs
    uint16_t window, peer_port, our_port, urgent; // the last: behind the segment's beginning
    uint8_t options[SCRIPT_OPTIONS];    // of the next segment only
    size_t options_size;
    bool bad_checksum;
    size_t filling;         // bytes that fill the frame up
    // The last one that we sent:
    struct tcp_options seen;
    struct ip_header ip;
    struct tcp_header header;
    uint8_t data[WIRE_MAX];
    size_t size;                        // of the data
} script = {.peer_first = 1000, .window = 65535, .peer_port = PEER_PORT, .our_port = OUR_PORT};

// Of fake_time.h's world: wire_setup() calls it.
void timer_init(void)
{
}

static inline void script_setup(const struct boot_info *boot)
{
    static const struct ip_protocol *const protocols[] = {&tcp_protocol, NULL};
    wire_setup(boot, protocols);
    tcp_init();
}

static inline void pass_ms(uint64_t ms)
{
    time_passes(ms * 1000000);
}

// ---- What the peer sends ------------------------------------------------------------


static inline void script_option(const void *bytes, size_t size)
{
    memcpy(script.options + script.options_size, bytes, size);
    script.options_size += size;
}

static inline void with_mss(uint16_t mss)
{
    script_option((uint8_t[]){2, 4, (uint8_t)(mss >> 8), (uint8_t)mss}, 4);
}

static inline void with_scale(uint8_t shift)
{
    script_option((uint8_t[]){1, 3, 3, shift}, 4);
}

static inline void with_sack(void)
{
    script_option((uint8_t[]){1, 1, 4, 2}, 4);
}

static inline void with_time(uint32_t value, uint32_t echo)
{
    uint8_t bytes[12] = {1, 1, 8, 10};
    be32_write(bytes + 4, value);
    be32_write(bytes + 8, echo);
    script_option(bytes, sizeof(bytes));
}

static inline void send_bytes(unsigned flags, uint32_t sequence, uint32_t acknowledgment,
                              const void *data, size_t size)
{
    static uint8_t segment[WIRE_MAX] __attribute__((aligned(4)));
    static uint8_t bytes[WIRE_MAX] __attribute__((aligned(4)));
    struct tcp_header *header = (void *)segment;
    size_t header_size = sizeof(*header) + script.options_size;
    *header = (struct tcp_header){
        .source = to_be16(script.peer_port),
        .destination = to_be16(script.our_port),
        .sequence = to_be32(script.peer_first + sequence),
        .acknowledgment = flags & ACK ? to_be32(script.our_first + acknowledgment) : 0,
        .offset = (uint8_t)(header_size / 4 << 4),
        .flags = (uint8_t)flags,
        .window = to_be16(script.window),
        .urgent = to_be16(flags & URG ? script.urgent : 0)};
    memcpy(segment + sizeof(*header), script.options, script.options_size);
    memcpy(segment + header_size, data, size);
    const struct os_address us = address_ipv4(WIRE_US, 0), peer = address_ipv4(WIRE_PEER, 0);
    uint64_t sum = ip_pseudo_sum(&peer, &us, IP_TCP, header_size + size);
    header->checksum = checksum_finish(checksum_add(sum, segment, header_size + size));
    if (script.bad_checksum)
        header->checksum ^= 1;
    script.options_size = 0;
    size_t total = wire_ip(bytes, WIRE_PEER, IP_TCP, segment, header_size + size);
    wire_receive(bytes, total + script.filling);
}

static inline void send(unsigned flags, uint32_t sequence, uint32_t acknowledgment,
                        const char *text)
{
    send_bytes(flags, sequence, acknowledgment, text, strlen(text));
}

// ---- What we send -------------------------------------------------------------------

static inline bool is_summed(const struct wire_ip *ip)
{
    struct os_address from = address_ipv4(from_be32(ip->header.source), 0);
    struct os_address to = address_ipv4(from_be32(ip->header.destination), 0);
    uint64_t sum = ip_pseudo_sum(&from, &to, IP_TCP, ip->size);
    return checksum_finish(checksum_add(0, &ip->header, sizeof(ip->header))) == 0 &&
           checksum_finish(checksum_add(sum, ip->data, ip->size)) == 0;
}

// The next segment that we have sent, into `script`. False: there is none.
static inline bool next_segment(void)
{
    static struct wire_ip ip;
    if (!wire_next(&ip))
        return false;
    ASSERT(is_summed(&ip));
    size_t header_size;
    script.ip = ip.header;
    memcpy(&script.header, ip.data, sizeof(script.header));
    header_size = (size_t)(script.header.offset >> 4) * 4;
    tcp_options_read(ip.data + sizeof(script.header), header_size - sizeof(script.header),
                     &script.seen);
    script.size = ip.size - header_size;
    memcpy(script.data, ip.data + header_size, script.size);
    if (script.header.flags & SYN)
        script.our_first = from_be32(script.header.sequence);
    return true;
}

static inline uint32_t seen_window(void)
{
    return from_be16(script.header.window);
}

static inline uint32_t seen_sequence(void)
{
    return from_be32(script.header.sequence) - script.our_first;
}

static inline uint32_t seen_acknowledgment(void)
{
    return from_be32(script.header.acknowledgment) - script.peer_first;
}

// Whether the next segment is this one, PSH aside. What came instead is printed.
static inline bool expect(unsigned flags, uint32_t sequence, uint32_t acknowledgment,
                          size_t size)
{
    if (!next_segment()) {
        print("  no segment; expected flags %x, %u, ack %u, %zu bytes\n", flags, sequence,
              acknowledgment, size);
        return false;
    }
    bool has_ack = script.header.flags & ACK;
    if ((script.header.flags & ~(unsigned)PSH) == flags && seen_sequence() == sequence &&
        (!has_ack || seen_acknowledgment() == acknowledgment) && script.size == size)
        return true;
    print("  flags %x, %u, ack %u, %zu bytes; expected %x, %u, ack %u, %zu bytes\n",
          script.header.flags, seen_sequence(), seen_acknowledgment(), script.size, flags,
          sequence, acknowledgment, size);
    return false;
}

static inline bool silent(void)
{
    if (!next_segment())
        return true;
    print("  flags %x, %u, ack %u, %zu bytes; expected nothing\n", script.header.flags,
          seen_sequence(), seen_acknowledgment(), script.size);
    return false;
}
