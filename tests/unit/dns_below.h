// SPDX-License-Identifier: MIT
//
// What is below the DNS resolver, and its server's side, for tests.
//
//   ask(name, servers)            nothing is known, and so many servers are
//   answer(address, ttl)          one address; or reply(), dns_put() ..., arrives()
//   check_found(address), check_failed(error)
#pragma once

#include "boot/board.h"
#include "dns_server.h"
#include "error.h"
#include "fake_time.h"
#include "fake_udp.h"
#include "heap.h"
#include "net/dns.h"
#include "net/dns_cache.h"
#include "page.h"
#include "thread.h"
#include "unit.h"

#define WWW "\3www\7example\3org"
#define ASKED "\xc0\x0c" // a pointer to the question's name
#define FIRST "\12\0\0\1"
#define SECOND_ONE "\12\0\0\2"

// ---- What is below ------------------------------------------------------------------

static struct {
    struct net_device device;
    struct ip_configuration configuration;
} below;

const struct ip_configuration *ip_configuration(const struct net_device *device)
{
    return &below.configuration;
}

static inline void set_servers(unsigned count)
{
    for (unsigned i = 0; i < 3; i++)
        below.configuration.servers[i] =
            i < count ? address_ipv4(IPV4(10, 0, 2, 3 + i), 0) : (struct os_address){0};
}

void unit_setup(const struct boot_info *boot)
{
    static const struct net_operations operations = {0};
    const struct board *board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    heap_init();
    thread_init();
    below.device = (struct net_device){.operations = &operations, .mtu = 1500};
    netdev_add(&below.device);
    dns_init();
}

// ---- Asking -------------------------------------------------------------------------

static struct dns_query query;
static unsigned done;

static inline void count_done(struct dns_query *ended)
{
    CHECK(ended == &query);
    done++;
}

// What is known is forgotten before.
static inline void ask(const char *name, unsigned servers)
{
    dns_cache_clear();
    set_servers(servers);
    done = 0;
    query.done = count_done;
    dns_ask(&query, name, OS_IPV4, NULL);
}

static inline void ask_again(const char *name)
{
    done = 0;
    fake_udp.sent = 0;
    dns_ask(&query, name, OS_IPV4, NULL);
}

static inline struct dns_reply reply(void)
{
    return dns_reply_to(fake_udp.bytes, fake_udp.size);
}

static inline void arrives(const struct dns_reply *reply)
{
    udp_arrives(reply->bytes, reply->size, DNS_PORT);
}

static inline void answer(const char *address, uint32_t ttl_s)
{
    struct dns_reply answer = reply();
    dns_put(&answer, ASKED, DNS_A, ttl_s, address, 4);
    arrives(&answer);
}

static inline void check_found(const char *bytes)
{
    CHECK_EQUAL(done, 1);
    CHECK_EQUAL(query.error, 0);
    CHECK(memcmp(query.answer.addresses[0].bytes, bytes, 4) == 0);
    CHECK(!fake_udp.port);
}

static inline void check_failed(int error)
{
    CHECK_EQUAL(done, 1);
    CHECK_EQUAL(query.error, error);
    CHECK(!fake_udp.port);
    CHECK(!timer_is_running(&query.timer));
}
