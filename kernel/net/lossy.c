// SPDX-License-Identifier: MIT
//
// A bad link to ourselves: see lossy.h.
//
// Every packet that survives has a timer, and is received when that expires. A line of limited
// speed makes it wait for those in front of it, as in a router: that is what a congestion
// window is for. Chapter 24.
#include "lossy.h"

#include "arp.h"
#include "ethernet.h"
#include "heap.h"
#include "ip.h"
#include "machine.h"
#include "netdev.h"
#include "string.h"
#include "timer.h"

enum { MTU = 1500, PER = 1000, DIRECTIONS = 2 };

static const uint8_t neighbour_mac[MAC_SIZE] = {0x52, 0x54, 0, 0x09, 0, 2};

struct traveller { // a packet under way
    struct timer timer;
    struct packet *packet;
};

static struct {
    struct net_device device;
    struct lossy_terms terms;
    struct lossy_counters counters;
    uint64_t random;
    uint64_t free_ns[DIRECTIONS]; // when the line has sent all that was given to it
} lossy;

struct os_address lossy_address(uint16_t port)
{
    return address_ipv4(IPV4(10, 9, 0, 1), port);
}

struct os_address lossy_neighbour(uint16_t port)
{
    return address_ipv4(IPV4(10, 9, 0, 2), port);
}

// True for so many of a thousand. A number for each question, whatever the answer means: one
// packet more does not change what happens to the others.
static bool happens(unsigned of_a_thousand)
{
    lossy.random ^= lossy.random << 13;
    lossy.random ^= lossy.random >> 7;
    lossy.random ^= lossy.random << 17;
    return (lossy.random >> 20) % PER < of_a_thousand;
}

// ---- What happens on the way ---------------------------------------------------------------

static void arrive(struct timer *timer)
{
    struct traveller *traveller = container_of(timer, struct traveller, timer);
    struct packet *packet = traveller->packet;
    heap_free(traveller);
    lossy.counters.under_way--;
    netdev_receive(&lossy.device, packet);
}

// Takes the packet over, which may be NULL: there was no memory.
static void send_off(struct packet *packet, uint64_t arrival_ns)
{
    struct traveller *traveller = packet ? heap_alloc(sizeof(*traveller)) : NULL;
    if (!traveller) {
        lossy.counters.lost++;
        packet_put(packet);
        return;
    }
    traveller->packet = packet;
    lossy.counters.under_way++;
    timer_start(&traveller->timer, arrival_ns, arrive);
}

static void exchange(void *a, void *b, size_t size)
{
    uint8_t before[MAC_SIZE];
    memcpy(before, a, size);
    memcpy(a, b, size);
    memcpy(b, before, size);
}

// What is received: in memory of its own, like a device's, with the IP header at a multiple of
// four; and with the addresses of both ends exchanged.
static struct packet *reflect(const struct packet *packet)
{
    struct packet *copy = packet_alloc(PACKET_HEADROOM - sizeof(struct ethernet_header),
                                       packet->total);
    if (!copy)
        return NULL;
    struct ethernet_header *header = packet_extend(copy, packet->total);
    struct ip_header *ip = (void *)(header + 1);
    packet_read(packet, 0, header, packet->total);
    exchange(header->source, header->destination, MAC_SIZE);
    exchange(&ip->source, &ip->destination, sizeof(ip->source));
    return copy;
}

// One bit, behind the Ethernet header: nobody here checks that.
static void damage(struct packet *packet)
{
    size_t size = packet->size - sizeof(struct ethernet_header);
    size_t at = sizeof(struct ethernet_header) + lossy.random % size;
    packet->data[at] ^= (uint8_t)(1 << (lossy.random >> 32) % 8);
}

// When the last bit of it has left, or 0: it has to wait for too many others.
static uint64_t leave(const struct packet *packet, unsigned direction)
{
    uint64_t now_ns = machine_clock_ns(), *free_ns = &lossy.free_ns[direction];
    uint32_t speed = lossy.terms.bytes_per_second;
    if (speed == 0)
        return now_ns;
    uint64_t start_ns = *free_ns > now_ns ? *free_ns : now_ns;
    uint64_t waiting = (start_ns - now_ns) * speed / 1000000000;
    if (waiting + packet->total > lossy.terms.queue_bytes)
        return 0;
    *free_ns = start_ns + packet->total * 1000000000ull / speed;
    return *free_ns;
}

static void travel(const struct packet *packet, unsigned direction)
{
    const struct lossy_terms *terms = &lossy.terms;
    struct lossy_counters *counters = &lossy.counters;
    uint64_t left_ns = leave(packet, direction);
    bool is_lost = happens(terms->loss), is_repeated = happens(terms->repeat);
    bool is_late = happens(terms->reorder), is_damaged = happens(terms->damage);

    counters->packets++;
    counters->overflowed += left_ns == 0;
    counters->lost += is_lost;
    if (left_ns == 0 || is_lost)
        return;
    uint64_t arrival_ns = left_ns + terms->delay_ns + (is_late ? terms->detour_ns : 0);
    struct packet *reflected = reflect(packet);
    counters->reordered += is_late;
    counters->repeated += is_repeated;
    counters->damaged += is_damaged;
    if (reflected && is_damaged)
        damage(reflected);
    send_off(reflected, arrival_ns);
    if (is_repeated)
        send_off(reflect(packet), arrival_ns + terms->detour_ns / 2);
}

// ---- The device ----------------------------------------------------------------------------

// Both ways have the same addresses. Of a connection's two ports the one that was chosen freely
// is the larger, which tells them apart.
static unsigned direction_of(const struct packet *packet)
{
    be16 ports[2];
    size_t headers = sizeof(struct ethernet_header) + sizeof(struct ip_header);
    packet_read(packet, headers, ports, sizeof(ports));
    return from_be16(ports[0]) > from_be16(ports[1]);
}

// Our own ARP is not for us.
static int transmit(struct net_device *device, struct packet *packet)
{
    const struct ethernet_header *header = (const void *)packet->data;
    size_t least = sizeof(*header) + sizeof(struct ip_header) + 2 * sizeof(be16);
    if (from_be16(header->type) == ETHERNET_IPV4 && packet->total >= least)
        travel(packet, direction_of(packet));
    packet_put(packet);
    return 0;
}

void lossy_set(const struct lossy_terms *terms)
{
    size_t under_way = lossy.counters.under_way;
    lossy.terms = *terms;
    lossy.random = terms->seed ? terms->seed : 1;
    lossy.counters = (struct lossy_counters){.under_way = under_way};
    lossy.free_ns[0] = lossy.free_ns[1] = 0;
}

void lossy_counters(struct lossy_counters *counters)
{
    *counters = lossy.counters;
}

int lossy_init(const struct lossy_terms *terms)
{
    static const struct net_operations operations = {.transmit = transmit};
    static const uint8_t mac[MAC_SIZE] = {0x52, 0x54, 0, 0x09, 0, 1};
    const struct ip_configuration configuration = {
        .address = lossy_address(0), .prefix = 24, .source = "static"};
    struct net_device *device = &lossy.device;

    *device = (struct net_device){
        .operations = &operations, .name = "lossy0", .mtu = MTU, .has_ethernet = true};
    memcpy(device->mac, mac, MAC_SIZE);
    lossy_set(terms);
    int error = netdev_add(device);
    if (error)
        return error;
    ethernet_attach(device);
    netdev_link(device, true);
    error = ip_configure(device, &configuration);
    return error ? error : arp_set(device, lossy_neighbour(0).words[0], neighbour_mac);
}
