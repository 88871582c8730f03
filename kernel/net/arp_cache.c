// SPDX-License-Identifier: MIT
//
// ARP's table: who has been heard of, and what waits for an answer.
//
//   incomplete    asked for, a few packets wait   -> reachable, or gone after some requests
//   reachable     heard of lately                 -> stale after a minute
//   stale         still used; the next packet asks again, that neighbour alone -> reachable,
//                 or incomplete when there is no answer
//   permanent     set by hand, never asked for
//
// Anybody can say that an address is his. The one whom we know by it is asked first, and what
// another says counts only when that one is silent: no single message takes our packets away.
//
// Nothing here grows without bound: the table drops its oldest entry, an entry its oldest
// packet.
// Chapter 20.
#include "error.h"
#include "heap.h"
#include "machine.h"
#include "net/arp_parts.h"
#include "print.h"
#include "string.h"

enum {
    ENTRIES_MAX = 256,
    BUCKETS = 64,
    WAITING_MAX = 16,        // packets of an entry
    WAITING_ALL_MAX = 128,   // of all
    REQUESTS_MAX = 3,        // then nobody will answer
};

// RFC 1122, 2.3.2.1: stale after a minute; not more than one request a second.
#define REACHABLE_NS 60000000000ull
#define REQUEST_WAIT_NS 1000000000ull

struct arp_entry {
    struct list bucket, all; // `all`: who was heard of last comes last
    struct net_device *device;
    be32 ip;
    uint8_t mac[MAC_SIZE];
    uint8_t requests;        // without an answer
    bool has_rival;          // another card says that it is it; that is in the log
    enum arp_state state;
    uint64_t heard_ns;       // or first asked for
    struct timer timer;      // until it is stale, or asked for again
    struct list waiting;     // packets, by their `link`
    unsigned waiting_count;
};

static struct {
    struct list buckets[BUCKETS];
    struct list all;
    unsigned count, waiting;
    void (*unreachable)(struct packet *packet);
} cache;

void arp_cache_init(void)
{
    list_init(&cache.all);
    for (unsigned i = 0; i < BUCKETS; i++)
        list_init(&cache.buckets[i]);
}

void arp_set_unreachable(void (*unreachable)(struct packet *packet))
{
    cache.unreachable = unreachable;
}

// By the number of the host in its network, which is what differs.
static inline struct list *bucket_of(be32 ip)
{
    return &cache.buckets[(ip >> 24) % BUCKETS];
}

static struct arp_entry *find(const struct net_device *device, be32 ip)
{
    struct list *bucket = bucket_of(ip);
    list_for_each(struct arp_entry, entry, bucket, bucket) {
        if (entry->ip == ip && entry->device == device)
            return entry;
    }
    return NULL;
}

// ---- Entries come and go ----------------------------------------------------------------

// What waits goes back to whoever sent it. The entry is gone by then: it may be asked for
// again at once.
static void remove_entry(struct arp_entry *entry)
{
    struct list waiting, *first;
    list_init(&waiting);
    while ((first = list_take_first(&entry->waiting)))
        list_append(&waiting, first);
    cache.waiting -= entry->waiting_count;
    cache.count--;
    timer_stop(&entry->timer);
    list_remove(&entry->bucket);
    list_remove(&entry->all);
    heap_free(entry);

    while ((first = list_take_first(&waiting))) {
        struct packet *packet = container_of(first, struct packet, link);
        if (cache.unreachable)
            cache.unreachable(packet);
        else
            packet_put(packet);
    }
}

// The oldest that is not known to be there; if all are, the oldest.
static bool evict(void)
{
    struct arp_entry *oldest = NULL;
    list_for_each(struct arp_entry, entry, &cache.all, all) {
        if (entry->state == ARP_PERMANENT)
            continue;
        if (!oldest)
            oldest = entry;
        if (entry->state != ARP_REACHABLE) {
            oldest = entry;
            break;
        }
    }
    if (oldest)
        remove_entry(oldest);
    return oldest;
}

static struct arp_entry *add(struct net_device *device, be32 ip, enum arp_state state)
{
    if (cache.count >= ENTRIES_MAX && !evict())
        return NULL;
    struct arp_entry *entry = heap_alloc(sizeof(*entry));
    if (!entry)
        return NULL;
    entry->device = device;
    entry->ip = ip;
    entry->state = state;
    entry->heard_ns = machine_clock_ns();
    list_init(&entry->waiting);
    list_append(bucket_of(ip), &entry->bucket);
    list_append(&cache.all, &entry->all);
    cache.count++;
    return entry;
}

// ---- Asking -----------------------------------------------------------------------------

static void ask_again(struct timer *timer);

// A stale neighbour is asked alone (RFC 1122, 2.3.2.1, (2)), one we know nothing of by asking
// everybody.
static void ask(struct arp_entry *entry)
{
    const uint8_t *to = entry->state == ARP_STALE ? entry->mac : ethernet_broadcast;
    entry->requests++;
    timer_start(&entry->timer, timer_deadline_after(REQUEST_WAIT_NS), ask_again);
    arp_ask(entry->device, arp_address(entry->device), entry->ip, to);
}

// Nobody has answered. One that was stale is asked for like one we know nothing of.
static void ask_again(struct timer *timer)
{
    struct arp_entry *entry = container_of(timer, struct arp_entry, timer);
    if (entry->requests < REQUESTS_MAX) {
        ask(entry);
    } else if (entry->state == ARP_STALE) {
        entry->state = ARP_INCOMPLETE;
        entry->requests = 0;
        ask(entry);
    } else {
        remove_entry(entry);
    }
}

static void make_stale(struct timer *timer)
{
    container_of(timer, struct arp_entry, timer)->state = ARP_STALE;
}

// ---- Sending ----------------------------------------------------------------------------

static void drop_oldest(struct arp_entry *entry)
{
    struct list *first = list_take_first(&entry->waiting);
    entry->waiting_count--;
    cache.waiting--;
    entry->device->sent.dropped++;
    packet_put(container_of(first, struct packet, link));
}

static void keep_waiting(struct arp_entry *entry, struct packet *packet)
{
    list_append(&entry->waiting, &packet->link);
    entry->waiting_count++;
    cache.waiting++;
    if (entry->waiting_count > WAITING_MAX || cache.waiting > WAITING_ALL_MAX)
        drop_oldest(entry);
}

// The first packet to there. Asks only once it waits: the answer may be quick.
static void send_to_unknown(struct net_device *device, struct packet *packet, be32 next_hop)
{
    struct arp_entry *entry = add(device, next_hop, ARP_INCOMPLETE);
    if (!entry) {
        device->sent.dropped++;
        packet_put(packet);
        return;
    }
    keep_waiting(entry, packet);
    ask(entry);
}

void arp_send(struct net_device *device, struct packet *packet, be32 next_hop)
{
    struct arp_entry *entry = find(device, next_hop);
    if (!entry) {
        send_to_unknown(device, packet, next_hop);
    } else if (entry->state == ARP_INCOMPLETE) {
        keep_waiting(entry, packet);
    } else {
        ethernet_send(device, packet, entry->mac, ETHERNET_IPV4);
        if (entry->state == ARP_STALE && !timer_is_running(&entry->timer))
            ask(entry);
    }
}

// Heard of lately or not: it is to be asked.
static void suspect(struct arp_entry *entry)
{
    if (entry->state != ARP_REACHABLE)
        return;
    timer_stop(&entry->timer);
    entry->state = ARP_STALE;
}

void arp_suspect(struct net_device *device, be32 ip)
{
    struct arp_entry *entry = find(device, ip);
    if (entry)
        suspect(entry);
}

// ---- Hearing ----------------------------------------------------------------------------

static void send_waiting(struct arp_entry *entry)
{
    struct list *first;
    while ((first = list_take_first(&entry->waiting))) {
        entry->waiting_count--;
        cache.waiting--;
        ethernet_send(entry->device, container_of(first, struct packet, link), entry->mac,
                      ETHERNET_IPV4);
    }
}

static void heard_of(struct arp_entry *entry, const uint8_t mac[MAC_SIZE], enum arp_state state)
{
    memcpy(entry->mac, mac, MAC_SIZE);
    entry->state = state;
    entry->requests = 0;
    entry->heard_ns = machine_clock_ns();
    list_remove(&entry->all);
    list_append(&cache.all, &entry->all);
    timer_stop(&entry->timer);
    if (state == ARP_REACHABLE)
        timer_start(&entry->timer, timer_deadline_after(REACHABLE_NS), make_stale);
    send_waiting(entry);
}

static void log_rival(const struct arp_entry *entry, const uint8_t by[MAC_SIZE])
{
    const uint8_t *ip = (const uint8_t *)&entry->ip;
    char had[MAC_TEXT_SIZE], has[MAC_TEXT_SIZE];
    log_warning("%s: %s says that it has %u.%u.%u.%u, which %s had: asking that one first",
                entry->device->name, ethernet_print(by, has), ip[0], ip[1], ip[2], ip[3],
                ethernet_print(entry->mac, had));
}

// Another card says that it is this neighbour. The one that we know may still be there: it is
// asked, and then everybody (as RFC 4861, 7.2.5, has it for IPv6).
static void doubt(struct arp_entry *entry, const uint8_t by[MAC_SIZE])
{
    if (!entry->has_rival)
        log_rival(entry, by);
    entry->has_rival = true;
    suspect(entry);
    if (!timer_is_running(&entry->timer)) // it is not being asked yet
        ask(entry);
}

// One that asks for us is only noted as stale: that it is there is seen when it answers us.
void arp_cache_learn(struct net_device *device, const struct arp_heard *heard, bool asks_for_us)
{
    struct arp_entry *entry = find(device, heard->sender);
    if (!entry && asks_for_us) {
        entry = add(device, heard->sender, ARP_STALE);
        if (entry)
            memcpy(entry->mac, heard->mac, MAC_SIZE);
    } else if (!entry || entry->state == ARP_PERMANENT) {
        return; // nobody has asked, or somebody knows better
    } else if (entry->state != ARP_INCOMPLETE && memcmp(entry->mac, heard->mac, MAC_SIZE)) {
        doubt(entry, heard->mac);
    } else {
        heard_of(entry, heard->mac, ARP_REACHABLE);
    }
}

// ---- For those who look, and set by hand ------------------------------------------------

bool arp_next(unsigned i, struct arp_entry_info *info)
{
    list_for_each(struct arp_entry, entry, &cache.all, all) {
        if (i-- > 0)
            continue;
        *info = (struct arp_entry_info){.device = entry->device,
                                        .ip = entry->ip,
                                        .state = entry->state,
                                        .age_ns = machine_clock_ns() - entry->heard_ns,
                                        .waiting = entry->waiting_count};
        memcpy(info->mac, entry->mac, MAC_SIZE);
        return true;
    }
    return false;
}

int arp_set(struct net_device *device, be32 ip, const uint8_t mac[MAC_SIZE])
{
    struct arp_entry *entry = find(device, ip);
    if (!entry)
        entry = add(device, ip, ARP_PERMANENT);
    if (!entry)
        return -ENOMEM;
    heard_of(entry, mac, ARP_PERMANENT);
    return 0;
}

int arp_forget(be32 ip)
{
    list_for_each(struct arp_entry, entry, bucket_of(ip), bucket) {
        if (entry->ip == ip) {
            remove_entry(entry);
            return 0;
        }
    }
    return -ENOENT;
}

// Those of a device that are not permanent; starts over after each, since what waited may be
// sent again meanwhile. Only for entries that are gone for good.
static struct arp_entry *find_first(const struct net_device *device)
{
    list_for_each(struct arp_entry, entry, &cache.all, all) {
        if (entry->device == device && entry->state != ARP_PERMANENT)
            return entry;
    }
    return NULL;
}

void arp_flush(struct net_device *device)
{
    struct arp_entry *entry;
    for (unsigned i = 0; i < ENTRIES_MAX && (entry = find_first(device)); i++)
        remove_entry(entry);
}

// Whoever was there may be elsewhere when the cable is in again.
void arp_cache_link(struct net_device *device)
{
    if (!device->link_up)
        arp_flush(device);
}
