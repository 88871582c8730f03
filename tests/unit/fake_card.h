// SPDX-License-Identifier: MIT
//
// A network card made of variables, for tests: what was sent to it stays there to be looked at,
// what it receives the test says.
#pragma once

#include "error.h"
#include "net/ethernet.h"
#include "net/netdev.h"
#include "string.h"

enum { CARD_FRAMES = 600 };

static struct {
    struct net_device device;
    struct packet *sent[CARD_FRAMES]; // since card_clear()
    unsigned count;
    unsigned room;       // how many it still takes before it says that it is full
    int error;           // what it answers instead
    unsigned starts;
} card;

static int card_transmit(struct net_device *device, struct packet *packet)
{
    (void)device;
    if (card.error) {
        packet_put(packet);
        return card.error;
    }
    if (card.room == 0)
        return -EBUSY;
    card.room--;
    card.sent[card.count++] = packet;
    return 0;
}

static void card_start(struct net_device *device)
{
    (void)device;
    card.starts++;
}

static const struct net_operations card_operations = {.transmit = card_transmit,
                                                      .start = card_start};

// What was sent goes, and there is room again.
static inline void card_clear(void)
{
    for (unsigned i = 0; i < card.count; i++)
        packet_put(card.sent[i]);
    card.count = card.starts = 0;
    card.room = CARD_FRAMES;
    card.error = 0;
}

// Once: a card "eth0" with the address 52:54:00:00:00:01.
static inline int card_add(void)
{
    static const uint8_t mac[MAC_SIZE] = {0x52, 0x54, 0, 0, 0, 1};
    card.device.operations = &card_operations;
    card.device.mtu = 1500;
    card.device.has_ethernet = true;
    card.device.segment_max = 65535;
    memcpy(card.device.mac, mac, MAC_SIZE);
    int error = netdev_add(&card.device);
    card.device.link_up = true;
    card_clear();
    return error;
}

// For a test that begins: nothing was sent yet, nothing counted.
static inline void card_begin(void)
{
    card_clear();
    netdev_start_all();
    card.starts = 0;
    card.device.can_checksum = card.device.can_segment = false;
    card.device.sent = card.device.received = (struct net_counters){0};
}

// Pieces of packets that somebody has.
static inline size_t card_live_pieces(void)
{
    struct packet_statistics statistics;
    packet_statistics(&statistics);
    return statistics.pieces;
}

static inline struct packet *card_frame(size_t size)
{
    size_t headroom = PACKET_HEADROOM - sizeof(struct ethernet_header); // as layers leave it
    struct packet *packet = packet_alloc(headroom, size);
    memset(packet_extend(packet, size), 0x55, size);
    return packet;
}

// These bytes come in.
static inline void card_receive(const void *bytes, size_t size)
{
    struct packet *packet = packet_alloc(2, size);
    memcpy(packet_extend(packet, size), bytes, size);
    netdev_receive(&card.device, packet);
}
