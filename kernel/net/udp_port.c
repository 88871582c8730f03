// SPDX-License-Identifier: MIT
//
// UDP, who has which port.
//
//   udp_open(port, &local), udp_close(port)
//   udp_connect(port, &remote)
//   udp_free_port()
//
// Ports are in a table of lists by number, which grows with them: with thousands of ports a
// list still has one or two. The first table is small and always there, so a larger one that
// memory has no room for is only slower.
// Chapter 22.
#include "error.h"
#include "heap.h"
#include "random.h"
#include "udp_parts.h"

enum {
    BUCKETS_MIN = 16,
    BUCKETS_MAX = 16384,
    // RFC 6335, 6: those that nobody is given for good.
    DYNAMIC_FIRST = 49152,
    DYNAMIC_COUNT = 16384,
};

static struct {
    struct list first[BUCKETS_MIN]; // of the first table
    struct list *buckets;           // NULL: nothing was ever opened
    unsigned size, count;           // buckets, a power of two; ports
} ports;

// ---- The table ----------------------------------------------------------------------------

static struct list *bucket_of(uint16_t number)
{
    return &ports.buckets[number & (ports.size - 1)];
}

static void use_table(struct list *buckets, unsigned size)
{
    ports.buckets = buckets;
    ports.size = size;
    for (unsigned i = 0; i < size; i++)
        list_init(&buckets[i]);
}

static void prepare(void)
{
    if (!ports.buckets)
        use_table(ports.first, BUCKETS_MIN);
}

// Twice as large; as it is when there is no memory.
static void grow(void)
{
    unsigned old_size = ports.size;
    struct list *old = ports.buckets, *link;
    struct list *larger =
        old_size < BUCKETS_MAX ? heap_alloc(2 * old_size * sizeof(*larger)) : NULL;
    if (!larger)
        return;
    use_table(larger, 2 * old_size);
    for (unsigned i = 0; i < old_size; i++) {
        while ((link = list_take_first(&old[i]))) {
            struct udp_port *port = container_of(link, struct udp_port, link);
            list_append(bucket_of(port->local.port), link);
        }
    }
    if (old != ports.first)
        heap_free(old);
}

struct udp_port *udp_next(const struct udp_port *port)
{
    prepare();
    struct list *bucket = port ? bucket_of(port->local.port) : &ports.buckets[0];
    struct list *link = port ? port->link.next : bucket->next;
    while (link == bucket) {
        if (++bucket == ports.buckets + ports.size)
            return NULL;
        link = bucket->next;
    }
    return container_of(link, struct udp_port, link);
}

// ---- Who gets a datagram ------------------------------------------------------------------

enum { NO_MATCH, MATCHES, HAS_ADDRESS, IS_CONNECTED }; // the higher the closer

static int match(const struct udp_port *port, const struct ip_ends *ends,
                 const struct net_device *device)
{
    if (port->local.port != ends->destination.port ||
        (port->device && device && port->device != device))
        return NO_MATCH;
    bool is_any = address_is_any(&port->local);
    if (!is_any && !address_equal(&port->local, &ends->destination) &&
        !ip_is_broadcast(&ends->destination))
        return NO_MATCH;
    if (port->remote.family == OS_ANY_FAMILY)
        return is_any ? MATCHES : HAS_ADDRESS;
    return port->remote.port == ends->source.port && address_equal(&port->remote, &ends->source)
               ? IS_CONNECTED
               : NO_MATCH;
}

struct udp_port *udp_find(const struct ip_ends *ends, const struct net_device *device)
{
    struct udp_port *best = NULL;
    int best_match = NO_MATCH;
    prepare();
    list_for_each(struct udp_port, port, bucket_of(ends->destination.port), link) {
        int found = match(port, ends, device);
        if (found > best_match) {
            best = port;
            best_match = found;
        }
    }
    return best;
}

struct udp_port *udp_find_next(const struct udp_port *port, const struct ip_ends *ends,
                               const struct net_device *device)
{
    prepare();
    struct list *bucket = bucket_of(ends->destination.port);
    struct list *link = port ? port->link.next : bucket->next;
    for (; link != bucket; link = link->next) {
        struct udp_port *found = container_of(link, struct udp_port, link);
        if (match(found, ends, device) != NO_MATCH)
            return found;
    }
    return NULL;
}

// ---- Opening and closing ------------------------------------------------------------------

static bool is_used(uint16_t number)
{
    list_for_each(const struct udp_port, port, bucket_of(number), link) {
        if (port->local.port == number)
            return true;
    }
    return false;
}

// Begins anywhere, so that nobody can tell from one port what the next will be (RFC 6056,
// 3.3.1), and takes the first from there on that is free.
uint16_t udp_free_port(void)
{
    prepare();
    unsigned start = (unsigned)(random_u64() % DYNAMIC_COUNT);
    for (unsigned i = 0; i < DYNAMIC_COUNT; i++) {
        uint16_t number = (uint16_t)(DYNAMIC_FIRST + (start + i) % DYNAMIC_COUNT);
        if (!is_used(number))
            return number;
    }
    return 0;
}

// Two may have one number at different addresses, at different devices, or when both agree.
static bool is_in_the_way(const struct udp_port *other, const struct udp_port *port,
                          const struct os_address *local)
{
    if (other->local.port != local->port || (other->reuse_address && port->reuse_address))
        return false;
    if (other->device && port->device && other->device != port->device)
        return false;
    return address_is_any(&other->local) || address_is_any(local) ||
           address_equal(&other->local, local);
}

int udp_open(struct udp_port *port, const struct os_address *local)
{
    struct os_address wanted = *local;
    prepare();
    if (!address_is_any(local) && !ip_is_ours(local))
        return -EADDRNOTAVAIL;
    if (wanted.port == 0)
        wanted.port = udp_free_port();
    if (wanted.port == 0)
        return -ENOBUFS;
    list_for_each(const struct udp_port, other, bucket_of(wanted.port), link) {
        if (is_in_the_way(other, port, &wanted))
            return -EADDRINUSE;
    }
    if (++ports.count > ports.size)
        grow();
    port->local = wanted;
    port->remote = (struct os_address){0};
    port->local_is_chosen = false;
    port->flow = (struct ip_flow){0};
    list_append(bucket_of(wanted.port), &port->link);
    return 0;
}

void udp_close(struct udp_port *port)
{
    list_remove(&port->link);
    ports.count--;
}

static void disconnect(struct udp_port *port)
{
    port->remote = (struct os_address){0};
    port->flow = (struct ip_flow){0};
    if (port->local_is_chosen)
        port->local = address_ipv4(0, port->local.port);
    port->local_is_chosen = false;
}

int udp_connect(struct udp_port *port, const struct os_address *remote)
{
    disconnect(port);
    if (remote->family == OS_ANY_FAMILY)
        return 0;
    struct ip_flow flow = {.source = port->local,
                           .destination = *remote,
                           .protocol = IP_UDP,
                           .may_broadcast = port->broadcast,
                           .device = port->device};
    int error = remote->port == 0 ? -EDESTADDRREQ : ip_flow_route(&flow);
    if (error)
        return error;
    // The other side knows us by this address from here on (RFC 1122, 4.1.3.5).
    if (address_is_any(&port->local)) {
        port->local = address_ipv4(address_be32(&flow.source), port->local.port);
        port->local_is_chosen = true;
    }
    port->remote = *remote;
    return 0;
}
