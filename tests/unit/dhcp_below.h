// SPDX-License-Identifier: MIT
//
// What is below a DHCP client, and its server's side, for tests: an interface without IP and
// ARP, which note what is done to them.
//
//   begin()                       no address, and DISCOVER is out
//   offer(), acknowledge(), refuse(), answer(&answer)
//   said(option)                  of the last message
#pragma once

#include "boot/board.h"
#include "dhcp_server.h"
#include "error.h"
#include "fake_time.h"
#include "fake_udp.h"
#include "heap.h"
#include "net/arp.h"
#include "net/dhcp.h"
#include "net/dhcp_message.h"
#include "page.h"
#include "thread.h"
#include "unit.h"

#define OURS IPV4(10, 0, 2, 15)
#define SERVER IPV4(10, 0, 2, 2)
#define EVERYBODY IPV4(255, 255, 255, 255)

// ---- What is below ------------------------------------------------------------------

static struct {
    struct net_device device;
    struct ip_configuration configuration; // no family: none
    struct ip_listener *listener;
    unsigned configured;
    int configure_error;
    be32 probed;
    void (*probe_done)(void *context, bool is_taken, const uint8_t by[MAC_SIZE]);
    void *probe_context;
    void (*conflict)(struct net_device *device, be32 ip, const uint8_t by[MAC_SIZE]);
} below;

int ip_configure(struct net_device *device, const struct ip_configuration *configuration)
{
    below.configured++;
    if (below.configure_error)
        return below.configure_error;
    below.configuration = *configuration;
    below.listener->changed(below.listener);
    return 0;
}

const struct ip_configuration *ip_configuration(const struct net_device *device)
{
    return below.configuration.address.family ? &below.configuration : NULL;
}

void ip_listen(struct ip_listener *listener)
{
    below.listener = listener;
}

int arp_probe(struct net_device *device, be32 ip,
              void (*done)(void *context, bool is_taken, const uint8_t by[MAC_SIZE]),
              void *context)
{
    below.probed = ip;
    below.probe_done = done;
    below.probe_context = context;
    return 0;
}

void arp_set_conflict(void (*conflict)(struct net_device *device, be32 ip,
                                       const uint8_t by[MAC_SIZE]))
{
    below.conflict = conflict;
}

static inline struct net_device *device(void)
{
    return &below.device;
}

void unit_setup(const struct boot_info *boot)
{
    static const struct net_operations operations = {0};
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    thread_init();
    below.device = (struct net_device){.operations = &operations,
                                       .mac = {2, 0, 0, 0, 0, 1},
                                       .mtu = 1500,
                                       .has_ethernet = true,
                                       .link_up = true};
    netdev_add(device());
    dhcp_init("unit");
}

// From the very start: no address, and DISCOVER is out.
static inline void begin(void)
{
    below.configure_error = 0;
    fake_udp.send_error = 0;
    ip_configure(device(), &(struct ip_configuration){.source = ""});
    netdev_link(device(), true);
    CHECK_EQUAL(dhcp_start(device()), 0);
    CHECK_EQUAL(dhcp_state(device()), DHCP_SELECTING);
}

static inline be32 address(void)
{
    return address_be32(&below.configuration.address);
}

static inline void answer(const struct server_answer *answer)
{
    uint8_t bytes[SERVER_ANSWER_MAX];
    size_t size = server_write(bytes, answer, fake_udp.bytes);
    udp_arrives(bytes, size, DHCP_SERVER_PORT);
}

static inline void offer(void)
{
    answer(&(struct server_answer){.type = DHCP_OFFER, .address = OURS, .server = SERVER,
                                   .mask = IPV4(255, 255, 255, 0), .lease_s = 1000});
}

static inline void acknowledge(void)
{
    answer(&(struct server_answer){.type = DHCP_ACK, .address = OURS, .server = SERVER,
                                   .mask = IPV4(255, 255, 255, 0), .gateway = SERVER,
                                   .dns = IPV4(10, 0, 2, 3), .ntp = IPV4(10, 0, 2, 9),
                                   .lease_s = 1000});
}

static inline void refuse(void)
{
    answer(&(struct server_answer){.type = DHCP_NAK, .server = SERVER});
}

static inline void become_bound(void)
{
    begin();
    offer();
    acknowledge();
    CHECK_EQUAL(dhcp_state(device()), DHCP_BOUND);
}

// What was said last: option `code` of it as a number, 0: it is not there.
static inline uint32_t said(uint8_t code)
{
    return server_option(fake_udp.bytes, fake_udp.size, code);
}
