// SPDX-License-Identifier: MIT
//
// Network devices: what sends and receives frames, behind one small struct.
//
//   netdev_add(device)                   a driver has found one: "eth0"
//   netdev_transmit(device, packet)      on its way, or dropped: never sleeps, never fails
//   netdev_receive(device, packet)       a driver has got one
//   netdev_find("eth0"), netdev_next(device)
//
// Sending hands frames to the driver at once and tells the device of them once for many: when
// the threads change, or the driver has collected all that came in. What the driver has no
// room for waits in a bounded queue. Checksums and segments that the device does not make
// are made here. Chapter 20.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"
#include "packet.h"

enum { NETDEV_NAME_SIZE = 16, MAC_SIZE = 6, NETDEV_QUEUE_MAX = 512 };

struct net_device;

struct net_operations {
    // Takes the packet over. Never sleeps. 0; -EBUSY: no room now, netdev_has_room() will be
    // called, and the packet is still the caller's; any other error: it is lost.
    int (*transmit)(struct net_device *device, struct packet *packet);
    void (*start)(struct net_device *device); // tells the device of all that was transmitted
};

struct net_counters {
    uint64_t packets, bytes, errors, dropped; // dropped: no room, no memory, nobody wants it
};

struct net_device {
    // Set by the driver, before netdev_add():
    const struct net_operations *operations;
    char name[NETDEV_NAME_SIZE]; // "": netdev_add() gives one, "eth0", "eth1" ...
    uint8_t mac[MAC_SIZE];
    uint16_t mtu;            // bytes of a network layer packet
    bool has_ethernet;       // false: frames are bare IP packets (loopback)
    bool can_checksum;       // completes PACKET_CHECKSUM_PARTIAL of TCP and UDP
    bool can_segment;        // cuts large TCP packets (TSO, IPv4) up to segment_max bytes
    uint32_t segment_max;
    void *driver;
    // What is above: ethernet_receive(), or the loopback's. Set by whoever brings it up; until
    // then frames are counted and dropped.
    void (*receive)(struct net_device *device, struct packet *packet);
    // netdev.c's:
    bool link_up;            // netdev_link() sets it
    bool needs_start;
    unsigned index;          // 1, 2, 3 ...
    struct list all;
    struct list waiting;     // packets that the driver had no room for
    unsigned waiting_count;
    struct net_counters sent, received;
};

// Once, by whoever expects much: TCP segments that follow each other will go up as one packet
// (netdev_merge.c).
void netdev_merge_init(void);
// 0; -EINVAL: an mtu below 68 (RFC 791) or above 65535; -EEXIST: the name.
int netdev_add(struct net_device *device);
struct net_device *netdev_next(struct net_device *device); // NULL: the first
struct net_device *netdev_find(const char *name);
// Takes the packet over: with its link header, ready to go. Large TCP packets and partial
// checksums may be given to any device.
void netdev_transmit(struct net_device *device, struct packet *packet);

// ---- For drivers: between threads, never sleep -----------------------------------------
void netdev_receive(struct net_device *device, struct packet *packet); // takes it over
void netdev_has_room(struct net_device *device);
// The cable is in, or out. Told to all who listen. Says so.
void netdev_link(struct net_device *device, bool up);
// It is gone: its packets are dropped from here on, its link is down.
void netdev_gone(struct net_device *device);
// Around all frames that a driver has collected: what they lead to is sent at the end. Which
// one is the last, for now, may be said before it is received: nothing waits for others then.
void netdev_begin_batch(void);
void netdev_last_of_batch(void);
void netdev_end_batch(void);
// Tells all devices that need it of what was given to them. Called between threads as well.
void netdev_start_all(void);
// `finish` is called right before that: by whoever answers many packets at once (TCP). One
// only. It asks for it by netdev_finish_later().
void netdev_set_finish(void (*finish)(void));
void netdev_finish_later(void);

// ---- For those who look ----------------------------------------------------------------
// Sees every frame, both ways, before anything else happens to it; must not change or keep it.
struct net_tap {
    struct list link;
    void (*frame)(struct net_tap *tap, const struct net_device *device,
                  const struct packet *packet, bool is_sent);
};
void netdev_tap_add(struct net_tap *tap);
void netdev_tap_remove(struct net_tap *tap);
// Told when a link goes up or down: DHCP, ARP, IP.
struct net_listener {
    struct list link;
    void (*changed)(struct net_listener *listener, struct net_device *device);
};
void netdev_listen(struct net_listener *listener);
