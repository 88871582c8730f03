// SPDX-License-Identifier: MIT
//
// IPv4, what the way to a host lets through, when that is less than our own link does: a router
// has said so (RFC 1191).
//
//   ip_mtu_lower(&destination, mtu)     believed for ten minutes
//
// Anybody can send such a message, so few are kept and none for long; whoever calls this has
// looked whether the packet that it quotes was really sent.
// Chapter 21.
#include "error.h"
#include "ip_parts.h"
#include "machine.h"
#include "timer.h"

enum { HOSTS_MAX = 32 };
#define KEPT_NS (10 * 60 * 1000000000ull) // RFC 1191, 6.3

static struct {
    struct host {
        be32 address; // 0: free
        uint32_t mtu;
        uint64_t end_ns;
    } hosts[HOSTS_MAX];
    unsigned count;
    struct timer timer; // until the first of them ends
} mtus;

static struct host *find(be32 address)
{
    for (unsigned i = 0; i < HOSTS_MAX; i++) {
        if (mtus.hosts[i].address == address)
            return &mtus.hosts[i];
    }
    return NULL;
}

// The one that ends first of those in use, or NULL.
static struct host *find_oldest(void)
{
    struct host *oldest = NULL;
    for (unsigned i = 0; i < HOSTS_MAX; i++) {
        struct host *host = &mtus.hosts[i];
        if (host->address != 0 && (!oldest || host->end_ns < oldest->end_ns))
            oldest = host;
    }
    return oldest;
}

// A larger packet is tried again.
static void forget_old(struct timer *timer)
{
    uint64_t now_ns = machine_clock_ns();
    struct host *oldest;
    while ((oldest = find_oldest()) && oldest->end_ns <= now_ns) {
        *oldest = (struct host){0};
        mtus.count--;
    }
    if (oldest)
        timer_start(timer, oldest->end_ns, forget_old);
    ip_forget_flows();
}

uint32_t ip_mtu_of(be32 destination, uint32_t mtu)
{
    const struct host *host = mtus.count > 0 ? find(destination) : NULL;
    return host && host->mtu < mtu ? host->mtu : mtu;
}

void ip_mtu_lower(const struct os_address *destination, uint32_t mtu)
{
    be32 address = address_be32(destination);
    if (destination->family != OS_IPV4 || address == 0)
        return;
    if (mtu < IP_MTU_MIN)
        mtu = IP_MTU_MIN;
    struct host *host = find(address);
    if (host && host->mtu <= mtu)
        return; // that is no news, and does not make the old news younger
    if (!host && mtus.count < HOSTS_MAX) {
        host = find(0);
        mtus.count++;
    }
    if (!host)
        host = find_oldest();
    *host = (struct host){address, mtu, timer_deadline_after(KEPT_NS)};
    if (!timer_is_running(&mtus.timer))
        timer_start(&mtus.timer, host->end_ns, forget_old);
    ip_forget_flows();
}
