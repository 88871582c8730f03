// SPDX-License-Identifier: MIT
//
// ARP and our own addresses: probed before they are used, announced, defended (RFC 5227).
//
//   arp_probe()           "does anybody have it?", three times, before it is ours
//   arp_set_address()     "it is at my address", twice, to whoever had heard otherwise
//   arp_set_conflict()    somebody else says that, too, and goes on after we said so again
//
// Chapter 20.
#include "error.h"
#include "heap.h"
#include "machine.h"
#include "net/arp_parts.h"
#include "print.h"

enum { PROBES = 3, ANNOUNCEMENTS = 2 };

// RFC 5227, 1.1 has 1 to 2 seconds between probes and 2 after the last: chosen for bridges
// that begin to forward seconds after the cable is in. A quarter of it keeps the boot short.
#define PROBE_INTERVAL_NS 300000000ull
#define PROBE_LAST_WAIT_NS 500000000ull
#define ANNOUNCE_INTERVAL_NS 2000000000ull
#define DEFEND_INTERVAL_NS 10000000000ull

// What ARP knows of a device of ours.
struct arp_owner {
    struct list all;
    struct net_device *device;
    be32 ip;                  // 0: none
    unsigned announcements;   // still to be sent
    struct timer announce;
    uint64_t defended_ns;     // when we last said that it is ours. 0: never
    // While an address is probed:
    be32 probed;              // 0: none
    unsigned probes;          // still to be sent
    struct timer probe;
    void (*done)(void *context, bool is_taken, const uint8_t by[MAC_SIZE]);
    void *context;
};

static struct {
    struct list owners;
    void (*conflict)(struct net_device *device, be32 ip, const uint8_t by[MAC_SIZE]);
} addresses = {.owners = {&addresses.owners, &addresses.owners}};

static struct arp_owner *find(const struct net_device *device)
{
    list_for_each(struct arp_owner, owner, &addresses.owners, all) {
        if (owner->device == device)
            return owner;
    }
    return NULL;
}

// NULL: no memory.
static struct arp_owner *find_or_add(struct net_device *device)
{
    struct arp_owner *owner = find(device);
    if (owner || !(owner = heap_alloc(sizeof(*owner))))
        return owner;
    owner->device = device;
    list_append(&addresses.owners, &owner->all);
    return owner;
}

be32 arp_address(const struct net_device *device)
{
    const struct arp_owner *owner = find(device);
    return owner ? owner->ip : 0;
}

void arp_set_conflict(void (*conflict)(struct net_device *device, be32 ip,
                                       const uint8_t by[MAC_SIZE]))
{
    addresses.conflict = conflict;
}

// ---- Announcing -------------------------------------------------------------------------

static void announce(struct timer *timer)
{
    struct arp_owner *owner = container_of(timer, struct arp_owner, announce);
    if (--owner->announcements > 0)
        timer_start(timer, timer_deadline_after(ANNOUNCE_INTERVAL_NS), announce);
    arp_ask(owner->device, owner->ip, owner->ip, ethernet_broadcast);
}

// RFC 5227, 2.3: a request for our own address, so that nobody goes on with an old answer.
static void start_announcing(struct arp_owner *owner)
{
    timer_stop(&owner->announce);
    owner->announcements = ANNOUNCEMENTS;
    if (owner->ip && owner->device->link_up)
        announce(&owner->announce);
}

void arp_set_address(struct net_device *device, be32 ip)
{
    struct arp_owner *owner = find_or_add(device);
    if (!owner) {
        log_error("%s: no memory for its address: it cannot be reached", device->name);
        return;
    }
    owner->ip = ip;
    owner->defended_ns = 0;
    start_announcing(owner);
}

void arp_address_link(struct net_device *device)
{
    struct arp_owner *owner = find(device);
    if (owner)
        start_announcing(owner);
}

// ---- Probing ----------------------------------------------------------------------------

// The answer may begin the next probe.
static void end_probe(struct arp_owner *owner, bool is_taken, const uint8_t by[MAC_SIZE])
{
    timer_stop(&owner->probe);
    owner->probed = 0;
    owner->done(owner->context, is_taken, by);
}

// RFC 5227, 2.1.1: a request from nobody, so that no table is changed by it.
static void probe(struct timer *timer)
{
    struct arp_owner *owner = container_of(timer, struct arp_owner, probe);
    if (owner->probes == 0) {
        end_probe(owner, false, NULL);
        return;
    }
    owner->probes--;
    uint64_t wait_ns = owner->probes > 0 ? PROBE_INTERVAL_NS : PROBE_LAST_WAIT_NS;
    timer_start(timer, timer_deadline_after(wait_ns), probe);
    arp_ask(owner->device, 0, owner->probed, ethernet_broadcast);
}

int arp_probe(struct net_device *device, be32 ip,
              void (*done)(void *context, bool is_taken, const uint8_t by[MAC_SIZE]),
              void *context)
{
    struct arp_owner *owner = find_or_add(device);
    if (!owner)
        return -ENOMEM;
    if (ip == 0)
        return -EINVAL;
    if (owner->probed)
        return -EBUSY;
    owner->probed = ip;
    owner->probes = PROBES;
    owner->done = done;
    owner->context = context;
    probe(&owner->probe);
    return 0;
}

// ---- Hearing of others ------------------------------------------------------------------

// RFC 5227, 2.4, (b): it is said once more that the address is ours; who still disagrees within
// ten seconds will not be talked out of it.
static void defend(struct arp_owner *owner, const uint8_t by[MAC_SIZE])
{
    char mac[MAC_TEXT_SIZE];
    uint64_t now_ns = machine_clock_ns();
    bool is_new =
        owner->defended_ns == 0 || now_ns - owner->defended_ns >= DEFEND_INTERVAL_NS;
    if (is_new) {
        const uint8_t *ip = (const uint8_t *)&owner->ip;
        log_warning("%s: %s uses our address %u.%u.%u.%u, too: give one of the two another",
                    owner->device->name, ethernet_print(by, mac), ip[0], ip[1], ip[2], ip[3]);
        owner->defended_ns = now_ns;
        arp_ask(owner->device, owner->ip, owner->ip, ethernet_broadcast);
    } else if (addresses.conflict) {
        addresses.conflict(owner->device, owner->ip, by);
    }
}

// RFC 5227, 2.1.1: somebody has the address that we probe, or probes it like us.
static bool is_taken(const struct arp_owner *owner, const struct arp_heard *heard)
{
    bool probes_it = heard->is_request && heard->sender == 0;
    return owner->probed && (heard->sender == owner->probed ||
                             (probes_it && heard->target == owner->probed));
}

bool arp_address_heard(struct net_device *device, const struct arp_heard *heard)
{
    struct arp_owner *owner = find(device);
    if (!owner)
        return true;
    if (is_taken(owner, heard))
        end_probe(owner, true, heard->mac);
    if (!owner->ip || heard->sender != owner->ip)
        return true;
    defend(owner, heard->mac);
    return false;
}
