// SPDX-License-Identifier: MIT
//
// For tests of ARP: a link with two neighbours, who say what the test wants.
#pragma once

#include "net/arp.h"

#include "boot/board.h"
#include "heap.h"
#include "machine.h"
#include "net/address.h"
#include "page.h"
#include "print.h"
#include "test.h"
#include "thread.h"
#include "timer.h"
#include "unit.h"

#include "fake_card.h"

#define US    IPV4(10, 0, 2, 15)
#define PEER  IPV4(10, 0, 2, 2)
#define OTHER IPV4(10, 0, 2, 3)

enum { REQUEST = 1, REPLY = 2, TABLE = 256, MS = 1000000 };

static const uint8_t peer_mac[MAC_SIZE] = {2, 0, 0, 0, 0, 2};
static const uint8_t other_mac[MAC_SIZE] = {2, 0, 0, 0, 0, 3};

static unsigned unreachable; // packets that came back

static inline void count_unreachable(struct packet *packet)
{
    unreachable++;
    packet_put(packet);
}

static inline void arp_setup(const struct boot_info *boot)
{
    static const struct ethernet_protocol *const protocols[] = {&arp_protocol, NULL};
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    thread_init();
    timer_init();
    machine_interrupts_enable();
    card_add();
    ethernet_init(protocols);
    ethernet_attach(&card.device);
    arp_init();
    arp_set_unreachable(count_unreachable);
}

static inline void arp_begin(void)
{
    arp_flush(&card.device);
    arp_forget(PEER);
    arp_set_address(&card.device, US);
    card_clear();
    unreachable = 0;
}

// ---- Messages ---------------------------------------------------------------------------

struct arp_test_message {
    uint8_t to[MAC_SIZE], from[MAC_SIZE], fixed[8]; // up to the sizes
    uint8_t operation[2], sender[MAC_SIZE], sender_ip[4], target[MAC_SIZE], target_ip[4];
};

static inline struct arp_test_message arp_message(unsigned operation, const uint8_t *mac,
                                                  be32 sender, be32 target)
{
    struct arp_test_message made = {.fixed = {0x08, 0x06, 0, 1, 0x08, 0, 6, 4},
                           .operation = {0, (uint8_t)operation}};
    memcpy(made.to, card.device.mac, MAC_SIZE);
    memcpy(made.from, mac, MAC_SIZE);
    memcpy(made.sender, mac, MAC_SIZE);
    memcpy(made.sender_ip, &sender, 4);
    memcpy(made.target_ip, &target, 4);
    return made;
}

static inline void arp_hear(unsigned operation, const uint8_t *mac, be32 sender, be32 target)
{
    struct arp_test_message made = arp_message(operation, mac, sender, target);
    card_receive(&made, sizeof(made));
}

// Whether the i-th frame that was sent is that.
static inline bool arp_is_sent(unsigned i, unsigned operation, be32 sender, be32 target,
                               const uint8_t *to)
{
    struct arp_test_message sent;
    if (i >= card.count || card.sent[i]->total != sizeof(sent))
        return false;
    packet_read(card.sent[i], 0, &sent, sizeof(sent));
    return sent.operation[1] == operation && memcmp(sent.sender_ip, &sender, 4) == 0 &&
           memcmp(sent.target_ip, &target, 4) == 0 && memcmp(sent.to, to, MAC_SIZE) == 0 &&
           memcmp(sent.sender, card.device.mac, MAC_SIZE) == 0;
}

static inline void arp_send_to(be32 next_hop, uint8_t number)
{
    struct packet *packet = packet_alloc(PACKET_HEADROOM, 1);
    *(uint8_t *)packet_extend(packet, 1) = number;
    arp_send(&card.device, packet, next_hop);
}

static inline int arp_state_of(be32 ip)
{
    struct arp_entry_info info;
    for (unsigned i = 0; arp_next(i, &info); i++) {
        if (info.ip == ip)
            return (int)info.state;
    }
    return -1;
}

static inline unsigned arp_entries(void)
{
    struct arp_entry_info info;
    unsigned count = 0;
    while (arp_next(count, &info))
        count++;
    return count;
}
