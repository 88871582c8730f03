// SPDX-License-Identifier: MIT
//
// For tests of IPv4 and what is above: a network device whose other end is the test.
//
//   wire_setup(boot, protocols)               everything up to IP; eth0 is 10.0.2.15/24
//   wire_ip(...); wire_receive(bytes, size)   an IP packet arrives
//   wire_next(&ip)                            the next IP packet that was sent, or false
//
// Neighbours need not be asked for: 10.0.2.2, the gateway, and 10.0.2.9 are known.
#pragma once

#include "unit.h"

#include "boot/board.h"
#include "heap.h"
#include "machine.h"
#include "net/arp.h"
#include "net/checksum.h"
#include "net/ip.h"
#include "page.h"
#include "string.h"
#include "thread.h"
#include "timer.h"

#define WIRE_US      IPV4(10, 0, 2, 15)
#define WIRE_GATEWAY IPV4(10, 0, 2, 2)
#define WIRE_PEER    IPV4(10, 0, 2, 9)
#define WIRE_FAR     IPV4(192, 0, 2, 77)

enum { WIRE_MAX = 2048, WIRE_ETHERNET = 14, WIRE_HEADROOM = 18 };

// A packet as it was sent.
struct wire_ip {
    uint8_t to[MAC_SIZE];
    struct ip_header header;
    uint8_t data[WIRE_MAX]; // behind the IP header
    size_t size;            // of that
};

static struct {
    struct net_device device;
    struct list sent; // packets
    unsigned count;
    const uint8_t us[MAC_SIZE], gateway[MAC_SIZE], peer[MAC_SIZE];
} wire = {.us = {2, 0, 0, 0, 0, 15}, .gateway = {2, 0, 0, 0, 0, 2}, .peer = {2, 0, 0, 0, 0, 9}};

static int wire_transmit(struct net_device *device, struct packet *packet)
{
    list_append(&wire.sent, &packet->link);
    wire.count++;
    return 0;
}

static inline int wire_configure(be32 address, unsigned prefix, be32 gateway)
{
    const struct ip_configuration configuration = {.address = address_ipv4(address, 0),
                                                   .prefix = prefix,
                                                   .gateway = address_ipv4(gateway, 0),
                                                   .source = "static"};
    return ip_configure(&wire.device, &configuration);
}

// Takes the next frame off the wire; ARP is passed over. False: there is none.
static inline bool wire_next(struct wire_ip *ip)
{
    struct list *link;
    thread_yield(); // the services had their turn
    while ((link = list_take_first(&wire.sent))) {
        struct packet *packet = container_of(link, struct packet, link);
        struct ethernet_header ethernet;
        packet_read(packet, 0, &ethernet, sizeof(ethernet));
        memcpy(ip->to, ethernet.destination, MAC_SIZE);
        packet_read(packet, WIRE_ETHERNET, &ip->header, sizeof(ip->header));
        ip->size = packet_read(packet, WIRE_ETHERNET + sizeof(ip->header), ip->data, WIRE_MAX);
        packet_put(packet);
        if (ethernet.type == to_be16(ETHERNET_IPV4))
            return true;
    }
    return false;
}

static inline unsigned wire_forget(void) // how many IP packets there were
{
    static struct wire_ip ip;
    unsigned count = 0;
    while (wire_next(&ip))
        count++;
    return count;
}

static inline void wire_bring_up(void)
{
    static const struct net_operations operations = {.transmit = wire_transmit};
    struct net_device *device = &wire.device;
    list_init(&wire.sent);
    device->operations = &operations;
    device->mtu = 1500;
    device->has_ethernet = true;
    memcpy(device->mac, wire.us, MAC_SIZE);
    netdev_add(device);
    ethernet_attach(device);
    netdev_link(device, true);
    arp_set(device, WIRE_GATEWAY, wire.gateway);
    arp_set(device, WIRE_PEER, wire.peer);
    wire_configure(WIRE_US, 24, WIRE_GATEWAY);
    wire_forget();
}

static inline void wire_setup(const struct boot_info *boot,
                              const struct ip_protocol *const *protocols)
{
    static const struct ethernet_protocol *const above[] = {&ip_protocol_of_ethernet,
                                                            &arp_protocol, NULL};
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    thread_init();
    timer_init();
    machine_interrupts_enable();
    ethernet_init(above);
    arp_init();
    ip_init(protocols);
    wire_bring_up();
}

// A frame of bytes arrives; it begins with its IP header.
static inline void wire_receive_from(const uint8_t mac[MAC_SIZE], const uint8_t to[MAC_SIZE],
                                     const void *bytes, size_t size)
{
    struct packet *packet = packet_alloc(WIRE_HEADROOM, WIRE_ETHERNET + size);
    struct ethernet_header *ethernet = packet_extend(packet, WIRE_ETHERNET);
    memcpy(ethernet->destination, to, MAC_SIZE);
    memcpy(ethernet->source, mac, MAC_SIZE);
    ethernet->type = to_be16(ETHERNET_IPV4);
    memcpy(packet_extend(packet, size), bytes, size);
    netdev_receive(&wire.device, packet);
}

static inline void wire_receive(const void *bytes, size_t size)
{
    wire_receive_from(wire.peer, wire.us, bytes, size);
}

static inline void wire_seal(uint8_t *bytes) // the header's checksum, after a change
{
    struct ip_header *header = (void *)bytes;
    header->checksum = 0;
    header->checksum =
        checksum_finish(checksum_add(0, header, (header->version_and_length & 15) * 4u));
}

// Builds a packet with `size` bytes of data in `bytes`: its whole size.
static inline size_t wire_ip(uint8_t *bytes, be32 source, uint8_t protocol, const void *data,
                             size_t size)
{
    struct ip_header *header = (void *)bytes;
    *header = (struct ip_header){.version_and_length = 0x45,
                                 .total_length = to_be16((uint16_t)(sizeof(*header) + size)),
                                 .ttl = 64,
                                 .protocol = protocol,
                                 .source = source,
                                 .destination = WIRE_US};
    memcpy(bytes + sizeof(*header), data, size);
    wire_seal(bytes);
    return sizeof(*header) + size;
}

// Packets that are alive: none may be left behind by a test.
static inline size_t wire_packets(void)
{
    struct packet_statistics statistics;
    packet_statistics(&statistics);
    return statistics.pieces;
}

static inline struct packet *wire_packet(const void *bytes, size_t size) // to be sent
{
    struct packet *packet = packet_alloc(PACKET_HEADROOM, size);
    memcpy(packet_extend(packet, size), bytes, size);
    packet->transport = packet->data;
    return packet;
}
